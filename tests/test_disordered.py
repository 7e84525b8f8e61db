"""XXZ chains with random bonds: their ground states, and that no two samples are neighbours."""

import numpy as np
import pytest

from project import built, plan
from qunlearn.parts.datasets.xxz import Sector
from qunlearn.parts.datasets.xxz_disordered import RandomBonds
from qunlearn.quantum.lightcone import PAULIS

OPTIONS = {"length": 6, "disorder": 0.5, "gauge": "random", "seed": 0}


def two_sites(a: int, b: int, letter: int, length: int) -> np.ndarray:
    """P_a P_b as a matrix on all sites."""
    product = np.eye(1)
    for site in range(length):
        product = np.kron(product, PAULIS[letter] if site in (a, b) else np.eye(2))
    return product


@pytest.mark.parametrize("delta", [-0.9, 0.4, 2.7])
def test_the_ground_state_is_that_of_the_whole_hamiltonian(delta, rng):
    """Of all magnetisations; energy and, up to a phase, vector."""
    couplings = rng.uniform(0.2, 1.8, 6)
    hamiltonian = np.zeros((64, 64), complex)
    for site, coupling in enumerate(couplings):
        for letter, weight in ((1, 1), (2, 1), (3, delta)):
            hamiltonian += coupling * weight * two_sites(site, (site + 1) % 6, letter, 6)
    energies, vectors = np.linalg.eigh(hamiltonian)
    assert energies[1] - energies[0] > 0.01
    sector = Sector(6)
    energy, vector = RandomBonds(sector).ground_state(delta, couplings)
    assert energy == pytest.approx(energies[0], abs=1e-10)
    (state,) = sector.scatter((vector * sector.marshall)[None])
    assert np.abs(state @ vectors[:, 0]) == pytest.approx(1, abs=1e-10)


def test_without_disorder_it_is_the_chain():
    plain = built("xxz", length=6, gauge="random", seed=0)
    same = built("xxz_disordered", **OPTIONS | {"disorder": 0.0})
    np.testing.assert_allclose(same.x_train, plain.x_train, atol=1e-9)
    np.testing.assert_array_equal(same.y_validation, plain.y_validation)
    np.testing.assert_allclose(
        same.attributes["energy_train"], plain.attributes["energy_train"], atol=1e-9
    )


def test_no_validation_state_has_a_neighbour_in_the_training_set():
    nearest = {}
    for disorder in (0.0, 0.5):
        data = built("xxz_disordered", **OPTIONS | {"disorder": disorder})
        fidelities = np.abs(data.x_validation.conj() @ data.x_train.T) ** 2
        nearest[disorder] = 1 - fidelities.max(axis=1)
    assert nearest[0.0].max() < 1e-3
    assert np.median(nearest[0.5]) > 20 * np.median(nearest[0.0])


def test_couplings_are_those_of_the_seed_and_the_gauge_leaves_them_alone():
    first, fixed, other = (
        built("xxz_disordered", **OPTIONS | changes)
        for changes in ({}, {"gauge": "fixed"}, {"seed": 1})
    )
    overlaps = np.abs(np.sum(first.x_train.conj() * fixed.x_train, axis=1))
    np.testing.assert_allclose(overlaps, 1, atol=1e-9)
    assert not np.allclose(first.attributes["energy_train"], other.attributes["energy_train"])


def test_every_model_of_the_comparison_is_ready_for_it():
    study = plan()
    for model in study.study("models").models:
        assert study.problems("xxz_disordered", model) == [], model
    assert study.architecture("xxz_disordered", "qnn")["depth"] == 4
    assert study.training_schedule("xxz_disordered", "qnn") == study.training_schedule("xxz", "qnn")
    assert study.problems("xxz_disordered", "qnn", "unlearning") == []
