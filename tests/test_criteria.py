"""The file of criteria: what it may hold, its hash, its list of changes, and what a configuration
sets on top."""

import datetime

import pytest
import yaml

from project import ROOT
from qunlearn.config.check import study_problems
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims import criteria
from worlds import CLAIMS, ORIGIN, PLAN, SETTINGS, decide, world

TEXT = (ROOT / "criteria.yaml").read_text(encoding="utf-8")
GOOD = yaml.safe_load(TEXT)


def written(folder, values) -> criteria.Recorded:
    file = folder / "criteria.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    criteria.recorded.cache_clear()
    return criteria.recorded(file)


def test_every_change_of_the_criteria_has_an_entry():
    found = criteria.recorded()
    assert ORIGIN.is_listed(), (
        f"criteria.yaml: its criteria have the SHA-256 {found.sha256}; add an entry to `changes`"
    )
    dates = [datetime.date.fromisoformat(change["date"]) for change in found.changes]
    assert dates == sorted(dates)
    hashes = [change["sha256"] for change in found.changes]
    assert len(set(hashes)) == len(hashes) and all(len(text) == 64 for text in hashes)


def test_every_claim_of_the_paper_has_a_criterion_with_its_source():
    assert set(ORIGIN.words) == set(CLAIMS)
    assert all(set(words) == {"source", "why"} for words in ORIGIN.words.values())


def test_the_hash_is_of_what_is_said_not_of_how_it_is_spelled(tmp_path):
    same = GOOD | {"criteria": dict(reversed(GOOD["criteria"].items()))}
    assert written(tmp_path, same).sha256 == ORIGIN.sha256


@pytest.mark.parametrize(
    ("key", "value"), [("below", 0.06), ("alphas", [0.1]), ("why", "so"), ("source", ["that"])]
)
def test_the_hash_changes_with_every_key(tmp_path, key, value):
    plateau = GOOD["criteria"]["qnn_plateau"] | {key: value}
    changed = GOOD | {"criteria": GOOD["criteria"] | {"qnn_plateau": plateau}}
    found = written(tmp_path, changed)
    assert found.sha256 != ORIGIN.sha256
    assert not ORIGIN._replace(sha256=found.sha256).is_listed()


def test_a_configuration_sets_keys_on_top_and_the_page_says_which():
    study = PLAN.study("claims")
    own = {"qnn_plateau": {"below": 0.1}, "mine": {"above": 1}, "qnn_dips": {"above": 0.02}}
    changed = type(study)(**study.model_dump() | {"criteria": own})
    given = changed.given()
    assert given["qnn_plateau"]["below"] == 0.1
    assert given["qnn_plateau"]["alphas"] == GOOD["criteria"]["qnn_plateau"]["alphas"]
    assert given["mine"] == {"above": 1.0}
    said = changed.origin()["deviations"]
    assert said == ["qnn_plateau.below: 0.1 instead of 0.05", "mine: not in the file"]
    assert study.origin()["deviations"] == []


def test_words_are_no_numbers():
    assert set(SETTINGS.criteria["qnn_dips"]) == {"above"}


def mistake(name):
    """The file with one mistake."""
    values = yaml.safe_load(TEXT)
    plateau = values["criteria"]["qnn_plateau"]
    if name == "number":
        plateau["below"] = "little"
    elif name == "key":
        plateau["bellow"] = 0.1
    elif name == "date":
        values["changes"][0]["date"] = "yesterday"
    elif name == "no changes":
        values["changes"] = []
    elif name == "no criteria":
        del values["criteria"]
    return values


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("number", "criteria.qnn_plateau.below: 'little' is not of type number"),
        ("key", "criteria.qnn_plateau.bellow: unknown key; did you mean 'below'?"),
        ("date", "changes[0].date: 'yesterday' is no date; write it as 2026-11-26"),
        ("no changes", "changes: must not be empty"),
        ("no criteria", "criteria: the key 'criteria' is missing"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_key(tmp_path, name, words):
    with pytest.raises(UserError) as error:
        written(tmp_path, mistake(name))
    assert str(error.value).startswith(f"criteria.yaml: {words}")


@pytest.mark.parametrize("text", ["criteria: [", "- 1", "", "\x00"])
def test_a_file_that_is_none_is_refused_in_one_sentence(tmp_path, text):
    file = tmp_path / "criteria.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"^criteria.yaml [^\n]*restore it"):
        criteria.recorded(file)


def test_a_missing_claim_is_named_where_the_study_is_asked_for(tmp_path, monkeypatch):
    kept = {name: GOOD["criteria"][name] for name in GOOD["criteria"] if name != "qnn_dips"}
    found = written(tmp_path, GOOD | {"criteria": kept})
    monkeypatch.setattr(criteria, "recorded", lambda file=None: found)
    (problem,) = study_problems(PLAN, "claims")
    assert problem.startswith("claims.criteria.qnn_dips: neither here nor in criteria.yaml")


def test_half_and_twice_the_threshold_are_tried():
    rows = decide(world(True), "mlp_degrades_at_once").iloc[0]
    assert rows["value"] == pytest.approx(0.2, abs=0.01) and not rows["firm"]
