"""MNIST's files as people have them: packed or not, under their usual names, in the folders of other programs."""

import gzip

import numpy as np
import pytest

from project import built
from qunlearn.parts.datasets import mnist
from qunlearn.runtime.errors import UserError

OPTIONS = {"train_per_class": 5, "validation_per_class": 5, "seed": 0, "mirrors": []}
IMAGES, LABELS = mnist.FILES["test"]


def from_folder(folder):
    return built("mnist", {"folder": str(folder), "split": "test"}, **OPTIONS)


@pytest.fixture
def usual(mnist_dir, monkeypatch):
    """The test split as it comes; afterwards only the folder named counts."""
    found = from_folder("nowhere")
    monkeypatch.delenv("MNIST_DIR")
    return found


def put(mnist_dir, folder, form, packed):
    """The two files in a folder; `form` of a file's name without .gz."""
    for name in (IMAGES, LABELS):
        path = folder / form(name.removesuffix(".gz"))
        path.parent.mkdir(parents=True, exist_ok=True)
        content = gzip.decompress((mnist_dir / name).read_bytes())
        if packed:
            path = path.with_name(path.name + ".gz")
            content = gzip.compress(content, 1)
        path.write_bytes(content)


FORMS = {
    "hyphen": lambda name: name,
    "dot": lambda name: name.replace("-idx", ".idx"),
    "own folder": lambda name: f"{name}/{name}",
    "dots in own folder": lambda name: "/".join([name.replace("-idx", ".idx")] * 2),
}


@pytest.mark.parametrize("below", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize(
    ("form", "packed"),
    [("hyphen", True), ("dot", True), *((form, False) for form in FORMS)],
)
def test_files_as_they_lie_around(below, form, packed, mnist_dir, usual, tmp_path):
    put(mnist_dir, tmp_path / below, FORMS[form], packed)
    found = from_folder(tmp_path)
    np.testing.assert_array_equal(found.x_train, usual.x_train)
    np.testing.assert_array_equal(found.y_validation, usual.y_validation)


def test_the_folder_of_the_environment_is_looked_through_in_the_same_way(
    mnist_dir, usual, monkeypatch, tmp_path
):
    put(mnist_dir, tmp_path / "data/MNIST/raw", FORMS["hyphen"], packed=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in (tmp_path / "data", tmp_path / "data/MNIST", "~/data"):
        monkeypatch.setenv("MNIST_DIR", str(named))
        np.testing.assert_array_equal(from_folder("nowhere").x_train, usual.x_train)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("damage", ["truncated", "altered", "empty", "another"])
def test_a_damaged_file_is_named_with_the_cure(damage, packed, mnist_dir, usual, tmp_path):
    put(mnist_dir, tmp_path / "raw", FORMS["hyphen"], packed)
    path = tmp_path / "raw" / (LABELS if packed else LABELS.removesuffix(".gz"))
    content = path.read_bytes()
    other = path.with_name(path.name.replace("labels-idx1", "images-idx3"))
    damaged = {
        "truncated": content[:-500],
        "altered": content[:-9] + b"x" + content[-8:],
        "empty": b"",
        "another": other.read_bytes(),
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(UserError) as refused:
        from_folder(tmp_path)
    said = str(refused.value)
    assert said.startswith(f"{path} is not MNIST's {LABELS}: ") and "Delete it" in said
    assert len(said.splitlines()) == 1 and path.exists()


def test_a_good_copy_counts_beside_a_damaged_one(mnist_dir, usual, tmp_path):
    put(mnist_dir, tmp_path / "MNIST/raw", FORMS["hyphen"], packed=False)
    (tmp_path / IMAGES).write_bytes(b"half a download")
    np.testing.assert_array_equal(from_folder(tmp_path).x_train, usual.x_train)


def test_what_is_not_there_is_said_with_where_it_may_be(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    (tmp_path / IMAGES).mkdir()
    with pytest.raises(UserError, match=r"is not in .* \(packed or not, nor in raw/ or MNIST/raw/"):
        from_folder(tmp_path)
