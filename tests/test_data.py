"""Datasets: ground states against dense diagonalisation and exact energies, splits, and files that go wrong."""

import gzip
import shutil

import numpy as np
import pytest

from project import built
from qunlearn.parts.datasets import mnist, xxz
from qunlearn.runtime.errors import UserError

X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def dense_hamiltonian(length, delta):
    total = 0
    for site in range(length):
        for pauli, weight in ((X, 1), (Y, 1), (Z, delta)):
            factors = [np.eye(2)] * length
            factors[site] = factors[(site + 1) % length] = pauli
            term = factors[0]
            for factor in factors[1:]:
                term = np.kron(term, factor)
            total = total + weight * term
    return total


@pytest.mark.parametrize("length", [4, 6, 8])
@pytest.mark.parametrize("delta", [-0.9, 0.0, 0.5, 1.0, 2.5])
def test_ground_state_is_that_of_the_dense_hamiltonian(length, delta):
    hamiltonian = dense_hamiltonian(length, delta)
    levels, vectors = np.linalg.eigh(hamiltonian)
    energies, states = xxz.ground_states(length, np.array([delta]))
    assert energies[0] == pytest.approx(levels[0], abs=1e-9)
    assert abs(vectors[:, 0].conj() @ states[0]) == pytest.approx(1, abs=1e-8)
    np.testing.assert_allclose(hamiltonian @ states[0], energies[0] * states[0], atol=1e-7)


def test_known_energies():
    # free fermions (delta = 0): E = -4 sum of cos over the filled momenta, antiperiodic for even filling
    length = 12
    momenta = 2 * np.pi * (np.arange(length) + 0.5) / length
    free = 4 * np.sort(np.cos(momenta))[: length // 2].sum()
    # Heisenberg rings in Pauli matrices: of 4 sites 4 * (-2 J) with J = 1; of 12 and 16 4 * (-5.387390917) and
    # 4 * (-7.142296361)
    assert xxz.ground_states(length, np.array([0.0]))[0][0] == pytest.approx(free, abs=1e-9)
    assert xxz.ground_states(4, np.array([1.0]))[0][0] == pytest.approx(-8, abs=1e-9)
    assert xxz.ground_states(12, np.array([1.0]))[0][0] == pytest.approx(-21.549563669, abs=1e-8)
    assert xxz.ground_states(16, np.array([1.0]))[0][0] == pytest.approx(-28.569185443, abs=1e-8)


def test_the_ground_state_is_constant_on_orbits_up_to_marshalls_sign():
    sector = xxz.Sector(12)
    assert len(sector.states) == 924 and len(sector.sizes) == 35 and sector.sizes.sum() == 924
    _, vectors = sector.ground_states(np.array([0.7]))
    assert np.all(vectors[0] * sector.marshall > 0)
    state = sector.scatter(vectors)[0].reshape((2,) * 12)
    signs = sector.scatter(sector.marshall[None])[0].reshape((2,) * 12)
    positive = state * signs
    for image in (
        np.moveaxis(positive, 0, -1),
        positive.transpose(),
        positive[(slice(None, None, -1),) * 12],
    ):
        np.testing.assert_allclose(image, positive, atol=1e-12)


def test_ferromagnetic_side_is_refused():
    with pytest.raises(ValueError, match="not above -1"):
        xxz.Sector(6).ground_state(-1.0)


def test_xxz_sets(small_xxz):
    assert small_xxz.x_train.shape == (197, 256) and small_xxz.x_validation.shape == (199, 256)
    assert np.bincount(small_xxz.y_train).tolist() == [97, 100]
    np.testing.assert_array_equal(small_xxz.y_validation, small_xxz.coordinate_validation > 1)
    np.testing.assert_allclose(np.linalg.norm(small_xxz.x_train, axis=1), 1)
    assert not set(small_xxz.coordinate_train) & set(small_xxz.coordinate_validation)


def test_gauge(small_xxz):
    fixed = built("xxz", length=8, gauge="fixed", seed=0)
    largest = np.take_along_axis(fixed.x_train, np.abs(fixed.x_train).argmax(1)[:, None], 1)
    assert np.all(largest.real > 0) and np.allclose(largest.imag, 0)
    overlap = np.abs(np.sum(fixed.x_train.conj() * small_xxz.x_train, axis=1))
    np.testing.assert_allclose(overlap, 1)  # the same states up to a phase
    phases = np.angle(np.sum(fixed.x_train.conj() * small_xxz.x_train, axis=1))
    assert np.ptp(phases) > 5  # which is spread over the circle
    other = built("xxz", length=8, gauge="random", seed=1)
    assert not np.allclose(other.x_train, small_xxz.x_train)


def test_digits(digits):
    assert digits.x_train.shape == (217, 64) and digits.x_validation.shape == (145, 64)
    np.testing.assert_allclose(np.linalg.norm(digits.x_train, axis=1), 1)
    assert abs(digits.y_train.mean() - digits.y_validation.mean()) < 0.01
    again = built("digits", train_fraction=0.6, seed=0)
    np.testing.assert_array_equal(again.x_train, digits.x_train)


MNIST = {"train_per_class": 250, "validation_per_class": 500, "seed": 0, "mirrors": []}


def from_test_split(folder, **options):
    return built("mnist", {"folder": str(folder), "split": "test"}, **(MNIST | options))


def test_mnist_from_the_test_split(mnist_dir, tmp_path):
    found = from_test_split(tmp_path)
    assert found.x_train.shape == (500, 784) and found.x_validation.shape == (1000, 784)
    assert np.bincount(found.y_train).tolist() == [250, 250]
    assert np.bincount(found.y_validation).tolist() == [500, 500]
    np.testing.assert_allclose(np.linalg.norm(found.x_train, axis=1), 1)
    rows = {row.tobytes() for row in found.x_train}
    assert not any(row.tobytes() in rows for row in found.x_validation)
    assert list(tmp_path.iterdir()) == []


def test_no_mirror_answers(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    with pytest.raises(
        UserError, match=r"t10k-images.*no mirror served it.*Put the file into .*MNIST_DIR"
    ):
        from_test_split(tmp_path / "mnist", mirrors=["http://127.0.0.1:9/"])
    assert not list(tmp_path.rglob("*.gz"))


@pytest.mark.parametrize("damage", ["truncated", "altered", "not gzip"])
def test_damaged_file_is_named_and_kept(damage, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    raw = gzip.compress(b"\0\0\x08\x01\0\0\0\x02\x01\x02")
    body = {"truncated": raw[:10], "altered": raw + b"x", "not gzip": b"<html>404</html>"}[damage]
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(body)
    with pytest.raises(UserError, match=f"{path} is not MNIST's .* Delete it"):
        from_test_split(tmp_path)
    assert path.read_bytes() == body


def test_mirrors_are_tried_in_turn(mnist_dir, monkeypatch, tmp_path):
    """A mirror that answers with the right bytes is used after one that does not, and leaves only the checked file."""
    import pooch

    asked = []

    def retrieve(url, known_hash, fname, path):
        asked.append(url)
        if "good" not in url:
            raise OSError("refused")
        path.mkdir(parents=True, exist_ok=True)
        return shutil.copy(mnist_dir / fname, path / fname)

    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(pooch, "retrieve", retrieve)
    folder = tmp_path / "mnist"
    found = from_test_split(folder, mirrors=["http://bad/", "http://good/"])
    assert len(found.x_train) == 500
    assert [url.split("/")[2] for url in asked] == ["bad", "good"] * 2


@pytest.mark.parametrize("raw", [b"", b"\0\0\x08", b"\0\0\x08\x01\0\0\0\x05ab"])
def test_idx_reader_refuses_what_is_not_idx(raw):
    with pytest.raises(UserError, match="not an IDX file"):
        mnist.read_idx(raw)
