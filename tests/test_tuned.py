"""Tuned unlearning and the forms of scrub: choices are those that are said, and nobody looks at
validation data."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.unlearn import unlearn
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims.decide import runs_behind
from qunlearn.studies.scrub import FORMS
from qunlearn.studies.scrub import figure as scrub_figure
from qunlearn.studies.scrub.table import rewind
from qunlearn.studies.tuned import figure as tuned_figure
from qunlearn.studies.tuned.claims import CLAIMS, tuned_gap
from qunlearn.studies.tuned.table import tabulate
from qunlearn.studies.tuned.tune import tune, write_tuned
from qunlearn.training.workload import Trained
from unlearned import CELLS, LOOKS, MLP, SCHEDULE, method

RATES = [0.01, 0.1]


# -- jobs ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("poisoned", [MLP], indirect=True, ids=["mlp"])
@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.long
def test_every_learning_rate_is_the_ordinary_run_with_it(poisoned):
    problem, start = poisoned
    cells, rates, done = tune(problem, CELLS, start, method("finetune"), RATES, SCHEDULE)
    assert cells == CELLS * 2 and rates.tolist() == [0.01, 0.01, 0.1, 0.1]
    faster = SCHEDULE._replace(learning_rate=0.1)
    alone = unlearn(problem, CELLS, start, method("finetune"), faster)
    curves = done.learning_curves["validation_loss"][2:]
    np.testing.assert_allclose(curves, alone.learning_curves["validation_loss"], atol=1e-9)


# -- choices ---------------------------------------------------------------------------------------
ASIDE = [[0.9, 0.5, 0.6], [0.9, np.nan, 0.4]]  # loss by learning rate and step
VALIDATION = [[0.7, 0.8, 0.95], [0.7, np.nan, 0.9]]


@pytest.fixture
def tuned_file(tmp_path):
    """Two seeds, two learning rates, two steps, by hand."""
    names = ("validation", "retain", "forget", "set_aside")
    history = {f"{name}_accuracy": np.repeat(VALIDATION, 2, axis=0) for name in names}
    history["set_aside_loss"] = np.repeat(ASIDE, 2, axis=0)
    path = tmp_path / "tuned/digits/mlp~set_aside=0.2/label_flipping/alpha0.30/scrub/seed0-1.h5"
    settings = {"schedule": {"learning_rate": 0.01}}
    failed = np.zeros(4, bool)
    write_tuned(
        path, CELLS * 2, np.repeat(RATES, 2), Trained({}, {}, history), failed, settings, "cpu"
    )
    return str(path)


def test_values_are_chosen_on_what_was_set_aside(tuned_file):
    table = tabulate([tuned_file], seeds=[0, 1])["tuned"]
    assert len(table) == 6 and set(table["model"]) == {"mlp"} and not table["collapsed"].any()
    first = table[table["seed"] == 0].set_index("choice")
    chosen = first[["learning_rate", "step", "val_accuracy"]].T.to_dict("list")
    assert chosen == {
        "tuned": [0.1, 2, 0.9],  # the lowest loss, though validation is better elsewhere
        "default": [0.01, 2, 0.95],
        "oracle": [0.01, 2, 0.95],
    }
    assert np.all(first["begun_val_accuracy"] == 0.7)


def rows(values):
    """(seeds, methods) of accuracy and loss: method -> pair, the same for two seeds."""
    found = [
        {"method": name, "seed": seed, "val_accuracy": accuracy, "set_aside_loss": loss}
        for name, (accuracy, loss) in values.items()
        for seed in (0, 1)
    ]
    names = {"dataset": "digits", "model": "mlp", "corruption": "label_flipping", "alpha": 0.3}
    table = pd.DataFrame(found).assign(**names, choice="tuned", collapsed=False)
    return table.assign(
        approximate=table["method"] != "retrain", begun_val_accuracy=0.7, learning_rate=0.1, step=3
    )


def test_more_seeds_are_asked_for_of_what_ran(tuned_file):
    table = tabulate([tuned_file], seeds=[0, 1])["tuned"].assign(approximate=True)
    claim = CLAIMS["mlp_stays_below_tuned_retrain"]
    assert set(table["model"]) == {"mlp"}
    assert runs_behind(claim, table, "mlp", {}) == ["digits/mlp~set_aside=0.2/label_flipping"]


def test_the_best_method_is_the_one_of_lowest_loss_not_of_highest_accuracy():
    table = rows({"retrain": (0.95, 0.1), "finetune": (0.9, 0.3), "scrub": (0.85, 0.2)})
    samples, gap = tuned_gap(table, "mlp", {"above": 0.05})
    assert gap(samples) == pytest.approx(0.95 - 0.85)


def test_the_figure_shows_every_choice():
    one = rows({"retrain": (0.95, 0.1), "finetune": (0.9, 0.3)})
    table = pd.concat([one.assign(choice=name) for name in ("tuned", "default", "oracle")])
    drawn = tuned_figure.draw(
        tuned=table,
        datasets=["digits"],
        models=["mlp"],
        methods=["retrain", "finetune"],
        looks=LOOKS,
    )
    (axis,) = drawn.axes
    assert len(axis.containers) == 6
    assert [label.get_text() for label in axis.get_xticklabels()][1] == "finetune\n0.1, 3"
    plt.close(drawn)


# -- SCRUB rewinds ---------------------------------------------------------------------------------
def test_scrub_rewinds_to_where_forgotten_samples_are_as_others():
    forget = np.array([0.1, 0.5, 0.8, 0.5, 0.95, 0.9])
    assert rewind(forget, np.full(6, 0.8)) == 2
    assert rewind(forget, np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.52])) == 3  # the latest one as near
    assert rewind(forget, np.full(6, 0.1)) == 3  # the start does not count
    assert rewind(np.full(3, np.nan), np.full(3, np.nan)) == 2


def test_the_forms_of_scrub_are_drawn_and_the_rewound_step_has_a_ring():
    found = []
    for form in FORMS:
        for seed in (0, 1):
            for step in range(4):
                row = {"method": form, "seed": seed, "step": step, "rewound": step == 2}
                found.append(row | {"forget_accuracy": 0.2 * step, "retain_accuracy": 1.0})
    table = pd.DataFrame(found).assign(
        dataset="digits", model="mlp", alpha=0.3, val_accuracy=0.9, collapsed=False
    )
    table["rewound"] &= table["method"] == FORMS[-1]
    drawn = scrub_figure.draw(
        scrub=table, datasets=["digits"], models=["mlp"], rewound=FORMS[-1], looks=LOOKS
    )
    forget = drawn.axes[0]
    (ring,) = [line for line in forget.lines if line.get_label() == "rewound"]
    assert ring.get_xdata() == [2] and ring.get_ydata() == pytest.approx([0.4])
    assert len(forget.lines) == len(FORMS) + 1
    plt.close(drawn)


# -- plans -----------------------------------------------------------------------------------------
def test_tuned_models_are_trained_with_samples_set_aside():
    study = plan()
    tuned = study.study("tuned")
    assert tuned.rates(study, "xxz", "qnn") == [0.001, 0.003, 0.005, 0.01, 0.03, 0.1, 0.3]
    files = tuned.needs(study)["cells"]
    assert len(files) == 2 * 3 * 4  # datasets, networks, methods
    assert all("~set_aside=0.2/" in path for path in files)
    trained = [path for path in files if "retrain" in path]
    assert trained
    ask(study, ["tuned", "scrub", "convergence"])


@pytest.mark.parametrize("name", ["tuned", "scrub"])
def test_models_fitted_in_one_call_are_left_out(name):
    study = plan(models=["knn", "qnn"], methods=["retrain", "finetune"])
    models = {case[1] for case in study.study(name).cases(study)}
    assert models == {"qnn~set_aside=0.2"}
    alone = plan(models=["knn"], methods=["retrain", "finetune"])
    assert not alone.study(name).applies(alone)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"set_aside": 0.9}, r"set_aside: 0\.9 is too large"),
        ({"learning_rates": [0.1, 0.1]}, r"learning_rates: 0\.1 occurs more than once"),
        ({"learning_rates": [0]}, r"learning_rates\[0\]: 0\.0 is too small"),
    ],
)
def test_what_cannot_be_tuned_is_said(values, words):
    config = configuration()
    config["beyond"]["tuned"] |= values
    with pytest.raises(UserError, match=words):
        ask(Plan(check(config)), ["tuned"])
