"""What the authors' notebook has of the landscape: its circuit, its trace, its ratio, its flips."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from circuits import cnot_ring, qnn, random_states, with_cliffords
from project import configuration, plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape import analyse
from qunlearn.landscape.trained import trained_points
from qunlearn.parts import corruptions
from qunlearn.quantum import lightcone, statevector
from qunlearn.quantum.complexified import imaginary_slopes
from qunlearn.quantum.simulator import readout, tensorcircuit
from qunlearn.results.cells import failed
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.roughening import lrr

pytestmark = pytest.mark.usefixtures("compiled_quickly")
STEP = 1e-4
LANDSCAPE = configuration()["landscape"]


# -- the circuit -----------------------------------------------------------------------------------
def test_a_ring_of_cnots_sees_the_whole_register_after_one_layer():
    a = cnot_ring(6, 1, 5)
    assert sorted(lightcone.support(a)) == list(range(6))
    assert a.parameters == 12 and len(a.gates) == 18
    assert qnn(depth=5, circuit="cnot_ring").circuit_on(10).parameters == 100


def test_what_cannot_move_the_readout_is_not_in_the_light_cone():
    """A CNOT whose control alone is read out as it is, and equal gates of which one is dead."""

    def layer(qubits, number):
        yield "cnot", 0, 2
        yield "cnot", 2, 1
        yield "cnot", 0, 2
        yield "cnot", 1, 3

    from qunlearn.quantum.circuit import assemble

    live = lightcone.live_gates(assemble(layer, 4, 1, 1))
    assert [gate.place for gate in live] == [1, 0]
    assert lightcone.support(assemble(layer, 4, 1, 1)) == [0, 2, 1]


def test_layers_with_cnots_take_the_fast_path_to_the_same_numbers(rng, monkeypatch):
    a = cnot_ring(4, 3, 3)
    states = jnp.asarray(statevector.parts(statevector.arranged(a, random_states(rng, 4, 3))))
    theta = jnp.asarray(rng.normal(size=a.parameters))
    assert statevector.uniform_layers(a).cnots == ((0, 1), (1, 2), (2, 3), (3, 0))
    fast = jax.jit(partial(statevector.expectation, a))(theta, states)
    monkeypatch.setattr(statevector, "uniform_layers", lambda circuit: None)
    slow = jax.jit(partial(statevector.expectation, a))(theta, states)
    np.testing.assert_allclose(fast, slow, atol=1e-12)


# -- the trace -------------------------------------------------------------------------------------
@pytest.mark.parametrize("circuit", [cnot_ring(3, 2, 2), with_cliffords(4, 3, 4, 0)])
def test_slopes_are_those_of_a_simulator_with_complex_angles(circuit, rng):
    [state] = random_states(rng, 3, 1)
    theta = rng.normal(size=circuit.parameters).astype(complex)
    found = imaginary_slopes(circuit, theta.real, state[None])[0]
    with tensorcircuit("numpy") as tc:
        for number, slope in enumerate(found):
            step = 1j * STEP * np.eye(len(theta))[number]
            ends = [readout(tc, circuit, theta + sign * step, state) for sign in (1, -1)]
            assert slope == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=1e-7)


def loss(z, labels):
    return np.mean(np.logaddexp(0, z) - labels * z)


@pytest.mark.long
def test_the_complexified_trace_is_the_sum_over_both_parts(digits):
    """Second differences of the loss by TensorCircuit in real and imaginary parts of every angle."""
    few = replace(
        digits,
        x_train=digits.x_train[:3, :8] / np.linalg.norm(digits.x_train[:3, :8], axis=1)[:, None],
        y_train=np.array([0, 1, 1]),
        x_validation=digits.x_train[:2, 8:16]
        / np.linalg.norm(digits.x_train[:2, 8:16], axis=1)[:, None],
        y_validation=np.array([1, 0]),
    )
    options = {"depth": 1, "circuit": "cnot_ring", "entangler": "chain", "rotations": "xyx"}
    block = {"family": "qnn", "readout_scale": 5.0, "measure": "last", **options}
    problem = Problem(few, "qnn", block, "label_flipping", [0])
    cells = [Cell(0.0, 0)]
    theta = np.random.default_rng(1).normal(size=(1, problem.model.circuit.parameters))
    trained = ({"theta": theta}, {})
    found, _ = analyse.analyse(problem, cells, trained, trace="complexified")
    plain, _ = analyse.analyse(problem, cells, trained)
    circuit = problem.model.circuit
    for part, labels in (("train", few.y_train), ("validation", few.y_validation)):
        states = problem.raw_samples(part)

        def at(angles, states=states, labels=labels):
            with tensorcircuit("numpy") as tc:
                z = [5 * readout(tc, circuit, angles, state) for state in states]
            return loss(np.array(z), labels)

        centre = theta[0].astype(complex)
        total = 0.0
        for axis in (*np.eye(centre.size), *1j * np.eye(centre.size)):
            ends = at(centre + STEP * axis) + at(centre - STEP * axis)
            total += (ends - 2 * at(centre)) / STEP**2
        [curvature] = found[part]
        assert curvature.trace == pytest.approx(total, abs=1e-5)
        assert curvature.gauss_newton + curvature.residual == pytest.approx(curvature.trace)
        assert curvature.trace != pytest.approx(plain[part][0].trace, rel=0.01)


@pytest.mark.long
def test_a_relu_network_has_the_same_trace_either_way_and_fewer_samples_their_own(digits):
    block = {"family": "mlp", "hidden": [4]}
    problem = Problem(digits, "mlp", block, "label_flipping", [0])
    cells = [Cell(0.3, 0)]
    trained = problem.initial([0])
    plain, answers = analyse.analyse(problem, cells, trained)
    found, _ = analyse.analyse(problem, cells, trained, trace="complexified", samples=20)
    assert found["train"][0].trace == pytest.approx(plain["train"][0].trace)
    chosen = analyse.chosen_samples(problem, 20)
    assert len(set(chosen.tolist())) == 20
    [(_, point, _)] = trained_points(problem, cells, trained)
    few = analyse.Analyser(problem.model)(analyse.on_validation_data(problem, point, chosen))
    assert found["validation"][0].trace == pytest.approx(few.trace)
    assert 0 <= answers.ones[0] <= 1
    with pytest.raises(UserError, match=r"landscape.samples: 9999 are more than the .* digits"):
        analyse.chosen_samples(problem, 9999)


def test_what_a_models_name_asks_of_its_trace():
    study = plan(landscape=LANDSCAPE | {"samples": 50})
    assert study.trace_options("digits", "qnn") == {"samples": 50, "trace": "plain"}
    changed = "qnn~landscape.trace=complexified,landscape.samples=20"
    assert study.trace_options("digits", changed) == {"samples": 20, "trace": "complexified"}
    with pytest.raises(UserError, match=r"landscape\.trace"):
        study.trace_options("digits", "qnn~landscape.trace=complex")


def test_what_has_no_complexified_trace_is_refused_before_a_job_starts():
    from qunlearn.studies.landscape import trace_problems

    study = plan(landscape=LANDSCAPE | {"trace": "complexified", "samples": 100_000})
    found = trace_problems(study, ["mlp", "qnn", "qnn~shots=10"], ["digits"])
    assert len(found) == 2
    assert "100000 are more than the 145 validation samples of digits" in found[0]
    assert found[1] == "landscape.trace: qnn~shots=10 has no complexified trace with shots"


# -- the ratio, the flips, constant outputs --------------------------------------------------------
def test_ratios_of_means_and_dead_runs():
    """By hand: clean traces 2, 4 and the dead 0.25."""
    table = pd.DataFrame(
        {
            "seed": [0, 1, 2, 0, 1, 2],
            "alpha": [0.0, 0.0, 0.0, 0.3, 0.3, 0.3],
            "trace": [2.0, 4.0, 0.25, 6.0, 0.2599, 5.0],
        }
    )
    poisoned = table["alpha"] > 0
    table["model"] = "mlp"
    by = ["model", "seed"]
    np.testing.assert_allclose(lrr(table, by)[poisoned], [3, 0.2599 / 4, 20])
    mean = (2 + 4 + 0.25) / 3
    found = lrr(table, by, "of_means")[poisoned]
    np.testing.assert_allclose(found, [6 / mean, 0.2599 / mean, 5 / mean])
    found = lrr(table, by, "of_means", drop_dead=True)[poisoned]
    np.testing.assert_allclose(found, [2, np.nan, 5 / 3])
    found = lrr(table, by, drop_dead=True)[poisoned]
    np.testing.assert_allclose(found, [3, np.nan, np.nan])


def test_flips_that_are_not_balanced():
    labels = np.repeat([0, 1], 100)
    x = np.zeros((200, 2))
    uneven = 0
    for seed in range(5):
        masks = [
            corruptions.forget_mask("digits", x, labels, name, 0.3, seed)
            for name in ("label_flipping", "label_flipping~classes=any")
        ]
        assert [mask.sum() for mask in masks] == [60, 60]
        assert masks[0][:100].sum() == 30
        uneven += masks[1][:100].sum() != 30
    assert uneven > 0


def test_a_run_with_one_answer_to_everything_failed_at_any_alpha():
    content = {"diverged": np.array([False, True, False, False])}
    assert failed(content).tolist() == [False, True, False, False]
    content["validation_ones"] = np.array([0.5, 0.4, 1.0, 0.0])
    assert failed(content).tolist() == [False, True, True, True]
