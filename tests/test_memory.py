"""Figs. X "memory" and "barriers": what is learned by heart, and what unlearning climbs over."""

import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask
from qunlearn.runtime.errors import UserError
from qunlearn.studies.barriers.table import of_path


def asked(**changes):
    beyond = configuration()["beyond"]
    beyond["memory"] |= changes
    whole = plan(beyond=beyond)
    ask(whole, ["memory"])
    return whole.study("memory"), whole


def test_models_are_trained_longer_on_labels_that_say_nothing():
    study, whole = asked(models=["qnn_depth2", "mlp_rho~hidden=4", "observable"], longer=3)
    assert study.varied(whole, "xxz") == {
        "qnn_depth2~epochs=600": "qnn_depth2",
        "mlp_rho~hidden=4,epochs=1200": "mlp_rho~hidden=4",
        "observable": "observable",  # found in one call
    }
    cells = study.needs(whole)["cells"]
    assert "results/train/digits/qnn_depth2~epochs=300/label_flipping/alpha0.50/seed0-4.h5" in cells
    assert study.groups(whole) == {
        "QNN": ["qnn_depth2"],
        "MLP on ρ": ["mlp_rho~hidden=4"],
        "best observable on ρ": ["observable"],
    }


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("qnn~epochs=3", "beyond.memory.models: 'qnn~epochs=3' has epochs of its own; set `longer` instead"),
        ("knn", "beyond.memory.models: 'knn' keeps training samples, and has no parameters to count"),
    ],
)  # fmt: skip
def test_what_has_no_memory_to_measure_is_refused(model, words):
    with pytest.raises(UserError) as refused:
        asked(models=[model])
    assert words in str(refused.value)


def test_a_path_rises_above_its_start_and_dips_below_both_ends():
    loss = [0.5, 0.8, 0.3, 0.2]
    accuracy = [0.7, 0.6, 0.8, 0.9]
    frame = pd.DataFrame({"retain_loss": loss, "val_accuracy": accuracy, "collapsed": False})
    found = of_path(frame)
    assert found["rise"] == pytest.approx(0.3) and found["dip"] == pytest.approx(0.1)
    assert (found["start_loss"], found["end_loss"]) == (0.5, 0.2)
    downhill = of_path(frame.assign(retain_loss=[0.5, 0.4, 0.3, 0.2]))
    assert downhill["rise"] == 0
