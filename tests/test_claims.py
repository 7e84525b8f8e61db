"""The code that decides claims, on synthetic tables where the answer is known."""

import re

import numpy as np
import pandas as pd
import pytest

from project import copy_project, snakemake
from qunlearn.statistics.decision import CONTROLS, Decision
from qunlearn.studies.claims.claim import Claim
from qunlearn.studies.claims.decide import collapsed
from qunlearn.studies.claims.decide import decide as decide_claims
from qunlearn.studies.claims.page import markdown
from worlds import CLAIMS, ORIGIN, PLAN, SETTINGS, decide, null_tables, step, world


@pytest.fixture(scope="module")
def right():
    tables = world(True)
    return tables, decide(tables)


def test_every_claim_that_holds_by_construction_is_reproduced(right):
    rows = right[1]
    failed = rows[rows.verdict != "reproduced"]
    assert failed.empty, failed[
        ["claim", "model", "value", "low", "high", "verdict", "remark"]
    ].to_string()
    assert set(rows.claim) == set(CLAIMS) == set(SETTINGS.criteria)


def test_claims_that_fail_by_construction_are_not_reproduced():
    rows = decide(world(False))
    line = rows.claim == "qnn_transition_at_half"  # a line from 1 to 0 has its middle there, too
    wrong = rows[(rows.verdict != "not reproduced") & ~line].set_index(["claim", "model"])
    assert wrong.empty, wrong[["value", "low", "high", "verdict", "remark"]].to_string()


def test_what_the_tables_lack_is_named_and_undecided(right):
    tables = dict(right[0])
    part = tables["resilience"]
    tables["resilience"] = part[part.alpha.isin([0.0, 0.3])]
    tables["unlearning"] = tables["unlearning"].query("method != 'retrain'")
    names = ("mlp_degrades_at_once", "qnn_transition_at_half", "qnn_needs_repair", "mlp_memorises")
    rows = decide(tables, *names).set_index("claim")
    assert rows.loc["mlp_degrades_at_once", "remark"] == "no row with seed 0, alpha 0.2"
    assert "five alphas" in rows.loc["qnn_transition_at_half", "remark"]
    assert "retrain" in rows.loc["qnn_needs_repair", "remark"]
    assert rows.loc["mlp_memorises", "verdict"] == "reproduced"
    assert set(rows[rows.remark != ""].verdict) == {"undecided"}


def test_a_network_without_rows_has_no_value_of_another_one(right):
    tables = right[0] | {"unlearning": right[0]["unlearning"].query("model != 'mlp_16_4'")}
    rows = decide(tables, "mlp_stays_below_retrain").set_index("model")
    assert rows.loc["mlp", "verdict"] == "reproduced"
    assert np.isnan(rows.loc["mlp_16_4", "value"]) and rows.loc["mlp_16_4", "remark"]


def test_collapsed_runs_are_included_and_counted(right):
    tables = dict(right[0])
    broken = tables["resilience"].copy()
    hit = (broken.model == "qnn") & (broken.seed == 3)
    broken.loc[hit, ["val_accuracy", "collapsed"]] = [0.5, True]
    tables["resilience"] = broken
    row = decide(tables, "qnn_beats_mlp").iloc[0]
    before = right[1].set_index(["claim", "model"]).loc[("qnn_beats_mlp", "qnn")]
    assert row["value"] == pytest.approx(before["value"] - (step(0.3) - 0.5) / 4, abs=0.01)
    assert row["seeds"] == 4 and row["verdict"] == "undecided"
    assert collapsed(tables)["resilience"] == (hit.sum(), len(broken))
    # all steps of one unlearning run are one run
    assert collapsed(tables)["unlearning"] == (0, 3 * 3 * 4)


def test_a_ratio_that_is_not_positive_leaves_the_claim_undecided(right):
    tables = dict(right[0])
    tables["landscape"] = tables["landscape"].copy()
    tables["landscape"].loc[tables["landscape"].model == "qnn", "lrr"] *= -1
    row = decide(tables, "qnn_stays_smooth").iloc[0]
    assert row["verdict"] == "undecided" and "undefined" in row["remark"]


def test_published_runs_go_through_the_same_measure(right):
    published = right[0]["resilience"]
    names = (
        "mlp_degrades_at_once",
        "qnn_transition_at_half",
        "qnn_beats_mlp_on_scarce_data",
        "qnn_dips",
    )
    rows = decide(right[0], *names, published={"resilience": published}).set_index("claim")
    assert np.isnan(rows.published["qnn_dips"])
    rows = rows.drop("qnn_dips")
    pd.testing.assert_series_equal(rows.published, rows.value, check_names=False)
    other = decide(right[0], *names, published={"resilience": published.assign(dataset="mnist")})
    assert other.published.isna().all()


def test_linear_models_are_told_from_others():
    kinds = SETTINGS.kinds
    linear = {"logistic", "logistic_strong", "logistic_free", "logistic_adam", "svm_linear"}
    assert {name for name, kind in kinds.items() if kind == "linear"} == linear
    assert kinds["svm_rbf"] == "svm" and kinds["mlp_8_2"] == "mlp" and kinds["qnn_ring"] == "qnn"
    assert {"qnn", "qnn_ring", "qnn_depth2"} <= set(SETTINGS.quantum)
    assert not {"mlp", "cnn", *linear} & set(SETTINGS.quantum)


def test_claims_are_about_every_dataset_but_those_that_cannot_tell(right):
    """A user's own data count as any; large ones have no scarce data, and no line parts random
    phases."""
    here = right[0]["resilience"]
    frames = [here.assign(dataset=name) for name in ("digits", "mine", "mnist", "xxz")]
    models = [right[0]["models"].assign(dataset=name) for name in ("mine", "xxz")]
    tables = right[0] | {"resilience": pd.concat(frames), "models": pd.concat(models)}
    names = ("qnn_plateau", "qnn_beats_mlp_on_scarce_data", "linear_models_degrade")
    found = decide(tables, *names).groupby("claim")["dataset"].agg(list)
    assert found["qnn_plateau"] == ["digits", "mine", "mnist", "xxz"]
    assert found["qnn_beats_mlp_on_scarce_data"] == ["digits", "mine", "xxz"]
    assert found["linear_models_degrade"] == ["mine"]


def test_the_best_method_is_one_of_the_papers_and_the_page_says_so(right):
    curves = right[0]["unlearning"]
    best = curves[curves["method"] == "finetune"].assign(method="oracle", val_accuracy=1.0)
    tables = right[0] | {"unlearning": pd.concat([curves, best])}
    names = ("mlp_stays_below_retrain", "mlp_needs_repair")
    pd.testing.assert_frame_equal(decide(tables, *names), decide(right[0], *names))
    assert SETTINGS.left_out == [] and set(SETTINGS.approximate) == {
        "finetune",
        "scrub",
        "gradient_ascent",
    }
    page = markdown(right[1], right[0], CLAIMS, SETTINGS._replace(left_out=["oracle"]), ORIGIN)
    assert "left out, for they are others: oracle.\n" in page
    assert "left out" not in markdown(right[1], right[0], CLAIMS, SETTINGS, ORIGIN)


@pytest.mark.parametrize(
    ("name", "criterion", "words"),
    [
        ("qnn_plateau", {"below": None}, "qnn_plateau.below: the key 'below' is missing; give it"),
        (
            "qnn_dips",
            {"above": 0.1, "alphas": [0.1]},
            "qnn_dips.alphas: unknown key (allowed: above)",
        ),
        ("qnn_dipps", {"above": 0.1}, "qnn_dipps: unknown key; did you mean 'qnn_dips'?"),
        (
            "qnn_transition_at_half",
            {"above": 0.6, "below": 0.55},
            "qnn_transition_at_half.above: 0.6 is not below `below` (0.55); exchange them",
        ),
    ],
)
def test_a_mistaken_criterion_is_named(name, criterion, words):
    study = PLAN.study("claims")
    criteria = study.given() | {name: criterion}
    (problem,) = type(study)(**study.model_dump() | {"criteria": criteria}).problems(PLAN)
    assert problem.startswith(f"criteria.{words}")


def test_a_claim_of_a_users_own_is_decided_like_the_others(right):
    mine = Claim(
        sentence="The MLP is never good.",
        section="Mine",
        table="resilience",
        model="mlp",
        measure=lambda frame, model, criterion: (frame[["val_accuracy"]].to_numpy(), np.mean),
        quantity="mean accuracy",
        keys=("below",),
    )
    settings = SETTINGS._replace(criteria={"mine": {"below": 0.99}}, resamples=100)
    row = decide_claims(right[0], {"mine": mine}, settings).iloc[0]
    assert (row["section"], row["verdict"], row["below"]) == ("Mine", "reproduced", 0.99)


def test_one_classical_model_that_resists_refutes_uniqueness(right):
    tables = dict(right[0])
    frame = tables["models"].copy()
    knn = frame.model == "knn"
    frame.loc[knn, "val_accuracy"] = frame.loc[frame.model == "qnn", "val_accuracy"].to_numpy()
    row = decide(tables | {"models": frame}, "unique_to_quantum").iloc[0]
    assert row["verdict"] == "not reproduced" and row["value"] == pytest.approx(0)


def test_the_page_holds_every_verdict_and_reads_as_a_table(right):
    tables, rows = right
    page = markdown(rows, tables, CLAIMS, SETTINGS, ORIGIN)
    assert page.count("| reproduced") == len(rows) + 1  # the table of counts names it too
    assert CONTROLS not in page
    for sentence in rows.sentence.unique():
        assert page.count(sentence) == 1
    for section in rows.section.unique():
        assert f"## {section}" in page
    blocks = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert blocks and all(len({len(line) for line in block}) == 1 for block in blocks)
    assert "resilience 0 of 160" in page and "measured: none" in page


def test_every_quantity_names_only_what_its_criterion_has(right):
    assert not right[1].quantity.str.contains("{", regex=False).any()
    assert "0.1, 0.2, 0.3, 0.4" in right[1].set_index("claim").loc["qnn_plateau", "quantity"]


@pytest.mark.long
@pytest.mark.workflow
def test_the_rule_writes_page_and_table_and_says_what_a_reduced_study_cannot_decide(
    right, tmp_path
):
    folder = copy_project(tmp_path)
    effect = Decision("weight decay", "It changes nothing.", CONTROLS, "digits", "mlp", "gain", 5)
    tables = right[0] | null_tables(right[0]) | {"control_effects": pd.DataFrame([effect])}
    tables["unlearning"] = tables["unlearning"].query("method != 'retrain'")
    (folder / "results/tables").mkdir(parents=True)
    for name, frame in tables.items():
        frame.to_csv(folder / f"results/tables/{name}.csv", index=False)
    text = snakemake(folder, "results/claims.md", "--allowed-rules", "decide_claims")
    assert re.search(r"claims \| 100 % \| \d+ reproduced, \d+ undecided", text)
    rows = pd.read_csv(folder / "results/claims.csv").set_index("claim")
    page = (folder / "results/claims.md").read_text()
    assert all(sentence in page for sentence in rows.sentence)
    rows = rows[rows.section != CONTROLS]
    told = rows.remark.notna()
    assert told["qnn_needs_repair"] and "retrain" in rows.remark["qnn_needs_repair"]
    assert set(rows.verdict[told]) == {"undecided"} and set(rows.verdict[~told]) == {"reproduced"}
    assert rows.published.isna().all()
