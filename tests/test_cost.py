"""Operation counts of an update of training and of unlearning, and of curvature, so that a slow-down shows
without timing anything.

Counts of training are those of XLA's cost analysis of the compiled program: one epoch of one update, no
evaluation, the models' memory reused; XLA does not look into the loops of `quantum.kernel`, whose
operations are added. Bounds lie about a quarter above what was counted when they were set; lower
them when an update gets cheaper.
"""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from programs import Counted
from project import QNN as DIGITS_QNN
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.unlearn import unlearn
from qunlearn.landscape import curvature
from qunlearn.landscape.analyse import analyse
from qunlearn.parts import models
from qunlearn.parts.registry import shipped
from qunlearn.quantum.classifier import SPARSE
from qunlearn.quantum.program import program as gates_of
from qunlearn.studies.benchmark.project import project_program
from qunlearn.studies.methods.search import price
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import EvalSet
from unlearned import MLP, method

QNN = {
    "family": "qnn",
    "entangler": "chain",
    "rotations": "xyx",
    "readout_scale": 5.0,
    "measure": "last",
}


def update_program(options, x, batch, lanes):
    """One update of `lanes` replicas in single precision, compiled."""
    jax.config.update("jax_enable_x64", False)
    model = models.build(options, [x, x])
    pool = jnp.asarray(model.encode(x), jnp.float32)
    order = np.tile(np.arange(batch, dtype=np.int32), (lanes, 1, 1))
    program, arguments = project_program(model, pool, np.zeros(len(x)), order)
    return jax.jit(program, donate_argnums=1).lower(*arguments).compile()  # as the trainer does


def update_cost(options, x, batch, lanes):
    """(floating-point operations, bytes accessed) of the same."""
    cost = update_program(options, x, batch, lanes).cost_analysis()
    loops = 0
    if options["family"] == "qnn":
        model = models.build(options, [x, x])
        pool = model.encode(x)
        loops = loop_operations(model, pool, batch, lanes)
    return cost["flops"] + loops, cost["bytes accessed"]


def loop_operations(model, pool, batch, lanes):
    """Operations of the compiled loops in one update."""
    pairs = len(gates_of(model.circuit).pairs)
    forwards, derivative, register_and_cotangent = 6, 4, 12
    count = pairs * (2 * forwards + derivative + register_and_cotangent)  # evolved again for both
    if len(pool) > SPARSE * batch:
        count += 4 * batch * pool.shape[1]  # the minibatch's rows times the observable, and back
    return lanes * count


@pytest.mark.parametrize(
    ("options", "shape", "batch", "lanes", "flops", "megabytes"),
    [
        (QNN | {"depth": 4}, (197, 4096), 32, 25, 1.2e6, 0.37),
        (QNN | {"depth": 6}, (500, 784), 256, 25, 1.4e8, 12.6),
        ({"family": "mlp", "hidden": [64, 16]}, (197, 8192), 32, 1, 9.2e7, 43.5),
        ({"family": "mlp", "hidden": [64, 16]}, (217, 64), 32, 10, 1.0e7, 5.0),
    ],
)
def test_an_update_costs_no_more_than_it_did(options, shape, batch, lanes, flops, megabytes, rng):
    x = rng.normal(size=shape)
    found = update_cost(options, x / np.linalg.norm(x, axis=1, keepdims=True), batch, lanes)
    assert found[0] <= flops
    assert found[1] <= 1e6 * megabytes


def test_the_cost_of_a_narrow_light_cone_hardly_grows_with_the_register(rng):
    """Sixteen times the amplitudes cost no more than the optimiser's share of the idle parameters."""
    costs = []
    for qubits in (6, 10):
        x = rng.normal(size=(40, 2**qubits)) + 1j * rng.normal(size=(40, 2**qubits))
        costs.append(
            update_cost(QNN | {"depth": 3}, x / np.linalg.norm(x, axis=1, keepdims=True), 16, 4)[0]
        )
    assert costs[1] <= 1.1 * costs[0]


@pytest.mark.parametrize(("width", "transposed"), [(64, True), (16, False)])
def test_the_minibatch_is_transposed_for_the_derivative_of_a_wide_layer(width, transposed, rng):
    """XLA's product along the first axis of both takes two and a half times as long."""
    options = {"family": "mlp", "hidden": [width]}
    compiled = update_program(options, rng.normal(size=(20, 300)), batch=10, lanes=1)
    (product,) = re.findall(rf"= f32\[300,{width}\]\S* dot\(.*", compiled.as_text())
    assert ("lhs_contracting_dims={1}" in product) is transposed


# -- unlearning and curvature ----------------------------------------------------------------------
FULL_BATCH = Schedule(2, 0, 0.01)
POISONED = [Cell(0.3, 0)]


@pytest.fixture
def counted(monkeypatch):
    """A function that runs another and gives the operations of the programs that it asked for."""

    def of(function):
        programs = Counted()
        with monkeypatch.context() as patch:
            patch.setattr(jax, "jit", programs)
            function()
        return programs.operations

    return of


@pytest.fixture
def unlearning(digits, counted):
    """A function that gives operations and price of a method's loop on poisoned digits."""

    def of(name, architecture):
        jax.config.update("jax_enable_x64", False)
        problem = Problem(digits, architecture["family"], architecture, "label_flipping", [0])
        poisoned = problem.initial([0])
        one = {"validation": EvalSet("validation", np.zeros((1, 1), int), np.zeros((1, 1)))}
        chosen = method(name)
        operations = counted(
            lambda: unlearn(problem, POISONED, poisoned, chosen, FULL_BATCH, evals=one)
        )
        return operations, price(problem, POISONED[0], poisoned, chosen, FULL_BATCH)

    return of


LOOPING = [name for name, part in shipped("method").items() if part.defines("loss")]


@pytest.mark.parametrize("architecture", [MLP, DIGITS_QNN], ids=["mlp", "qnn"])
@pytest.mark.parametrize("name", LOOPING)
def test_an_update_of_a_method_costs_what_its_price_says(name, architecture, unlearning):
    operations, asked = unlearning(name, architecture)
    plain, paid = unlearning("finetune", architecture)
    assert operations / plain <= 1.25 * asked.read / paid.read


@pytest.mark.parametrize(
    ("architecture", "dense", "most"),
    [(MLP, True, 8.1e8), (MLP, False, 3.7e6), (DIGITS_QNN, False, 1.2e6)],
)
def test_curvature_costs_no_more_than_it_did(
    architecture, dense, most, digits, counted, monkeypatch
):
    """The whole Hessian, and products with it; of a circuit the whole one is no program of XLA."""
    monkeypatch.setattr(curvature, "DENSE", 10**9 if dense else 0)
    problem = Problem(digits, architecture["family"], architecture, "label_flipping", [0])
    poisoned = jax.tree.map(np.asarray, problem.initial([0]))
    assert counted(lambda: analyse(problem, POISONED, poisoned)) <= most
