"""Imperfect hardware: depolarising noise, readout errors and finite shots against definitions and known limits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import yaml

from circuits import irregular, layered, noisy_circuit, random_states, with_cliffords
from project import plan, planned
from qunlearn.config.check import ask
from qunlearn.config.plan import Plan
from qunlearn.grid.names import parse, spell
from qunlearn.parts.models.qnn import Qnn
from qunlearn.quantum import classifier, lightcone
from qunlearn.quantum.features import pauli_features
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.transition import plateau_summary, sigmoid
from qunlearn.studies.shots.readout import expected_accuracy
from qunlearn.training.losses import cross_entropy

pytestmark = pytest.mark.usefixtures("compiled_quickly")

OPTIONS = {
    "depth": 2, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
}  # fmt: skip
CIRCUITS = [
    (layered, (3, 2, "chain", "xyx", 2), 0.6),
    (layered, (3, 3, "chain", "xyz", 1), 0.07),
    (layered, (3, 2, "ring", "xyx", 2), 0.3),
    (layered, (4, 3, "chain", "xyx", 3), 0.07),
    (irregular, (0, 3, 2, 0), 0.2),
    (irregular, (1, 4, 3, 2), 0.3),
    (irregular, (2, 4, 5, 1), 0.1),
    (irregular, (5, 2, 6, 0), 0.1),
    (with_cliffords, (1, 3, 3, 2), 0.2),
]


def build(x, **changes):
    return Qnn(**OPTIONS | changes).build([x, x])


def values(model, x, theta, state=None, train=False):
    return model.logits({"theta": theta}, state or {}, jnp.asarray(model.encode(x)), train=train)


@pytest.mark.parametrize(("make", "shape", "p"), CIRCUITS)
def test_depolarising_noise_agrees_with_the_density_matrix(make, shape, p, rng):
    a = make(*shape)
    states = random_states(rng, a.qubits, 2)
    theta = rng.uniform(-np.pi, np.pi, a.parameters)
    noisy = jax.jit(lambda t: lightcone.observable(a, t, p))
    cone = pauli_features(a, states) @ np.asarray(noisy(jnp.asarray(theta)))
    np.testing.assert_allclose(cone, [noisy_circuit(a, theta, s, p) for s in states], atol=1e-6)


def test_no_noise_is_the_noiseless_observable_to_the_last_bit(rng):
    a = layered(4, 3, "chain", "xyx", 3)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, a.parameters))
    np.testing.assert_array_equal(
        lightcone.observable(a, theta, 0.0), lightcone.observable(a, theta)
    )
    x = random_states(rng, 4, 3)
    plain, off = build(x), build(x, depolarizing=0.0, readout_error=0.0, shots=None)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, plain.circuit.parameters))
    np.testing.assert_array_equal(values(plain, x, theta)[0], values(off, x, theta)[0])


def test_full_noise_leaves_nothing(rng):
    x = random_states(rng, 4, 6)
    for changes in ({"depolarizing": 1.0}, {"readout_error": 0.5}):
        model = build(x, **changes)
        theta = jnp.asarray(rng.uniform(-np.pi, np.pi, model.circuit.parameters))
        np.testing.assert_allclose(values(model, x, theta)[0], 0, atol=1e-12)


def test_one_layer_is_damped_by_one_factor(rng):
    """One layer reads one qubit: <Z> -> (1 - p)(1 - 2 e) <Z>."""
    x = random_states(rng, 3, 5)
    clean, noisy = build(x, depth=1), build(x, depth=1, depolarizing=0.3, readout_error=0.1)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, clean.circuit.parameters))
    np.testing.assert_allclose(
        values(noisy, x, theta)[0], 0.7 * 0.8 * values(clean, x, theta)[0], atol=1e-12
    )


def test_layers_without_rotation_or_bond_damp_the_readout_once_each(rng):
    x = random_states(rng, 3, 5)
    model = build(x, depth=3, depolarizing=0.2)
    theta = jnp.zeros(model.circuit.parameters)
    z = np.sum(np.abs(x) ** 2 * np.tile([1, -1], 4), axis=1)
    np.testing.assert_allclose(values(model, x, theta)[0], 5 * 0.8**3 * z, atol=1e-12)


def test_gradient_under_noise_agrees_with_differences_and_with_the_shift_rule(rng):
    x = random_states(rng, 4, 3)
    model = build(x, depth=3, depolarizing=0.1, readout_error=0.05)
    pool = jnp.asarray(model.encode(x))
    sums = jax.jit(lambda t: jnp.sum(model.logits({"theta": t}, {}, pool)[0] ** 2))
    linear = jax.jit(lambda t: model.logits({"theta": t}, {}, pool)[0][0])
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, model.circuit.parameters))
    basis, h = np.eye(len(theta)), 1e-5
    differences = [(sums(theta + h * e) - sums(theta - h * e)) / (2 * h) for e in basis]
    np.testing.assert_allclose(jax.grad(sums)(theta), differences, atol=1e-7)
    shifts = [(linear(theta + np.pi / 2 * e) - linear(theta - np.pi / 2 * e)) / 2 for e in basis]
    np.testing.assert_allclose(jax.grad(linear)(theta), shifts, atol=1e-12)


def test_noise_on_a_wide_light_cone_is_refused_in_one_sentence(rng, monkeypatch):
    monkeypatch.setattr(classifier, "MAX_CONE", 2)
    x = random_states(rng, 4, 3)
    with pytest.raises(
        UserError, match="light cones of at most 2 qubits, and this one has 3; take fewer layers"
    ):
        build(x, depth=3, depolarizing=0.1)
    assert build(x, depth=3, readout_error=0.1).engine == "span"


def draws(model, x, theta, number, train=False):
    """(number, N) logits from as many keys."""
    keys = jax.random.key_data(jax.random.split(jax.random.key(3), number))
    pool, shots = jnp.asarray(model.encode(x)), jnp.array(model.shots)

    def one(key):
        state = {"key": key, "shots": shots}
        return model.logits({"theta": theta}, state, pool, train=train)[0]

    return np.asarray(jax.jit(jax.vmap(one))(keys))


@pytest.mark.parametrize("shots", [1, 7, 200])
def test_a_reading_is_unbiased_with_the_variance_of_a_binomial_mean(shots, rng):
    """Within five standard errors, also under readout errors."""
    x = random_states(rng, 3, 4)
    model, exact = build(x, shots=shots, readout_error=0.1), build(x, readout_error=0.1)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, exact.circuit.parameters))
    z, found = np.asarray(values(exact, x, theta)[0]) / 5, draws(model, x, theta, 4000) / 5
    variance = (1 - z**2) / shots
    assert np.all(np.abs(found.mean(0) - z) < 5 * np.sqrt(variance / 4000))
    fourth = ((found - z) ** 4).mean(0)
    assert np.all(np.abs(((found - z) ** 2).mean(0) - variance) < 5 * np.sqrt(fourth / 4000))
    counts = (found + 1) * shots / 2  # outcomes +-1: whole numbers of them
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)


@pytest.mark.parametrize("free_scale", [False, pytest.param(True, marks=pytest.mark.long)])
def test_many_shots_give_the_exact_logits_and_gradient(free_scale, rng):
    x = random_states(rng, 3, 4)
    model, exact = (build(x, free_scale=free_scale, **shots) for shots in ({"shots": 10**6}, {}))
    start, state = model.init(jax.random.key(1))
    np.testing.assert_array_equal(start["theta"], exact.init(jax.random.key(1))[0]["theta"])
    params = start | {"theta": jnp.asarray(rng.uniform(-np.pi, np.pi, exact.circuit.parameters))}
    if free_scale:
        params["log_scale"] = jnp.array(-0.3)
    pool = jnp.asarray(exact.encode(x))
    logits = [jax.jit(circuit.logits)(params, state, pool)[0] for circuit in (model, exact)]
    np.testing.assert_allclose(*logits, atol=0.03)

    def loss(params, model):
        logits, _ = model.logits(params, state, pool, train=True)
        return jnp.mean(cross_entropy(logits, jnp.array([0, 1, 0, 1])))

    found, wanted = (jax.jit(jax.grad(partial(loss, model=m)))(params) for m in (model, exact))
    assert set(found) == ({"theta", "log_scale"} if free_scale else {"theta"})
    for name in found:
        np.testing.assert_allclose(found[name], wanted[name], atol=0.01)


def test_training_draws_anew_in_every_step_and_repeats_from_the_same_state(rng):
    x = random_states(rng, 3, 4)
    model = build(x, shots=50)
    params, state = model.init(jax.random.key(1))
    first, after = values(model, x, params["theta"], state, train=True)
    again, _ = values(model, x, params["theta"], state, train=True)
    second, _ = values(model, x, params["theta"], after, train=True)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != second)
    # an evaluation leaves the state as it is
    assert values(model, x, params["theta"], state)[1] is state


def test_gradient_noise_bounds_that_of_real_parameter_shifts(rng):
    """Mean: the exact gradient. Variance: at least that of derivatives from binomial readings at both shifts, at most
    1 / (1 - max z^2) of it; none in an angle outside the light cone."""
    shots, number = 20, 3000
    x = random_states(rng, 4, 6)
    model, exact = build(x, shots=shots), build(x)
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, exact.circuit.parameters))
    weights = rng.normal(size=6)
    keys = jax.random.key_data(jax.random.split(jax.random.key(5), number))

    def gradient(key):
        state = {"key": key, "shots": jnp.array(shots)}
        return jax.grad(lambda t: weights @ values(model, x, t, state, train=True)[0])(theta)

    found = np.asarray(jax.jit(jax.vmap(gradient))(keys))
    z = jax.jit(lambda t: values(exact, x, t)[0] / 5)
    live = sorted({gate.parameter for gate in lightcone.live_gates(exact.circuit)})
    steps = np.pi / 2 * np.eye(len(theta))[live]
    shifted = np.stack([[z(theta + step), z(theta - step)] for step in steps])
    readings = 2 * rng.binomial(shots, (1 + shifted) / 2, size=(number, *shifted.shape)) / shots - 1
    device = 5 * (readings[:, :, 0] - readings[:, :, 1]) / 2 @ weights

    error = 5 * found.std(0) / np.sqrt(number)
    np.testing.assert_allclose(found.mean(0)[live], device.mean(0), atol=2 * error[live].max())
    exact_gradient = jax.jit(jax.grad(lambda t: weights @ values(exact, x, t)[0]))(theta)
    assert np.all(np.abs(found.mean(0) - exact_gradient) <= error + 1e-12)
    ratio = found.var(0)[live] / device.var(0)
    assert np.all(ratio > 0.9) and np.all(ratio < 1.15 / (1 - np.max(shifted**2)))
    dead = np.delete(found, live, axis=1)
    assert dead.size and not dead.any()


def test_expected_accuracy_of_a_reading_in_closed_form(rng):
    """One shot: (1 + z) / 2 for class 1. Two: a reading of zero is class 0. Many: the signs. Nine: simulated."""
    z, labels = np.array([[0.4, -0.2, 0.6]]), np.array([1, 0, 0])
    assert expected_accuracy(z, labels, 1)[0] == pytest.approx((0.7 + 0.6 + 0.2) / 3)
    two = (0.7**2 + (1 - 0.4**2) + (1 - 0.8**2)) / 3
    assert expected_accuracy(z, labels, 2)[0] == pytest.approx(two)
    assert expected_accuracy(z, labels, 10**5)[0] == pytest.approx(2 / 3)
    outcomes = 2 * rng.binomial(9, (1 + z[0]) / 2, size=(20000, 3)) / 9 - 1
    simulated = ((outcomes > 0) == labels).mean()
    assert expected_accuracy(z, labels, 9)[0] == pytest.approx(simulated, abs=0.01)


def runs(curve, alphas, seeds=4):
    rng = np.random.default_rng(0)
    rows = [
        ("d", 10.0, s, a, curve(a) + 0.01 * rng.normal(), False)
        for s in range(seeds)
        for a in alphas
    ]
    return pd.DataFrame(
        rows, columns=["dataset", "shots", "seed", "alpha", "val_accuracy", "collapsed"]
    )


def summarised(frame):
    by, columns = ["dataset", "shots"], ["val_accuracy"]
    found = plateau_summary(frame, by, columns, 0.3, 0.05, 0.95, 200)
    return found.set_index("quantity")


def test_summary_finds_the_plateau_and_the_turning_point_of_a_known_curve():
    alphas = np.arange(10) / 10
    frame = runs(lambda a: sigmoid(a, 0.95, 0.05, 0.47, 0.02), alphas)
    found = summarised(frame)
    assert found.value["plateau"] == pytest.approx(0.95, abs=0.01)
    assert found.value["critical_alpha"] == pytest.approx(0.47, abs=0.02)
    assert np.all((found.low <= found.value) & (found.value <= found.high))
    assert np.all(found.seeds == 4)


def test_an_interval_of_an_accuracy_does_not_pass_1():
    rows = [
        {"model": "qnn", "alpha": alpha, "seed": seed, "val": level, "collapsed": False}
        for alpha in (0.0, 0.1, 0.2)
        for seed, level in enumerate((1.0, 1.0, 1.0, 1.0, 0.9))
    ]
    found = plateau_summary(pd.DataFrame(rows), ["model"], ["val"], 0.3, 0.05, 0.95, 200)
    plateau = found[found["quantity"] == "plateau"].iloc[0]
    assert plateau["low"] < 0.98 < plateau["high"] <= 1


def test_summary_names_no_turning_point_where_there_is_no_plateau():
    frame = runs(lambda a: 0.5, np.arange(10) / 10)
    found = summarised(frame)
    assert found.value["plateau"] == pytest.approx(0.5, abs=0.02)
    assert np.isnan(found.value["critical_alpha"])


def test_models_of_the_figures_are_those_of_the_configuration():
    study = plan()
    noise, shots = study.study("noise"), study.study("shots")
    names = noise.models()
    strengths = len(noise.depolarizing) + len(noise.readout_error)
    assert len(names) == len(set(names)) == 2 * (1 + strengths)
    for name in [*names, *shots.models()]:
        assert spell(*parse(name)) == name
        options = study.architecture("xxz", name)
        assert options == study.architecture("xxz", "qnn") | parse(name)[1]


@pytest.mark.parametrize("name", ["noise", "shots"])
def test_a_study_of_hardware_needs_a_qnn(name):
    config = plan().config
    config["beyond"][name]["model"] = "mlp"
    words = rf"beyond\.{name}\.model: 'mlp' is of the family mlp; name an architecture"
    with pytest.raises(UserError, match=words):
        ask(Plan(config), [name])


def test_bounds_below_every_alpha_are_all_named():
    study = plan(alphas=[0.5, 0.6])
    with pytest.raises(UserError) as error:
        ask(study, ["capacity", "noise", "shots"])
    for key in ("supplement.capacity.max_alpha", "beyond.noise.plateau", "beyond.shots.plateau"):
        assert f"{key}: 0.4 is below every value of alphas" in str(error.value)


@pytest.mark.workflow
def test_figures_of_hardware_are_planned(study):
    few = {
        "noise": {"depolarizing": [0.1], "readout_error": [0.2], "shots": 100},
        "shots": {"shots": [100]},
    }
    (study / "hardware.yaml").write_text(yaml.safe_dump({"beyond": few}))
    figures = [f"results/figs/figX_{name}.pdf" for name in few]
    rules = planned(study, *figures, "--configfile", "tiny.yaml", "hardware.yaml")
    made = {f"{verb}_{name}": 1 for verb in ("tabulate", "draw") for name in few}
    assert rules == {"train_models": 5} | made
