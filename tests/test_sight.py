"""What classical models see of a state: its amplitudes, or the density matrix that a QNN's light cone sees."""

import jax.numpy as jnp
import numpy as np
import pytest

from circuits import layered, random_states
from project import plan
from qunlearn.parts import models
from qunlearn.quantum.features import pauli_features, reduced_states
from qunlearn.training.features import reduced_features

MLP = {"family": "mlp", "hidden": [3]}
LOGISTIC = {"family": "logistic_regression", "C": 1.0}
#: Every family of feature models, with what it needs.
FAMILIES = [
    MLP,
    LOGISTIC,
    {"family": "svm", "kernel": "rbf", "C": 1.0},
    {"family": "nearest_neighbours", "k": 1},
    {"family": "random_features", "features": 5, "width": 1.0},
    {"family": "scikit_learn", "estimator": "sklearn.naive_bayes.GaussianNB"},
]


def turned(x, rng):
    """States with other phases."""
    return x * np.exp(1j * rng.uniform(0, 2 * np.pi, (len(x), 1)))


def test_the_density_matrix_is_the_light_cones(rng):
    """As the circuit reduces states, and in an orthonormal frame as the Pauli strings over 2^(k/2) are."""
    x = random_states(rng, 5, 4)
    chain = layered(5, 3, "chain", "xyx", 4)
    found = reduced_features(x, 3)
    assert found.shape == (4, 64)
    rho = reduced_states(chain, x)
    products = np.einsum("nab,mba->nm", rho, rho).real
    np.testing.assert_allclose(found @ found.T, products, atol=1e-13)
    strings = pauli_features(chain, x) / np.sqrt(8)
    np.testing.assert_allclose(strings @ strings.T, products, atol=1e-13)
    np.testing.assert_allclose(found[:, :8], np.diagonal(rho, axis1=1, axis2=2).real, atol=1e-14)


def test_the_density_matrix_of_few_qubits_of_mixed_and_of_padded_states(rng):
    x = random_states(rng, 3, 4)
    pure = np.einsum("na,nb->nab", x, x.conj())
    np.testing.assert_allclose(reduced_features(pure, 2), reduced_features(x, 2), atol=1e-14)
    whole = reduced_features(x, 8)  # of all, where there are fewer
    np.testing.assert_allclose(whole @ whole.T, np.abs(x.conj() @ x.T) ** 2, atol=1e-13)
    padded = np.pad(x[:, :6], ((0, 0), (0, 2)))
    np.testing.assert_array_equal(reduced_features(x[:, :6], 2), reduced_features(padded, 2))


def test_a_model_of_the_density_matrix_does_not_see_the_phase(rng):
    x = random_states(rng, 4, 12)
    for block in FAMILIES:
        blind = models.build(block | {"last_qubits": 2}, [x, x])
        np.testing.assert_allclose(blind.encode(turned(x, rng)), blind.encode(x), atol=1e-13)
        seeing = models.build(block, [x, x])
        assert np.abs(seeing.encode(turned(x, rng)) - seeing.encode(x)).max() > 0.01
        assert models.declared(block | {"last_qubits": 2}).is_phase_blind()
        assert not models.declared(block).is_phase_blind()


@pytest.mark.parametrize("is_complex", [True, False])
def test_the_fidelity_kernel(is_complex, rng):
    """Its decision is that of scikit-learn on the matrix of fidelities, in any gauge."""
    from sklearn.svm import SVC

    x = random_states(rng, 3, 20)
    x[:, 5] = 0
    if not is_complex:
        x = x.real / np.linalg.norm(x.real, axis=1, keepdims=True)
    labels = np.arange(20) % 2
    block = {"family": "svm", "kernel": "fidelity", "C": 10.0}
    model = models.build(block, [x, x])
    params, state = model.fit(model.encode(x), np.arange(20), labels)
    other = turned(x, rng) if is_complex else -x
    logits, _ = model.logits(params, state, jnp.asarray(model.encode(other)))
    fidelities = np.abs(x.conj() @ x.T) ** 2
    expected = SVC(kernel="precomputed", C=10.0).fit(fidelities, labels)
    np.testing.assert_allclose(logits, expected.decision_function(fidelities), atol=1e-6)


def test_what_a_configuration_asks_for():
    study = plan()
    model = study.model("xxz", "logistic~last_qubits=4")
    assert model.title() == "logistic, C = 1 on ρ" and not model.is_linear()
    assert model.inputs(study.source("xxz")) == 256
    assert study.problems("digits", "mlp~last_qubits=9") == [
        "mlp~last_qubits=9: last_qubits: 9 is too large (at most 8)"
    ]
    (sentence,) = study.problems("xxz", "svm_linear~kernel=fidelity,last_qubits=2")
    assert sentence.endswith(
        "kernel: fidelity is of whole states; leave out last_qubits, or take linear"
    )
