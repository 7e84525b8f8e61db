"""Files: written whole or not at all, read back exactly, and named when they are not what they should be."""

import json

import numpy as np
import pytest

from qunlearn.experiment.problem import Cell
from qunlearn.results.cells import read_cells, write_cells
from qunlearn.results.datasets import read_dataset, write_dataset
from qunlearn.results.hdf5 import read
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import replacing
from qunlearn.training.minimise import Trained


def test_dataset_round_trip(small_xxz, digits, tmp_path):
    for dataset in (small_xxz, digits):
        path = tmp_path / f"{dataset.name}.h5"
        write_dataset(path, dataset, {"data": {}})
        back = read_dataset(path)
        for field in ("x_train", "y_train", "x_validation", "y_validation", "coordinate_train"):
            np.testing.assert_array_equal(getattr(back, field), getattr(dataset, field))
        assert back.class_names == dataset.class_names and back.image_shape == dataset.image_shape


def block(cells):
    n = len(cells)
    params = {"w": np.arange(3 * n, dtype=float).reshape(n, 3)}
    return Trained(
        params, {}, {"validation_accuracy": np.zeros((n, 2)), "train_loss": np.ones((n, 2))}
    )


def test_cells_round_trip_and_provenance(tmp_path):
    cells = [Cell(0.0, 0), Cell(0.0, 1), Cell(0.3, 0), Cell(0.3, 1)]
    path = tmp_path / "a" / "cells.h5"
    write_cells(
        path,
        cells,
        block(cells),
        np.zeros(len(cells), bool),
        {"schedule": {"epochs": 2}},
        "cpu: test",
    )
    (params, state), diverged = read_cells([path], [Cell(0.3, 1), Cell(0.0, 0)])
    assert diverged.tolist() == [False, False]
    np.testing.assert_array_equal(params["w"], [[9, 10, 11], [0, 1, 2]])
    assert state == {}
    _, attributes = read(path)
    assert json.loads(attributes["settings"]) == {"schedule": {"epochs": 2}}
    assert "jax" in json.loads(attributes["versions"]) and attributes["device"] == "cpu: test"
    assert attributes["git_revision"]
    again = tmp_path / "again.h5"
    write_cells(
        again,
        cells,
        block(cells),
        np.zeros(len(cells), bool),
        {"schedule": {"epochs": 2}},
        "cpu: test",
    )
    assert again.read_bytes() == path.read_bytes()


def test_a_missing_cell_is_named(tmp_path):
    cells = [Cell(0.0, 0)]
    write_cells(tmp_path / "c.h5", cells, block(cells), np.zeros(len(cells), bool), {}, "cpu")
    with pytest.raises(UserError, match=r"c\.h5 hold no cell .*0\.5"):
        read_cells([tmp_path / "c.h5"], [Cell(0.5, 0)])


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "truncated"])
def test_a_damaged_file_is_never_read_as_data(damage, digits, tmp_path):
    path = tmp_path / "d.h5"
    if damage != "missing":
        write_dataset(path, digits, {})
        raw = path.read_bytes()
        path.write_bytes(
            {"empty": b"", "garbage": b"x" * len(raw), "truncated": raw[: len(raw) // 2]}[damage]
        )
    words = (
        "missing" if damage == "missing" else "truncated, damaged or not HDF5.*Delete it and run"
    )
    with pytest.raises(UserError, match=rf"d\.h5 is {words}"):
        read_dataset(path)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("new")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x.csv", "seed0-1.h5", ".fig2.pdf.json", "no_suffix"])
def test_a_write_takes_away_what_a_killed_writer_left(name, tmp_path):
    path = tmp_path / name
    others = [tmp_path / other for other in ("y.csv", ".y.12.csv", ".x.csv.json", ".xx.1.csv")]
    for other in others:
        other.write_text("of another file")
    (tmp_path / f".{path.stem}.999999999{path.suffix}").write_text("half")
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
