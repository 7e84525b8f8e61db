"""How cost grows: the laws that curves follow, and what keeps memory bounded."""

import h5py
import numpy as np
import pandas as pd
import pytest

from circuits import qnn, random_states
from qunlearn.quantum import features
from qunlearn.studies.benchmark import cores, growth, laws, tasks
from qunlearn.studies.benchmark.table import COST
from qunlearn.training import plan
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Stream
from qunlearn.training.workload import Workload

SIZES = [1, 10, 100, 1000]


def test_a_curve_that_follows_its_law_throughout_is_said_to():
    found = laws.followed(SIZES, [2.0, 2.1, 2.0, 1.9], np.ones(4))
    assert (found["holds_from"], found["holds_to"]) == (1, 1000)
    assert found["constant"] == pytest.approx(2.0, rel=0.02)
    assert found["spread"] == pytest.approx(1.05, abs=0.01)
    assert np.isnan(found["before"]) and np.isnan(found["after"])


def test_a_curve_leaves_its_law_where_it_is_off_by_more_than_the_tolerance():
    found = laws.followed(SIZES, [9.0, 2.0, 2.0, 6.0], np.ones(4))
    assert (found["holds_from"], found["holds_to"]) == (10, 100)
    assert (found["before"], found["after"]) == pytest.approx((4.5, 3.0))


def test_operations_and_cores_are_laws_up_to_a_factor():
    rows = pd.DataFrame({"size": [1, 2, 4], "flops": [3.0, 12.0, 48.0]})
    for law, values in (("operations", [6.0, 24.0, 96.0]), ("inverse", [8.0, 4.0, 2.0])):
        found = laws.followed(rows["size"], values, laws.expected(rows, law))
        assert (found["holds_to"], found["spread"]) == (4, pytest.approx(1))


def test_memory_is_linear_above_that_of_the_smallest_size():
    tasks_ = [f"samples{n}" for n in (100, 1000, 10_000)]
    table = pd.DataFrame({"task": tasks_, COST: 1.0, "peak_rss_mb": [500.0, 510.0, 600.0]})
    found = laws.laws(table).set_index("quantity").loc["peak_rss_mb"]
    assert (found["holds_from"], found["holds_to"]) == (1000, 10_000)
    assert found["constant"] == pytest.approx(0.01)  # MB per sample
    said = laws.sentences(laws.laws(table))
    assert (
        said[1]
        == "memory against training samples: linear from 1000 to 10000 (within a factor 1.00)"
    )


def test_scans_vary_one_quantity_of_the_task():
    base = tasks.QNN_XXZ._asdict()
    free = {"epochs", "samples"}
    for name, spec in growth.GROWTH.items():
        varied = {key for key, value in spec._asdict().items() if value != base[key]} - free
        assert len(varied) <= 1 + name.startswith("ring"), name


def test_features_of_a_file_are_read_in_blocks_and_are_those_of_the_array(
    tmp_path, monkeypatch, rng
):
    x = random_states(rng, 5, 11)
    model = qnn(depth=2).build([x, x])
    whole = model.encode(x)
    monkeypatch.setattr(features, "BLOCK", 4 * 32)
    read = []

    class File:
        """A dataset of an HDF5 file that tells how many rows it was asked for."""

        def __init__(self, dataset):
            self.dataset, self.shape, self.ndim = dataset, dataset.shape, dataset.ndim

        def __len__(self):
            return len(self.dataset)

        def __getitem__(self, rows):
            found = self.dataset[rows]
            read.append(len(found))
            return found

    with h5py.File(tmp_path / "x.h5", "w") as file:
        there = File(file.create_dataset("x", data=x))
        other = qnn(depth=2).build([there, there])
        np.testing.assert_array_equal(other.columns, model.columns)
        np.testing.assert_allclose(other.encode(there), whole, atol=1e-14)
    assert max(read) == 4


def test_large_samples_of_the_benchmark_stand_on_disk(monkeypatch):
    spec = tasks.Qnn(16, 2, 100, 8)
    monkeypatch.setattr(tasks, "IN_MEMORY", 8 * 8 * 16 * 7)
    x, labels = tasks.data(spec)
    assert isinstance(x, h5py.Dataset) and x.shape == (100, 16) and len(labels) == 100
    np.testing.assert_allclose(np.linalg.norm(x[:], axis=1), 1, atol=1e-6)
    assert len(np.unique(x[:, 0])) == 100


def workload(replicas, samples, epochs):
    rows = np.zeros((replicas, samples), int)
    streams = {"train": Stream(rows, rows)}
    return Workload(None, ({}, {}), {}, streams, {}, Schedule(epochs, 32, 0.1), [None] * replicas)


def test_minibatches_of_a_segment_stay_within_their_budget(monkeypatch):
    """More samples or replicas make more segments, to one per epoch; few make about ten."""
    assert len(plan.planned(workload(20, 200, 100)).due) == plan.SEGMENTS
    monkeypatch.setattr(plan, "ORDER_BYTES", 4 * 20 * 224 * 4)
    assert len(plan.planned(workload(20, 200, 100)).due) == 25
    assert len(plan.planned(workload(2000, 200, 100)).due) == 100


@pytest.mark.long
def test_jobs_beside_each_other_train_at_once():
    spec = tasks.Qnn(8, 2, 12, 4, processes=2)
    row = cores.beside_each_other(spec, replicas=3, seconds=0.1)
    assert row["runs"] == 2
    assert row["error_of_derivative"] < 1e-5
    assert 0 < row["seconds_per_update_per_replica"] < row["seconds_run"]
