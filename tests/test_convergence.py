"""Unlearning against retraining that may converge: what is read, who arrives when, what needs no
repair."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from qunlearn.experiment.problem import Cell
from qunlearn.results.cells import write_cells
from qunlearn.results.datasets import write_dataset
from qunlearn.studies.convergence import figure, measures
from qunlearn.studies.convergence.table import passes, tabulate
from qunlearn.training.workload import Trained
from unlearned import LOOKS
from worlds import decide, world

CRITERION = {"tolerance": 0.02, "above": 0.0}


def test_passes_count_what_an_epoch_reads():
    sizes, both = {"retain": 70, "forget": 30}, ("retain", "forget")
    assert passes(sizes, ("retain",), {"batch": 0}) == 70
    assert passes(sizes, both, {"batch": 32}) == 70 + 30
    often = {"batch": 32, "whole_forget": True}  # three updates
    assert passes(sizes, both, often) == 70 + 3 * 30


@pytest.fixture
def files(tmp_path, digits):
    """A dataset, and unlearning files by hand of two seeds: method -> (schedule, records)."""
    data = tmp_path / "data/digits.h5"
    data.parent.mkdir()
    write_dataset(data, digits, {})
    runs = {
        "retrain_as_trained": ({"epochs": 100, "batch": 32}, [0.5, 0.8, 0.9]),
        "scrub": ({"epochs": 2, "batch": 0}, [0.7, 0.8, 0.85]),
    }
    found = []
    for method, (schedule, accuracy) in runs.items():
        sets = ("train", "validation", "retain", "forget")
        both = np.array([accuracy, accuracy])
        history = {f"{part}_{what}": both for part in sets for what in ("accuracy", "loss")}
        path = tmp_path / "unlearn/digits/qnn/label_flipping/alpha0.30" / method / "seed0-1.h5"
        settings = {"schedule": schedule, "architecture": {"family": "qnn"}}
        cells = [Cell(0.3, 0), Cell(0.3, 1)]
        write_cells(path, cells, Trained({}, {}, history), [False, False], settings, "cpu")
        found.append(str(path))
    return str(data), found


def test_the_table_tells_epochs_and_samples_read(files, digits):
    data, cells = files
    poisons = {"label_flipping": {}}
    table = tabulate([data], cells, seeds=[0, 1], poisons=poisons)["convergence"]
    samples = len(digits.y_train)
    retain = samples - round(0.3 * samples)
    first = table[table["seed"] == 0].set_index(["method", "step"])["passes"]
    assert first["retrain_as_trained"].to_dict() == {0: 0, 50: 50 * retain, 100: 100 * retain}
    assert first["scrub"].to_dict() == {0: 0, 1: 2 * samples, 2: 3 * samples}  # and its teacher's


def frame(start, fast, short, long):
    """Rows of an exponential approach in 10 steps: of finetune from `start` to `fast`, and of
    retraining to `short`, and to `long` in ten times as many."""
    ends = {
        "finetune": (start, fast, 1),
        "retrain": (0.5, short, 1),
        "retrain_as_trained": (0.5, long, 10),
    }
    rows = []
    for method, (begin, end, pace) in ends.items():
        for step in range(11):
            value = end + (begin - end) * np.exp(-step)
            for seed in (0, 1, 2):
                rows.append([method, seed, pace * step, 70 * pace * step, value])
    found = pd.DataFrame(rows, columns=["method", "seed", "step", "passes", "val_accuracy"])
    names = {"model": "qnn", "dataset": "digits", "corruption": "label_flipping", "alpha": 0.3}
    return found.assign(**names, approximate=found["method"] == "finetune", collapsed=False)


def value(measure, table):
    samples, statistic = measure(table, "qnn", CRITERION)
    return statistic(samples)


def test_who_is_there_sooner():
    table = frame(start=0.7, fast=0.97, short=0.9, long=0.95)
    # target 0.93: finetune from step 2 on, short retraining never, long retraining from step 40 on
    assert value(measures.steps_saved, table) == 11 - 2
    assert value(measures.passes_saved, table) == pytest.approx(1 - 2 / 40)
    assert value(measures.gap_at_convergence, table) == pytest.approx(-0.02, abs=1e-3)


def test_neither_a_lucky_record_nor_a_late_unlucky_one_counts():
    steady = np.array([0.5, 0.6, 0.95, 0.96, 0.95, 0.96, 0.95, 0.96])
    assert measures.arrival(steady, 0.94) == 2
    lucky, unlucky = steady.copy(), steady.copy()
    lucky[1], unlucky[6] = 0.95, 0.93
    assert measures.arrival(np.append(lucky[:2], np.full(6, 0.6)), 0.94) == 8
    assert measures.arrival(unlucky, 0.94) == 2
    assert measures.arrival(np.array([0.95, 0.96]), 0.94) == 0  # shorter than what is averaged


def test_who_never_arrives_saves_nothing():
    table = frame(start=0.7, fast=0.9, short=0.9, long=0.95)
    assert value(measures.steps_saved, table) == 0
    assert value(measures.passes_saved, table) == -1


def test_where_the_poisoned_model_is_at_the_target_nothing_is_to_be_repaired():
    table = frame(start=0.94, fast=0.97, short=0.9, long=0.95)
    for measure in (measures.steps_saved, measures.passes_saved):
        samples, statistic = measure(table, "qnn", CRITERION)
        assert np.isnan(statistic(samples))
        assert "nothing to repair: the poisoned model starts at 0.94" in statistic.remark(samples)
    tables = world(True)
    above = tables["convergence"]
    begun = (above["model"] == "qnn") & (above["step"] == 0) & (above["method"] != "retrain")
    above = above.assign(val_accuracy=above["val_accuracy"].mask(begun, 0.99))
    name = "qnn_sooner_than_retrain"
    (row,) = decide({"convergence": above}, name).itertuples()
    assert row.verdict == "undecided" and "nothing to repair" in row.remark


def test_the_figure_has_both_levels_and_every_method():
    table = frame(start=0.7, fast=0.97, short=0.9, long=0.95)
    names = ["retrain_as_trained", "retrain", "finetune"]
    drawn = figure.draw(
        convergence=table,
        datasets=["digits"],
        models=["qnn"],
        methods=names,
        target="retrain_as_trained",
        begin_poisoned=["finetune"],
        looks=LOOKS,
    )
    (axis,) = drawn.axes
    lines = {line.get_label(): line for line in axis.lines}
    assert set(names) <= set(lines)
    assert lines["poisoned model"].get_ydata()[0] == pytest.approx(0.7)
    assert lines["finetune"].get_xdata().tolist() == [70 * step for step in range(1, 11)]
    plt.close(drawn)
