"""Every program of the study can be lowered for a GPU, on a machine that has none.

A stage is run with `jax.jit` replaced: a program is exported for CUDA and for the CPU, from one trace, and not run; its
results are zeros. So the lists of programs are those of the library and of the registry.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.export import DisabledSafetyCheck, export

from circuits import random_states
from programs import NotRun
from project import plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.landscape import curvature
from qunlearn.landscape.analyse import analyse
from qunlearn.parts import models
from qunlearn.parts.datasets import Dataset
from qunlearn.parts.registry import find, shipped
from qunlearn.quantum import classifier, foreign
from qunlearn.studies.gradients import gradients
from qunlearn.studies.landscape.surface import surfaces
from qunlearn.studies.membership.audit import answers
from qunlearn.studies.shots.readout import expectations
from qunlearn.studies.slices import analysis as slices
from qunlearn.training.schedule import Schedule

LOOPS = ["evolve", "pull_back", "read", "read_back"]
KNOWN = [DisabledSafetyCheck.custom_call(f"qunlearn_{name}") for name in LOOPS]
CELLS = [Cell(0.5, 0), Cell(0.5, 1)]
SEEDS = [0, 1]


class Programs(NotRun):
    """`cuda` and `cpu` are the programs that were asked for, as text."""

    def __init__(self):
        super().__init__()
        self.cuda, self.cpu = [], []

    def note(self, program, arguments):
        on_gpu = export(program, platforms=["cuda"])(*arguments)
        on_cpu = export(program, platforms=["cpu"], disabled_checks=KNOWN)(*arguments)
        self.cuda.append(on_gpu.mlir_module())
        self.cpu.append(on_cpu.mlir_module())

    def loops(self) -> set[str]:
        """Names of the compiled loops that the programs call on a CPU; on a GPU they call none."""
        assert self.cuda
        assert not re.search("@qunlearn_", "".join(self.cuda))
        return set(re.findall(r"@qunlearn_(\w+)", "".join(self.cpu)))


@pytest.fixture
def programs(monkeypatch):
    found = Programs()
    monkeypatch.setattr(jax, "jit", found)
    return found


@pytest.fixture
def single():
    jax.config.update("jax_enable_x64", False)


@pytest.fixture(scope="module")
def data():
    """Samples that are images and real states of four qubits."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.arange(20) % 2
    where = np.full(20, np.nan)
    parts = x[:12], y[:12], x[12:], y[12:]
    return Dataset("dots", *parts, ("a", "b"), where[:12], where[12:], (4, 4))


def small(value):
    """An option with its numbers made small."""
    if isinstance(value, dict):
        return small(next(iter(value.values())))
    if isinstance(value, list):
        return [small(one) for one in value[:2]]
    if isinstance(value, float):
        return 1.0
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(value, 2) if whole else value


def architectures(chosen: Callable) -> dict[str, dict]:
    """Small ones like those of the configuration whose family is `chosen`, each once."""
    found = {}
    for name, options in plan().config["architectures"].items():
        if chosen(find("model", options["family"])):
            tiny = {key: small(value) for key, value in options.items()}
            if tiny not in found.values():
                found[name] = tiny
    return found


BY_GRADIENTS = architectures(lambda family: not family.fitted)
FITTED = architectures(lambda family: family.fitted)
ANALYSED = architectures(lambda family: family.landscape)
HARDWARE = {
    "noise": {"depolarizing": 0.01},
    "shots": {"shots": 16},
    "free": {"free_scale": True},
    "errors": {"readout_error": 0.1},
}


def brief(names, kept):
    """The names as parameters of a test; those that are not `kept` take their time."""
    return [name if name in kept else pytest.param(name, marks=pytest.mark.long) for name in names]


def test_every_family_that_is_trained_is_among_the_architectures():
    named = {options["family"] for options in BY_GRADIENTS.values()}
    trained = {name for name, family in shipped("model").items() if not family.fitted}
    assert named == trained


def problem(data, name, corruption="label_flipping"):
    options = (BY_GRADIENTS | FITTED)[name] if isinstance(name, str) else name
    of_states = find("corruption", corruption)().misfit(plan().source("digits"), "digits")
    if options.get("split") or of_states:
        states = {part: getattr(data, part) + 0j for part in ("x_train", "x_validation")}
        data = replace(data, **states)
    return Problem(data, options["family"], options, corruption, SEEDS)


def initial(problem):
    return jax.tree.map(np.asarray, problem.initial([cell.seed for cell in CELLS]))


# -- training --------------------------------------------------------------------------------------
@pytest.mark.parametrize("corruption", brief(shipped("corruption"), ["label_flipping"]))
@pytest.mark.parametrize("name", brief(BY_GRADIENTS, ["mlp", "qnn"]))
def test_training(name, corruption, data, single, programs):
    schedule = Schedule(2, 3, 0.1, early_stopping=0.2)
    train(problem(data, name, corruption), CELLS, schedule)
    quantum = find("model", BY_GRADIENTS[name]["family"]).quantum
    assert programs.loops() >= ({"evolve", "pull_back"} if quantum else set())


@pytest.mark.parametrize("name", brief(FITTED, ["logistic"]))
def test_what_is_fitted_answers(name, data, single, programs):
    train(problem(data, name), CELLS, Schedule(1, 0, 0.1))
    assert not programs.loops()


@pytest.mark.parametrize("hardware", brief(HARDWARE, ["shots"]))
def test_training_on_hardware(hardware, data, single, programs):
    train(problem(data, BY_GRADIENTS["qnn"] | HARDWARE[hardware]), CELLS, Schedule(2, 3, 0.1))
    assert bool(programs.loops()) == (hardware != "noise")


@pytest.mark.parametrize("engine", brief(["span", "states"], ["span"]))
def test_training_of_wide_light_cones(engine, data, single, programs, monkeypatch):
    monkeypatch.setattr(classifier, "MAX_CONE", 1)
    monkeypatch.setattr(classifier, "MAX_SPAN", 32 if engine == "span" else 1)
    wide = problem(data, "qnn")
    assert wide.model.engine == engine
    train(wide, CELLS, Schedule(2, 3, 0.1))
    assert not programs.loops()


def test_rows_that_are_read_one_by_one(data, single, programs):
    train(problem(data, "qnn"), CELLS, Schedule(2, 3, 0.1))
    assert programs.loops() == set(LOOPS)


def test_double_precision_has_no_loops(data, programs):
    train(problem(data, "qnn"), CELLS, Schedule(2, 3, 0.1))
    assert not programs.loops()


# -- unlearning ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", brief(["mlp", "qnn"], ["qnn"]))
@pytest.mark.parametrize("method", brief(shipped("method"), ["retrain", "scrub"]))
def test_unlearning(method, name, data, single, programs):
    mine = problem(data, name)
    chosen = plan().method(method)
    unlearn(mine, CELLS, initial(mine), chosen, Schedule(2, 3, 0.1))
    needed = {"evolve", "pull_back"} if chosen.defines("loss") else {"evolve"}
    assert programs.loops() >= (needed if name == "qnn" else set())


# -- landscape, in double precision ----------------------------------------------------------------
@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("name", brief(ANALYSED, ["qnn"]))
def test_landscape(name, dense, data, programs, monkeypatch):
    """Traces of both terms of the Hessian, the top eigenvalue."""
    monkeypatch.setattr(curvature, "DENSE", 10**9 if dense else 0)
    mine = problem(data, name)
    analyse(mine, CELLS[:1], initial(mine))
    assert not programs.loops()


@pytest.mark.parametrize("name", ["mlp", "qnn"])
@pytest.mark.long
@pytest.mark.parametrize("analysis", [s for s, part in shipped("study").items() if part.analyses])
def test_what_studies_ask_of_trained_models(analysis, name, data, programs, monkeypatch):
    whole = plan()
    declared = whole.study(analysis)
    settings = declared.analysis_settings(whole, "digits", name)
    mine = problem(data, name)
    for most in (10**9, 0):
        monkeypatch.setattr(slices, "DENSE", most)
        if "exact" in settings:
            settings |= {"exact": most, "steps": 3, "probes": 1}
        declared.analyse(mine, CELLS[:1], initial(mine), settings, lambda *_: None)
    assert not programs.loops()


@pytest.mark.parametrize("name", brief(["mlp", "qnn"], ["qnn"]))
def test_surfaces(name, data, programs):
    mine = problem(data, name)
    surfaces(mine, CELLS[:1], initial(mine), np.linspace(-1, 1, 3))
    assert not programs.loops()


@pytest.mark.long
def test_gradients(data, programs):
    mine = problem(data, "qnn")
    gradients.untrained(mine, 2)
    gradients.trained(mine, CELLS, initial(mine))
    assert {"evolve", "pull_back"} <= set(programs.loops())


def test_audits_and_readings(data, single, programs):
    mine = problem(data, "qnn")
    variables = initial(mine)
    answers(mine, CELLS, variables)
    expectations(data, BY_GRADIENTS["qnn"], variables[0])
    assert "evolve" in programs.loops()


# -- the same numbers ------------------------------------------------------------------------------
class Elsewhere:
    """In the place of the operation that is lowered by platform: as on a GPU."""

    bind = staticmethod(foreign._in_operations)


@pytest.mark.long
def test_other_platforms_give_the_same_numbers(data, single, monkeypatch):
    """To rounding: values and gradients, of models on their own and together."""
    mine = problem(data, "qnn")
    params, state = initial(mine)
    params["theta"] = 100 * params["theta"]
    pool = jnp.asarray(mine.pools["train"], jnp.float32)
    rows = np.array([4, 1, 2])

    def loss(params):
        return jnp.sum(mine.model.logits(params, state, pool, rows)[0] ** 2)

    def found():
        both = jax.value_and_grad(loss)
        one = jax.tree.map(lambda leaf: leaf[0], params)
        twice = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), params)
        nested = jax.vmap(jax.vmap(both))
        return both(one), jax.jit(jax.vmap(both))(params), jax.jit(nested)(twice)

    here = found()
    monkeypatch.setattr(foreign, "_by_platform", Elsewhere)
    there = found()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), here, there)


def test_loops_where_replicas_are_nested(single):
    """A vmap in a vmap: as each alone."""
    x = random_states(np.random.default_rng(0), 4, 6)
    model = models.build(BY_GRADIENTS["qnn"], [x, x])
    rng = np.random.default_rng(1)
    theta = jnp.asarray(rng.normal(size=(2, 3, model.circuit.parameters)), jnp.float32)

    def coefficients(theta):
        return foreign.coefficients(model.circuit, model.columns, theta)

    nested = jax.jit(jax.vmap(jax.vmap(coefficients)))(theta)
    flat = jax.jit(jax.vmap(coefficients))(theta.reshape(6, -1))
    np.testing.assert_array_equal(nested.reshape(flat.shape), flat)
