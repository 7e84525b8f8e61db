"""Noise of every strength on features and states: what it leaves, its mean, and its limits."""

import numpy as np
import pytest

from qunlearn.parts import corruptions


def twins(data, name, x=None, **options):
    samples = data.x_train if x is None else x
    found, labels = corruptions.twins(
        data.name, samples, data.y_train[: len(samples)], corruptions.declared(name, options), 0
    )
    assert labels is None
    return found


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_the_overlap_falls_with_the_width(kind, digits, small_xxz):
    """Of a unit vector and itself with independent noise of relative width s, 1 / sqrt(1 + s^2)."""
    data = digits if kind == "real" else small_xxz
    for width in (0.0, 0.5, 1.0, 2.0):
        noisy = twins(data, "feature_noise", sigma=width)
        np.testing.assert_allclose(np.linalg.norm(noisy, axis=1), 1)
        overlap = np.sum(data.x_train.conj() * noisy, axis=1).real.mean()
        assert overlap == pytest.approx(1 / np.sqrt(1 + width**2), abs=0.02)


@pytest.mark.parametrize(("name", "option"), [("depolarizing", "p"), ("rotated_states", "sigma")])
def test_strength_0_changes_nothing_and_norms_stay(name, option, small_xxz):
    np.testing.assert_allclose(twins(small_xxz, name, **{option: 0.0}), small_xxz.x_train)
    strong = twins(small_xxz, name, **{option: 0.5})
    np.testing.assert_allclose(np.linalg.norm(strong, axis=1), 1)
    assert np.abs(np.sum(strong.conj() * small_xxz.x_train, axis=1)).mean() < 0.6


def test_runs_of_the_channel_have_the_channel_as_their_mean(small_xxz, rng):
    psi = rng.standard_normal(4) + 1j * rng.standard_normal(4)
    psi /= np.linalg.norm(psi)
    part = corruptions.declared("depolarizing", {"p": 0.4})
    many, _ = part.twins(np.tile(psi, (40_000, 1)), None, rng)
    mean = np.einsum("na,nb->ab", many, many.conj()) / len(many)
    exact, _ = part.twins(np.outer(psi, psi.conj())[None], None, rng)
    np.testing.assert_allclose(mean, exact[0], atol=0.02)


def test_the_channel_on_density_matrices(rng):
    """rho -> (1 - p) rho + p 1/2 on one qubit, and 1/d on all of them where p = 1."""
    parts = rng.standard_normal((2, 4, 4)) + 1j * rng.standard_normal((2, 4, 4))
    rho = parts @ parts.conj().transpose(0, 2, 1)
    rho /= np.trace(rho, axis1=1, axis2=2)[:, None, None]
    whole, _ = corruptions.declared("depolarizing", {"p": 1.0}).twins(rho, None, rng)
    np.testing.assert_allclose(whole, np.tile(np.eye(4) / 4, (2, 1, 1)), atol=1e-12)
    one, _ = corruptions.declared("depolarizing", {"p": 0.3}).twins(rho[:, :2, :2], None, rng)
    traces = np.trace(rho[:, :2, :2], axis1=1, axis2=2)[:, None, None]
    np.testing.assert_allclose(one, 0.7 * rho[:, :2, :2] + 0.3 * traces * np.eye(2) / 2)
