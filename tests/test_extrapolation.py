"""Fig. X "extrapolation": other data beside a dataset of the study, and how near validation comes to training."""

import numpy as np
import pytest

from project import built, configuration, plan
from qunlearn.config.check import ask
from qunlearn.results.datasets import write_dataset
from qunlearn.runtime.errors import UserError
from qunlearn.studies.extrapolation.table import neighbours


def asked(datasets=("xxz",), **changes):
    beyond = configuration()["beyond"]
    beyond["extrapolation"] |= changes
    whole = plan(beyond=beyond, datasets=list(datasets))
    ask(whole, ["extrapolation"])
    return whole.study("extrapolation"), whole


def test_what_stands_beside_a_dataset_is_there_with_it_alone():
    study, whole = asked(beside={"xxz": ["xxz", "xxz~length=8"], "digits": ["xxz_disordered"]})
    assert study.datasets(whole) == ["xxz", "xxz~length=8"] and study.applies(whole)
    assert "results/data/xxz~length=8.h5" in study.needs(whole)["data"]
    study, whole = asked(datasets=["digits"])
    assert not study.applies(whole)
    assert "extrapolation" not in whole.study("claims").tables_needed(whole)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"beside": {"xxy": ["xxz"]}}, "beyond.extrapolation.beside.xxy: no dataset 'xxy'"),
        ({"beside": {"xxz": ["xxz~size=3"]}}, "'xxz' has no 'size' to change"),
        ({"beside": {"xxz": ["digits"]}}, "beside: digits holds no states, whose fidelities are drawn; leave it out"),
        ({"models": ["qnn", "nobody"]}, "no architecture 'nobody'"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(changes, words):
    with pytest.raises(UserError) as refused:
        asked(**changes)
    assert words in str(refused.value)


def test_the_nearest_training_state_of_a_validation_state(tmp_path):
    """Along the line of a small chain it is a neighbour in Delta, and of the same class."""
    data = built("xxz", length=4, gauge="random", seed=0)
    path = tmp_path / "xxz.h5"
    write_dataset(path, data, {})
    found = neighbours(path)
    assert len(found) == len(data.x_validation) and set(found["dataset"]) == {"xxz"}
    assert found["fidelity"].min() > 0.999 and found["fidelity"].max() <= 1 + 1e-12
    overlap = np.abs(data.x_train.conj() @ data.x_validation[7]) ** 2
    assert found["fidelity"][7] == pytest.approx(overlap.max())
    assert found["neighbour_label"][7] == data.y_train[overlap.argmax()]
