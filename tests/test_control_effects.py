"""Controls: what a control is compared with, its effect, and its figure."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.plots.looks import Looks
from qunlearn.results.cells import write_cells
from qunlearn.results.datasets import write_dataset
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.looks import Rule
from qunlearn.studies.controls import Control, Runs, figure, panels
from qunlearn.studies.controls.effects import control_effects
from qunlearn.studies.controls.table import along
from qunlearn.training.schedule import Schedule

MLP = {"family": "mlp", "hidden": [16, 4]}
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]


def test_every_control_has_its_base_in_the_study():
    study_plan = plan()
    study, config = study_plan.study("controls"), study_plan.config
    found = study.chosen(study_plan)
    assert {control.name for control in found} == {entry.name for entry in study.runs}
    for control in found:
        assert control.run != control.base and not any("~" in name for name in control.base)
        assert control.base.dataset in config["datasets"]
        assert control.base.corruption == "label_flipping"
    # variants are trained at the alphas asked for alone, bases with the whole study
    paths = study.needs(study_plan)["against_alpha"]
    assert "results/train/digits/mlp~gce=0.7/label_flipping/alpha0.00-0.40/seed0-4.h5" in paths
    assert "results/train/digits/qnn/label_flipping/alpha0.00-0.90/seed0-19.h5" in paths
    kept = "xxz", "qnn~keep_adam=true", "label_flipping"
    assert study_plan.grid.trained(*kept, (0.3,), range(5)) == [
        "results/train/xxz/qnn~keep_adam=true/label_flipping/alpha0.30/seed0-4.h5"
    ]


def test_a_study_without_controls_draws_none():
    section = configuration()["controls"] | {"runs": []}
    bare = plan(controls=section)
    assert not bare.study("controls").applies(bare) and plan().study("controls").applies(plan())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"models": ["mlp~logit_bond=5"]},
            "controls.runs[0].models[0]: mlp~logit_bond=5: 'mlp' has no 'logit_bond'",
        ),
        ({"models": ["mlp~gce=2"]}, "gce"),
        ({"datasets": ["xxz~gauge=loose"]}, "controls.runs[0].datasets[0]: xxz~gauge=loose"),
        ({"against": "updates"}, "changes no epochs"),
        (
            {"base_model": "mpl"},
            "controls.runs[0].base_model: no architecture 'mpl'; did you mean 'mlp'?",
        ),
        ({"name": "weight decay"}, "controls.runs[1].name: 'weight decay' occurs more than once"),
        ({"method": "finetun"}, "controls.runs[0].method: no method 'finetun'"),
        (
            {"models": ["mlp", "mlp~gce=0.7"]},
            "controls.runs[0].models: two of them have the same base",
        ),
    ],
)
def test_a_mistaken_control_is_named(change, words):
    wrong = configuration()
    first = wrong["controls"]["runs"][0]
    wrong["controls"]["runs"][0] = first | change
    with pytest.raises(UserError) as error:
        ask(Plan(check(wrong)), ["controls"])
    assert words in str(error.value)


def test_an_alpha_beyond_the_others_is_refused():
    section = configuration()["controls"] | {"max_alpha": 0.2}
    with pytest.raises(UserError, match=r"controls\.max_alpha: is below controls\.alpha"):
        ask(plan(controls=section), ["controls"])


def _rows(role, values, **columns):
    frame = pd.DataFrame(
        {"seed": np.arange(len(values)), "val_accuracy": values, "collapsed": False}
    )
    return frame.assign(role=role, control="c", dataset="digits", model="mlp", alpha=0.3, **columns)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [(0.02, "picture stays"), (0.4, "picture changes"), (0.1, "at the threshold")],
)
def test_the_effect_of_a_control_is_the_paired_difference(gain, verdict):
    rng = np.random.default_rng(0)
    base = 0.5 + 0.3 * rng.random(5)  # seeds differ far more than the control does
    noise = 0.01 * rng.normal(size=5)
    table = pd.concat(
        [_rows("base", base, updates=np.nan), _rows("control", base + gain + noise, updates=np.nan)]
    )
    runs = Runs("digits", "mlp", "label_flipping", "")
    control = Control("c", "p", "alpha", runs, runs)
    (row,) = control_effects(table, [control], 0.3, 0.1, Rule(0.95, 2000)).itertuples()
    assert row.value == pytest.approx(gain + noise.mean()) and row.verdict == verdict
    assert row.high - row.low < 0.06


def test_the_effect_on_unlearning_is_the_depth_of_the_dip():
    steps = np.arange(30)
    curve = 0.7 + 0.2 * steps / 29
    dipped = np.where(steps == 3, 0.4, curve)
    table = pd.concat(
        _rows(role, np.full(3, value), step=step)
        for role, values in (("base", curve), ("control", dipped))
        for step, value in zip(steps, values)
    )
    runs = Runs("digits", "mlp", "label_flipping", "finetune")
    control = Control("c", "p", "step", runs, runs)
    (row,) = control_effects(table, [control], 0.3, 0.1, Rule(0.95, 2000)).itertuples()
    assert (
        row.value == row.low == row.high == pytest.approx(0.3) and row.verdict == "picture changes"
    )


def test_accuracy_along_a_training_counts_updates(digits, tmp_path):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0, 1])
    done = train(problem, CELLS, Schedule(12, 32, 0.02))
    folder = tmp_path / "train/digits/mlp~epochs=12/label_flipping/alpha0.30"
    path, data_file = folder / "seed0-1.h5", tmp_path / "data/digits.h5"
    settings = {"schedule": {"epochs": 12, "batch": 32}}
    write_cells(path, CELLS, done, [False, False], settings, "cpu")
    write_dataset(data_file, digits, {})
    frame = along([str(path)], [str(data_file)], 0.3, [1], points=5)
    per_epoch = -(-len(digits.y_train) // 32)
    assert frame.updates.tolist() == [per_epoch * n for n in (1, 2, 3, 6, 12)]
    curve = done.learning_curves["validation_accuracy"][1]
    np.testing.assert_array_equal(frame.val_accuracy, curve[[1, 2, 3, 6, 12]])
    assert set(frame.model) == {"mlp~epochs=12"}


def test_a_control_looks_the_same_on_every_dataset():
    """Also where another control of its panel does not apply."""
    rng, frames, chosen = np.random.default_rng(1), [], []
    for dataset, names in (("xxz", ["fixed gauge", "fewer data"]), ("digits", ["fewer data"])):
        for name in names:
            for model in ("mlp", "qnn"):
                runs = Runs(dataset, model, "label_flipping", "")
                chosen.append(Control(name, "data", "alpha", runs, runs))
                for role in ("base", "control"):
                    rows = [
                        _rows(role, rng.random(3)).assign(alpha=a, updates=np.nan, step=np.nan)
                        for a in (0.0, 0.3)
                    ]
                    frames.append(
                        pd.concat(rows).assign(
                            control=name, dataset=dataset, model=model, collapsed=False
                        )
                    )
    table = pd.concat(frames)
    drawn = figure.draw(
        controls=table,
        control_effects=control_effects(table, chosen, 0.3, 0.1, Rule(0.95, 100)),
        chosen=chosen,
        confidence=0.95,
        looks=Looks(**plan().looks()),
    )
    looks = [
        {(line.get_marker(), line.get_linestyle()) for line in axis.get_lines()}
        for axis in drawn.axes[: figure.COLUMNS + 1 : figure.COLUMNS]
    ]
    fewer = (panels.MARKS[1], panels.LINES[1])
    assert fewer in looks[0] and fewer in looks[1]
    assert (panels.MARKS[0], panels.LINES[0]) in looks[0] - looks[1]
    plt.close(drawn)
