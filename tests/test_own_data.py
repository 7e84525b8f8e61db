"""Data of a user's own, by configuration alone: what is read, and what is refused in one sentence."""

import h5py
import numpy as np
import pandas as pd
import pytest

from project import plan
from qunlearn.parts.datasets.file import File
from qunlearn.runtime.errors import UserError


@pytest.fixture
def table(rng):
    kind = np.array(["a", "b"])[np.arange(40) % 2]
    return pd.DataFrame(rng.normal(size=(40, 3)), columns=["p", "q", "r"]).assign(kind=kind)


def csv(folder, table, **options):
    path = folder / "mine.csv"
    table.to_csv(path, index=False)
    return File(file=str(path), **{"y": "kind"} | options)


def npz(folder, options=None, **arrays):
    path = folder / "mine.npz"
    np.savez(path, **arrays)
    return File(file=str(path), **(options or {}))


def states(rng, n=20, d=4):
    x = rng.normal(size=(n, d)) + 1j * rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_a_table_is_split_class_by_class_and_scaled(table, tmp_path):
    source = csv(tmp_path, table, train_fraction=0.6)
    found = source.build()
    assert found.x_train.shape == (24, 3) and found.x_validation.shape == (16, 3)
    assert found.y_train.mean() == found.y_validation.mean() == 0.5
    np.testing.assert_allclose(np.linalg.norm(found.x_train, axis=1), 1)
    assert found.class_names == ("a", "b") and source.shape() == (3,) and source.qubits() == 2
    again = source.build()
    np.testing.assert_array_equal(again.x_train, found.x_train)
    other = csv(tmp_path, table, seed=1).build()
    assert not np.array_equal(other.x_train, found.x_train)
    raw = csv(tmp_path, table, normalisation="none").build()
    assert np.linalg.norm(raw.x_train, axis=1).max() > 1.1


def test_a_split_classes_and_a_coordinate_may_be_given(table, tmp_path):
    table["part"] = ["train"] * 30 + ["validation"] * 10
    table["where"] = np.arange(40.0)
    table["kind"] = np.array(["a", "b", "c", "d"])[np.arange(40) % 4]
    source = csv(
        tmp_path,
        table,
        split="part",
        coordinate="where",
        classes=["d", "b"],
        class_names=["D", "B"],
    )
    found = source.build()
    assert found.coordinate_train.tolist() == [float(i) for i in range(30) if i % 2]
    np.testing.assert_array_equal(found.y_train, [int(i % 4 == 1) for i in range(30) if i % 2])
    assert found.class_names == ("D", "B") and len(found.y_validation) == 5


def test_arrays_with_a_given_split_as_images(rng, tmp_path):
    x, y = rng.normal(size=(10, 6)), np.arange(10) % 2
    source = npz(
        tmp_path, {"image_shape": [2, 3]}, x=x, y=y, x_validation=x[:4], y_validation=y[:4]
    )
    found = source.build()
    assert len(found.y_train) == 10 and len(found.y_validation) == 4 and found.image_shape == (2, 3)
    assert npz(tmp_path, {"image_shape": [2, 2]}, x=x, y=y).problems() == [
        "image_shape: 2 x 2 are not the 6 features of a sample"
    ]


def test_states_and_density_matrices(rng, tmp_path):
    psi = states(rng, 20, 8)
    found = npz(tmp_path, {"samples": "states"}, x=psi, y=np.arange(20) % 2).build()
    assert np.iscomplexobj(found.x_train) and found.x_train.shape[1] == 8
    pairs = psi.reshape(20, 4, 2)
    rho = pairs @ pairs.conj().transpose(0, 2, 1)
    path = tmp_path / "pairs.h5"
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = rho, np.array(["low", "high"] * 10, dtype="S4")
    source = File(file=str(path), samples="density_matrices")
    found = source.build()
    assert found.x_train.shape[1:] == (4, 4) and found.class_names == ("high", "low")
    assert source.shape() == (4, 4) and source.qubits() == 2 and source.real_features() == 32


def broken(x, row=1, value=np.nan):
    x = x.copy()
    x[row] = value
    return x


Y = np.arange(20) % 2
REFUSED = {
    "samples and labels": (lambda x: {"x": x, "y": Y[:10]}, {}, "20 samples and 10 labels"),
    "three axes": (lambda x: {"x": x[:, :, None], "y": Y}, {}, r"shape \(20, 4, 1\)"),
    "missing values": (lambda x: {"x": broken(x), "y": Y}, {}, "1 of 20 samples have missing.*number 1"),
    "a zero row": (lambda x: {"x": broken(x, value=0), "y": Y}, {}, "sample number 1 is zero"),
    "one class": (lambda x: {"x": x, "y": 0 * Y}, {}, r"holds 1 classes \(0\)"),
    "three classes": (lambda x: {"x": x, "y": np.arange(20) % 3}, {}, "holds 3 classes.*under `classes`"),
    "an unknown class": (lambda x: {"x": x, "y": Y}, {"classes": [0, 5]}, "no sample has the label 5"),
    "no array": (lambda x: {"z": x, "y": Y}, {}, "no array 'x'.*holds y, z"),
    "complex features": (lambda x: {"x": x + 1j, "y": Y}, {}, "say `samples: states`"),
    "norms": (lambda x: {"x": 2 * x, "y": Y}, {"samples": "states"}, "no unit vector"),
    "dimensions": (lambda x: {"x": x[:, :3], "y": Y}, {"samples": "states"}, "3 dimensions are not those of qubits"),
    "a class with one sample": (lambda x: {"x": x, "y": Y * (np.arange(20) < 2)}, {}, "cannot be split"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_wrong_with_a_file_is_one_sentence(kind, rng, tmp_path):
    arrays, options, words = REFUSED[kind]
    x = rng.normal(size=(20, 4))
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    with pytest.raises(UserError, match=words) as refused:
        npz(tmp_path, options, **arrays(x)).build()
    assert "mine.npz" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.diag([1.5, -0.5]), "negative eigenvalue"),
        (np.array([[0.5, 1], [0, 0.5]]), "not Hermitian"),
        (np.eye(2), "not trace 1"),
    ],
)
def test_a_matrix_that_is_no_state_is_refused(matrix, words, tmp_path):
    x = np.stack([np.eye(2) / 2] * 19 + [matrix])
    with pytest.raises(UserError, match=f"sample number 19.*{words}"):
        npz(tmp_path, {"samples": "density_matrices"}, x=x, y=Y).build()


def test_columns_of_words_and_absent_ones_are_named(table, tmp_path):
    table["place"] = "here"
    with pytest.raises(UserError, match="the column 'place' holds no numbers"):
        csv(tmp_path, table).build()
    with pytest.raises(UserError, match=r"no column 'species' \(y\)"):
        csv(tmp_path, table, y="species").build()
    (tmp_path / "bad.npz").write_bytes(b"words")
    with pytest.raises(UserError, match="cannot be read"):
        File(file=str(tmp_path / "bad.npz")).build()


def test_a_dataset_of_ones_own_needs_one_line(table, tmp_path):
    table.to_csv(tmp_path / "mine.csv", index=False)
    data = {"mine": {"file": str(tmp_path / "mine.csv"), "y": "kind"}}
    found = plan(datasets=["mine"], data=plan().config["data"] | data)
    assert found.training_schedule("mine", "mlp")["epochs"] > 0
    assert found.architecture("mine", "qnn")["depth"] == 6 and found.source("mine").files()
    assert not found.problems("mine", "qnn") and not found.problems("mine", "mlp", "unlearning")
    assert "not a qubit of mine" in found.problems("mine", "qnn~measure=2")[0]
    assert not found.problems("mine", "cnn")


def test_a_file_that_is_not_there_is_named_while_planning(tmp_path):
    data = plan().config["data"] | {"mine": {"file": "nowhere.csv"}}
    with pytest.raises(UserError, match=r"data\.mine\.file: nowhere\.csv does not exist"):
        plan(datasets=["mine"], data=data)
