"""Verdicts from as many seeds as they take: the error of several looks, and who gets more seeds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from project import ROOT, configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.decision import Decision
from qunlearn.statistics.intervals import interval
from qunlearn.statistics.looks import Rule, judge
from qunlearn.statistics.verdicts import SIDES
from qunlearn.studies.claims import growth
from qunlearn.studies.claims.decide import runs_behind
from qunlearn.studies.claims.page import markdown
from worlds import CLAIMS, ORIGIN, SETTINGS, decide, table

LOOKS = [5, 10, 20]
RULE = Rule(0.95, 20, LOOKS)


def test_a_clear_case_is_decided_at_the_first_look_and_a_close_one_later(rng):
    runs = rng.normal(size=20)
    clear = judge(1 + 0.01 * runs, np.mean, {"above": 0.5}, RULE)
    assert clear.seeds == 5 and clear.verdict == "reproduced"
    close = judge(0.02 * (runs + 1), np.mean, {"above": 0.0}, RULE)
    assert close.seeds > 5
    even = judge(runs - runs.mean(), np.mean, {"above": 0.0}, RULE)
    assert even.seeds == 20 and even.verdict == "undecided" and even.level == 1


def test_an_interval_within_half_and_twice_the_threshold_ends_the_search(rng):
    runs = rng.normal(size=20)
    near = judge(0.1 + 0.01 * (runs - runs[:5].mean()), np.mean, {"below": 0.1}, RULE)
    assert near.seeds == 5 and near.verdict == "at the threshold" and near.level < 0.05


def test_looks_are_at_planned_numbers_and_at_all_there_are():
    assert RULE.numbers(20) == [5, 10, 20]
    assert RULE.numbers(12) == [5, 10, 12]
    assert RULE.numbers(5) == [5] and RULE.numbers(3) == [3]
    assert RULE.numbers(40) == [5, 10, 40]  # never more looks than were planned
    assert Rule(0.95, 20).numbers(12) == [12] and Rule(0.95, 20).planned() == 1


@pytest.mark.parametrize("draw", ["normal", "exponential"])
@pytest.mark.long
def test_several_looks_are_wrong_as_rarely_as_one(draw, rng):
    """The truth lies on the threshold: to take a side is wrong. Three looks at the level of one
    would be wrong in about one draw of nine."""
    truth = {"normal": 0.0, "exponential": 1.0}[draw]
    draws, wrong, careless = 200, 0, 0
    for _ in range(draws):
        runs = getattr(rng, draw)(size=20)
        wrong += judge(runs, np.mean, {"above": truth}, RULE).verdict in SIDES
        ends = [interval(runs[:seeds], np.mean, 0.95, 20) for seeds in LOOKS]
        careless += any(low > truth or high < truth for low, high in ends)
    assert wrong / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)
    assert careless > wrong


def test_an_interval_of_several_looks_is_wider(rng):
    runs = rng.normal(size=20)
    once = judge(runs, np.mean, {"above": runs.mean()}, Rule(0.95, 200))
    often = judge(runs, np.mean, {"above": runs.mean()}, Rule(0.95, 200, LOOKS))
    assert often.high - often.low > 1.1 * (once.high - once.low)


def _row(*runs, **values):
    blank = {"claim": "c", "sentence": "", "section": "", "quantity": "", "model": "qnn"}
    undecided = {"dataset": "xxz", "seeds": 10, "low": 0.0, "high": 1.0, "seeds_needed": 30.0}
    return Decision(**blank | undecided | {"runs": " ".join(runs)} | values)


def rows(*found):
    return pd.DataFrame(found, columns=Decision._fields)


MLP, QNN = "xxz/mlp/label_flipping", "xxz/qnn/label_flipping"


def test_runs_of_open_claims_grow_to_the_next_look_and_no_others():
    near = "xxz~grid=near/qnn~depth=3/label_flipping"
    table = rows(
        _row(MLP, QNN),
        _row("digits/qnn/label_flipping", dataset="digits", seeds=20),
        _row("digits/mlp/label_flipping", dataset="digits", verdict="reproduced"),
        _row(QNN, near),
        _row("xxz/cnn/label_flipping", seeds=40),  # its budget is spent
        _row("xxz/knn/label_flipping", low=np.nan),  # more seeds do not help
        _row("xxz/resnet/label_flipping", seeds_needed=90.0),  # hopeless
    )
    found = growth.grown(table, [10, 20, 40], patience=2)
    assert found == {MLP: 20, QNN: 20, "digits/qnn/label_flipping": 40, near: 20}
    spent, given_up = growth.in_words(table, [10, 20, 40], patience=2)[-2:]
    assert "undecided, budget spent, 40 seeds; about 30 seeds would decide it" in spent
    assert "given up at 10 seeds, beyond the budget of 40; about 90 seeds would" in given_up


def test_the_configuration_of_a_growth_keeps_the_others_where_they_are():
    few = {"changed": 5, "models": {"xxz": {"mlp": 5}}}
    now = plan(seeds=list(range(10)), fewer_seeds=few)
    near = "xxz~grid=near/qnn/label_flipping"
    more = growth.configuration(now, {QNN: 20, near: 10})
    then = plan(**more | {"fewer_seeds": few | more["fewer_seeds"]}).grid
    assert len(then.seeds_of("xxz", "qnn")) == 20 and len(then.seeds_of("xxz", "mlp")) == 5
    randomised = then.seeds_of("xxz", "qnn", "feature_randomization")
    assert len(randomised) == 10
    asked = [path for path in then.all_trained() if "/xxz/qnn/" in path]
    assert len({path for path in asked if path.endswith("seed0-19.h5")}) == len(asked)
    assert len(then.seeds_of("digits", "qnn")) == 10 and len(then.seeds_of("digits", "mlp")) == 10
    assert len(then.seeds_of("xxz", "qnn~depth=3")) == 5
    assert len(then.seeds_of("xxz~grid=near", "qnn", "label_flipping")) == 10
    odd = growth.configuration(plan(seeds=[3, 7]), {QNN: 4})
    assert odd["seeds"] == [3, 7, 0, 1]


def test_no_run_is_asked_for_twice():
    """A look that asks for what is there ends the growth."""
    first = plan(seeds=list(range(10)), fewer_seeds={"others": 10})
    once = growth.configuration(first, {QNN: 20})
    again = growth.configuration(plan(**once), {QNN: 20})
    assert again["fewer_seeds"] == once["fewer_seeds"] and again["seeds"] == once["seeds"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("xxz/qnn", "'xxz/qnn' is not of the form dataset/model/corruption"),
        ("xxz/qn/label_flipping", "no architecture 'qn'; did you mean 'qnn'"),
        ("xz/qnn/label_flipping", "no dataset 'xz'; did you mean 'xxz'"),
        ("xxz/qnn/label_flip", "no corruption 'label_flip'; did you mean 'label_flipping'"),
    ],
)
def test_names_of_runs_are_checked(run, words):
    with pytest.raises(UserError, match=words):
        plan(fewer_seeds={"runs": {run: 3}})


def test_the_preset_starts_with_its_first_look_and_adds_whole_blocks():
    config = configuration()
    preset = yaml.safe_load((ROOT / "presets/decisive.yaml").read_text())
    update_config(config, preset)
    here = Plan(check(config))
    looks = here.study("claims").looks
    assert len(here.grid.seeds) == looks[0]
    assert all(look % config["seeds_per_job"] == 0 for look in looks)
    assert here.study("claims").problems(here) == []
    for name in ("digits", "xxz"):
        assert {len(here.grid.seeds_of(name, model)) for model in ("mlp", "qnn", "cnn")} == {10}


def test_looks_that_do_not_increase_are_refused():
    claims = configuration()["claims"] | {"looks": [20, 10]}
    with pytest.raises(UserError, match=r"claims\.looks: \[20, 10\] do not increase"):
        ask(plan(claims=claims), ["claims"])


def test_a_claim_says_which_runs_it_takes_while_it_gets_more(rng):
    tables = {
        "resilience": table(lambda m, a: 0.8, ["mlp", "qnn", "knn"], range(6), noise=0.2, rng=rng)
    }
    row = decide(tables, "qnn_beats_mlp", looks=[4, 20], patience=1000).iloc[0]
    assert row["verdict"] == "undecided" and row["seeds"] == 6
    assert row["runs"] == "digits/mlp/label_flipping digits/qnn/label_flipping"
    alone = decide(tables, "mlp_degrades_at_once", looks=[4, 20], patience=1000).iloc[0]
    assert alone["runs"] == "digits/mlp/label_flipping"
    spent = decide(tables, "qnn_beats_mlp", looks=[4, 6], patience=1000).iloc[0]
    assert not spent["runs"] and "budget spent" in spent["remark"]


def test_runs_that_a_measure_chooses_among_are_found():
    """The largest of two has its runs behind it, whichever of them it is, and those alone."""

    def largest(frame, model, criterion):
        part = frame[frame["model"] != "knn"]
        return part.groupby(["seed", "model"])["val_accuracy"].mean().unstack().to_numpy(), np.max

    claim = CLAIMS["qnn_beats_mlp"]
    table = pd.DataFrame(
        [
            (d, m, "label_flipping", s, 0.5, False)
            for d in ["xxz"]
            for m in ["knn", "mlp", "qnn"]
            for s in range(3)
        ],
        columns=["dataset", "model", "corruption", "seed", "val_accuracy", "collapsed"],
    )
    claim = replace(claim, measure=largest)
    found = runs_behind(claim, table, "qnn", {})
    assert found == ["xxz/mlp/label_flipping", "xxz/qnn/label_flipping"]
    table = table.assign(run_model=table["model"] + "~set_aside=0.2", run_dataset="xxz~length=8")
    found = runs_behind(claim, table, "qnn", {})
    assert found == [f"xxz~length=8/{m}~set_aside=0.2/label_flipping" for m in ("mlp", "qnn")]


def test_runs_that_are_paired_with_those_of_a_claim_get_more_seeds_too():
    """The shortest training never comes to a loss that a clean model has: it has no ratio, and limits the seeds."""
    frame = pd.DataFrame(
        {"dataset": "digits", "model": f"mlp~epochs={epochs}", "architecture": "mlp", "kind": "mlp"}
        | {"corruption": "label_flipping", "alpha": 0.3, "epochs": epochs, "seed": seed}
        | {"loss_own": 1 / epochs, "lrr_matched": ratio, "collapsed": False}
        for epochs, ratio, seeds in ((1, np.nan, 4), (10, 2.0, 8), (100, 3.0, 8))
        for seed in range(seeds)
    )
    found = runs_behind(CLAIMS["mlp_roughens_at_matched_loss"], frame, "mlp", {})
    assert found == [f"digits/mlp~epochs={epochs}/label_flipping" for epochs in (1, 10, 100)]


def test_the_page_says_at_which_numbers_it_looked(rng):
    frame = table(lambda m, a: 0.8, ["mlp", "qnn"], range(6), noise=0.2, rng=rng)
    settings = SETTINGS._replace(looks=[4, 6])
    found = decide({"resilience": frame}, "qnn_beats_mlp", looks=[4, 6])
    page = markdown(found, {"resilience": frame}, CLAIMS, settings, ORIGIN)
    assert "asked for at 4, 6 seeds" in page and "value [97.5 % interval]" in page
    assert "budget spent, 6 seeds; about" in page
