"""From the text's settings to the authors': what a switch changes, what is compared with what, and
what a step makes of a number."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask
from qunlearn.experiment.problem import Cell
from qunlearn.plots.looks import Looks
from qunlearn.results.cells import write_landscape
from qunlearn.runtime.errors import UserError
from qunlearn.studies.bridge import figure
from qunlearn.studies.bridge.numbers import Tables, samples_of, statistics
from qunlearn.studies.bridge.settings import (
    AUTHORS,
    NUMBERS,
    TEXT,
    Names,
    Start,
    Step,
    Switch,
    merged,
    steps_of,
)
from qunlearn.studies.bridge.table import in_words, largest_steps, ratios, row_of

STAGES = ("resilience", "unlearning", "landscape")
NAMES = ["plateau", "critical_alpha", "dip", "retrain_gap", "roughening"]
START = Start({"quantum": "qnn", "classical": "mlp"}, "flips", ("retrain", "scrub"))
ALPHAS = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
PLAIN = Looks({}, {}, {}, {})


def switch(name, only=(), stages=STAGES, corruption="", **names):
    none = {"datasets": {}, "models": {}, "methods": {}}
    return Switch(name, **none | names, corruption=corruption, only=only, stages=stages)


RING = switch("ring", models={"qnn": "qnn~entangler=ring"})
COLUMNS = switch("columns", datasets={"a": "a~normalisation=column"})
SCRUB = switch("scrub", methods={"scrub": "scrub~divergence=one_sided"})


def number(name, role="quantum"):
    return next(one for one in NUMBERS if (one.name, one.role) == (name, role))


# -- names -----------------------------------------------------------------------------------------
def test_changes_of_several_switches_are_one_name_in_one_order():
    assert merged("qnn", []) == "qnn" == merged("qnn", ["qnn", "qnn"])
    one, other = "qnn~epochs=100,batch=256", "qnn~entangler=ring"
    expected = "qnn~batch=256,entangler=ring,epochs=100"
    assert merged("qnn", [one, other]) == merged("qnn", [other, one]) == expected
    assert merged("mlp", ["mlp~epochs=5", "mlp_8_2"]) == "mlp_8_2~epochs=5"
    assert merged("qnn", ["qnn~clip=1e-7", "qnn~clip=1e-7"]) == "qnn~clip=1e-7"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["qnn~depth=3", "qnn~depth=4"], "depth of 'qnn' cannot be both 3 and 4"),
        (["qnn_a", "qnn_b"], "'qnn' cannot be both 'qnn_a' and 'qnn_b'"),
    ],
)
def test_contradicting_switches_are_named(names, words):
    with pytest.raises(UserError, match=words):
        merged("qnn", names)


def test_a_step_moves_one_switch_from_either_end():
    steps = steps_of([RING, COLUMNS], START, "a", ["plateau"])
    found = {(step.context, step.switch): (step.run, step.base) for step in steps}
    text = Names("a", "qnn", "flips")
    authors = Names("a~normalisation=column", "qnn~entangler=ring", "flips")
    only_ring = Names("a", "qnn~entangler=ring", "flips")
    only_columns = Names("a~normalisation=column", "qnn", "flips")
    assert found == {
        (TEXT, ""): (text, None),
        (TEXT, "ring"): (only_ring, text),
        (TEXT, "columns"): (only_columns, text),
        (AUTHORS, ""): (authors, None),
        (AUTHORS, "ring"): (only_columns, authors),
        (AUTHORS, "columns"): (only_ring, authors),
    }


def test_a_switch_makes_a_step_only_where_it_changes_something():
    switches = [RING, COLUMNS, SCRUB, switch("late", corruption="flips~even=true", only=("b",))]

    def moved(dataset, name, role="quantum"):
        steps = steps_of(switches, START, dataset, [name])
        return {s.switch for s in steps if s.switch and s.number.role == role}

    assert moved("a", "plateau") == {"ring", "columns"}
    assert moved("b", "plateau") == {"ring", "late"}
    assert moved("a", "dip") == {"ring", "columns", "scrub"}
    assert moved("a", "retrain_gap", "classical") == {"columns", "scrub"}
    early = switch("early", models={"qnn": "qnn~epochs=1"}, stages=("landscape",))
    steps = steps_of([early], START, "a", NAMES)
    assert {step.number.name for step in steps if step.switch} == {"roughening"}


def test_the_study_asks_for_each_end_and_step_once():
    study_plan = plan()
    study = study_plan.study("bridge")
    ask(study_plan, ["bridge"])
    needs = study.needs(study_plan)
    assert len(set(needs["unlearned"])) == len(needs["unlearned"])
    assert "results/train/digits/qnn/label_flipping/alpha0.00-0.90/seed0-19.h5" in needs["sweeps"]
    assert set(study.drawing(study_plan)["titles"]) == set(NAMES)
    bare = configuration()
    bare["beyond"]["bridge"]["switches"] = []
    bare = plan(beyond=bare["beyond"])
    assert study.applies(study_plan) and not bare.study("bridge").applies(bare)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"models": {"qnn": "qnn~entangler=star"}},
            "switches[0].models.qnn: qnn~entangler=star: entangler: 'star' is not allowed",
        ),
        (  # a dataset that the study does not ask for
            {"datasets": {"mnist": "mnist~normalisation=columns"}},
            "switches[0].datasets.mnist: mnist~normalisation=columns: normalisation",
        ),
        ({"models": {"qnn": "qnm~depth=2"}}, "switches[0].models.qnn: no architecture 'qnm"),
        ({"models": {"qmn": "qnn"}}, "beyond.bridge.switches[0].models.qmn: no architecture 'qmn'"),
        ({"datasets": {"digits": "digit"}}, "no dataset 'digit'"),
        ({"corruption": "label_flipping~evn=true"}, "has no 'evn' to change"),
        ({"methods": {"scrub": "scrub~lambda=2"}}, "'scrub' has no 'lambda' to change"),
        ({"name": "two"}, "switches[1].name: 'two' occurs more than once"),
        ({"models": {"qnn": "qnn~depth=2"}}, "depth of 'qnn' cannot be both 2 and 3"),
    ],
)
def test_a_mistaken_switch_is_named(change, words):
    beyond = configuration()["beyond"]
    one = {"name": "one"} | change
    beyond["bridge"]["switches"] = [one, {"name": "two", "models": {"qnn": "qnn~depth=3"}}]
    with pytest.raises(UserError) as error:
        ask(plan(beyond=beyond), ["bridge"])
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plateau": 0.05}, "beyond.bridge.plateau: alphas have none above 0 up to 0.05"),
        ({"methods": ["retrain"]}, "beyond.bridge.methods: one beside the first is needed"),
        ({"classical": "knn"}, "beyond.bridge.classical: knn has no loss to unlearn with"),
    ],
)
def test_a_bridge_that_cannot_be_built_is_refused(change, words):
    beyond = configuration()["beyond"]
    beyond["bridge"] |= change
    with pytest.raises(UserError) as error:
        ask(plan(beyond=beyond), ["bridge"])
    assert words in str(error.value)


# -- numbers ---------------------------------------------------------------------------------------
def test_numbers_by_hand():
    measures = statistics(ALPHAS, 0.4)
    curves = np.array([[1.0, 1.0, 0.9, 0.1, 0.0], [1.0, 1.0, 0.7, 0.1, 0.0]])
    assert measures["plateau"](curves) == pytest.approx(0.2)
    assert measures["critical_alpha"](curves) == pytest.approx(0.5, abs=0.03)
    assert np.isnan(measures["critical_alpha"](np.full((2, 5), 0.9)))
    retrain = [0.5, 0.8, *[0.9] * 5]
    finetune = [0.8, 0.6, *[0.85] * 5]
    scrub = [0.8, 0.4, *[0.7] * 5]
    runs = np.array([[retrain, finetune, scrub]])  # (1 seed, methods, steps)
    assert measures["dip"](runs) == pytest.approx((0.2 + 0.3) / 2)
    assert measures["retrain_gap"](runs) == pytest.approx(0.9 - 0.85)


def accuracies(model, values, **names):
    """Accuracies (seeds, alphas) as rows of the table of trained models."""
    rows = [
        {"dataset": "a", "model": model, "corruption": "flips", "alpha": alpha, "seed": seed,
         "val_accuracy": value, "collapsed": False, **names}
        for seed, line in enumerate(values)
        for alpha, value in zip(ALPHAS, line)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_step_is_paired_by_seed():
    rng = np.random.default_rng(0)
    seeds = 0.1 * rng.normal(size=(20, 1))  # what a seed does to both, far more than the switch
    text = np.array([1.0, 1.0, 0.9, 0.1, 0.0]) + seeds * np.array([0, 0, 1, 0, 0])
    other = text - np.array([0, 0, 0.05, 0, 0]) + 0.001 * rng.normal(size=text.shape)
    frame = pd.concat([accuracies("qnn", text), accuracies("qnn~entangler=ring", other)])
    tables = Tables(frame, None, None)
    steps = steps_of([RING], START, "a", ["plateau"])
    fall = statistics(ALPHAS, 0.4)["plateau"]
    rows = pd.DataFrame([row_of(step, tables, fall, (0.95, 500)) for step in steps])
    moved = rows[(rows["switch"] == "ring") & (rows["from"] == TEXT)].iloc[0]
    assert moved.change == pytest.approx(0.05, abs=0.002)
    assert moved.change_high - moved.change_low < 0.01 < moved.high - moved.low
    back = rows[(rows["switch"] == "ring") & (rows["from"] == AUTHORS)].iloc[0]
    assert back.change == pytest.approx(-moved.change) and back.run_model == "qnn"
    largest = largest_steps(rows)
    assert list(largest["switch"]) == ["ring", "ring"] and list(largest["from"]) == [TEXT, AUTHORS]
    line = in_words(largest.iloc[0])
    assert line.startswith("a qnn plateau: text ") and "largest step from text: ring, +0.0" in line


def test_a_step_that_changes_nothing_is_told_from_none_by_nobody():
    values = np.tile([1.0, 1.0, 0.9, 0.1, 0.0], (5, 1)) + 0.01 * np.arange(5)[:, None]
    frame = pd.concat([accuracies("qnn", values), accuracies("qnn~entangler=ring", values)])
    steps = steps_of([RING], START, "a", ["plateau"])
    fall = statistics(ALPHAS, 0.4)["plateau"]
    tables = Tables(frame, None, None)
    rows = pd.DataFrame([row_of(step, tables, fall, (0.95, 200)) for step in steps])
    assert (rows[rows["switch"] != ""].change == 0).all()
    assert in_words(largest_steps(rows).iloc[0]).endswith("no step from text is told from none")


class Curvature(tuple):
    _fields = ("trace",)
    trace = property(lambda self: self[0])


def test_ratios_of_files_are_paired_and_their_steps_factors(tmp_path):
    cells = [Cell(alpha, seed) for alpha in (0.0, 0.3) for seed in (0, 1)]
    for model, scale in (("mlp", 1.0), ("mlp~epochs=5", 10.0)):
        path = tmp_path / f"landscape/a/{model}/flips/alpha0.00-0.30/seed0-1.h5"
        path.parent.mkdir(parents=True)
        traces = [Curvature([value]) for value in (1.0, 2.0, 4.0 * scale, 4.0 * scale)]
        found = {"validation": traces}
        answers = SimpleNamespace(accuracy=[0.9] * 4, ones=[0.5, 0.5, 0.5, 1.0])
        write_landscape(path, cells, found, answers, [False] * 4, {}, "cpu")
    files = sorted(map(str, tmp_path.rglob("*.h5")))
    table = ratios(files, [0, 1], "validation")
    assert sorted(table.lrr) == [2, 4, 20, 40] and set(table.alpha) == {0.3}
    assert list(table[table.collapsed].seed) == [1, 1]  # a constant output
    runs = [Names("a", model, "flips") for model in ("mlp~epochs=5", "mlp")]
    step = Step(number("roughening", "classical"), "a", "mlp", TEXT, "epochs", *runs)
    row = row_of(step, Tables(None, None, table), np.mean, (0.95, 200))
    assert row["value"] == pytest.approx(10 * np.sqrt(8)) and row["change"] == pytest.approx(1)
    assert samples_of(Tables(None, None, table), step.number, step.run).shape == (2, 1)


# -- the figure ------------------------------------------------------------------------------------
@pytest.mark.long
def test_lines_are_ends_and_dots_are_steps():
    rng = np.random.default_rng(0)
    curve = np.array([1.0, 1.0, 0.9, 0.1, 0.0])
    names = ["qnn", "qnn~entangler=ring"]
    runs = [
        accuracies(name, curve - 0.1 * i + 0.01 * rng.normal(size=(5, 5)))
        for i, name in enumerate(names)
    ]
    steps = steps_of([RING], START, "a", ["plateau", "critical_alpha"])
    measures = statistics(ALPHAS, 0.4)
    tables = Tables(pd.concat(runs), None, None)
    rows = [row_of(step, tables, measures[step.number.name], (0.95, 200)) for step in steps]
    table = pd.DataFrame(rows)
    titles = {"plateau": "fall", "critical_alpha": "critical α"}
    is_end = table["switch"] == ""
    table["switch"] = table["switch"].replace("", None)  # as a file has it
    drawn = figure.draw(bridge=table, switches=["other", "ring"], titles=titles, looks=PLAIN)
    axis = drawn.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["ring"]
    ends = table[(table["number"] == "plateau") & is_end].set_index("from").value
    verticals = [
        line.get_xdata()[0] for line in axis.get_lines() if list(line.get_ydata()) == [0, 1]
    ]
    assert verticals == [ends[TEXT], ends[AUTHORS]]
    dots = [line.get_xdata()[0] for line in axis.get_lines() if line.get_marker() in ("o", "s")]
    moved = table[(table["number"] == "plateau") & (table["switch"] == "ring")].value
    assert dots == list(moved)
