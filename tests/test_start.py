"""What a job spends besides its work: programs that it compiles, what it imports, how it collects garbage."""

import logging
import os
import re
import subprocess
import sys

import jax
import numpy as np
import pytest

from project import ROOT
from qunlearn.experiment.answers import validation_answers
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts.registry import find
from qunlearn.runtime.caches import hidden
from qunlearn.runtime.keys import jax_key
from qunlearn.training.losses import log_sigmoid
from qunlearn.training.schedule import Schedule

MLP = {"family": "mlp", "hidden": [4]}
SCHEDULE = Schedule(2, 0, 0.01)


@pytest.fixture
def programs(caplog):
    """A function that runs another and gives the names of the programs that it compiled, sorted."""

    def of(function):
        caplog.clear()
        with jax.log_compiles(), caplog.at_level(logging.WARNING, logger="jax"):
            function()
        found = re.findall(r"^Compiling (?:jit\()?(\w+)", "\n".join(caplog.messages), re.MULTILINE)
        return sorted(found)

    return of


def problem_of(digits, seeds):
    return Problem(digits, "mlp", MLP, "label_flipping", seeds)


def test_a_training_needs_three_programs_however_many_seeds(digits, programs):
    for seeds in ([0], [0, 1, 2]):
        problem = problem_of(digits, seeds)
        cells = [Cell(0.3, seed) for seed in seeds]

        def job(problem=problem, cells=cells):
            trained = train(problem, cells, SCHEDULE)
            validation_answers(problem, (trained.params, trained.state))

        assert programs(job) == ["answers", "init", "run"]


def test_early_stopping_needs_no_further_program(digits, programs):
    problem = problem_of(digits, [0])
    stopping = SCHEDULE._replace(early_stopping=0.2)
    assert programs(lambda: train(problem, [Cell(0.3, 0)], stopping)) == ["init", "run"]


@pytest.mark.parametrize(
    ("method", "own"), [("finetune", []), ("gradient_ascent", []), ("retrain", ["init"])]
)
def test_unlearning_needs_one_program_beside_its_start(method, own, digits, programs):
    problem, cells = problem_of(digits, [0, 1]), [Cell(0.3, 0), Cell(0.3, 1)]
    options = {"beta": 0.2} if method == "gradient_ascent" else {}
    start = problem_of(digits, [0, 1]).initial([0, 1])  # a job reads it from a file

    def job():
        unlearn(problem, cells, start, find("method", method)(**options), SCHEDULE)

    assert programs(job) == [*own, "run"]


def test_initial_parameters_need_one_program_however_often_they_are_drawn(digits, programs):
    problem = problem_of(digits, [0, 1])
    assert programs(lambda: [problem.initial([0]), problem.initial([1, 0])]) == ["init"]


def test_a_key_is_that_of_jax_and_needs_no_program(programs):
    keys = []
    assert programs(lambda: keys.append(jax_key("mlp", 0, "init"))) == []
    (data,) = map(np.asarray, map(jax.random.key_data, keys))
    asked = jax.random.key_data(jax.random.key(int(data[1])))
    np.testing.assert_array_equal(data, asked)


def test_log_sigmoid_is_that_of_jax_to_the_last_bit():
    for real in (np.float32, np.float64):
        z = np.concatenate([np.linspace(-800, 800, 4001), [0.0, -0.0, np.inf, -np.inf, np.nan]])
        z = z.astype(real)
        theirs = jax.jit(jax.nn.log_sigmoid)(z)
        np.testing.assert_array_equal(jax.jit(log_sigmoid)(z), theirs)


def test_a_hidden_package_is_there_again_afterwards():
    sys.modules.pop("this", None)
    with hidden("this"), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules
    with hidden("sys"):
        import sys as found
    assert found is sys


@pytest.mark.long
def test_a_training_imports_no_more_than_it_needs():
    code = """
import sys
from qunlearn.runtime.job import configure_jax
configure_jax("single", None, 1)
import qunlearn.training.minimise
from qunlearn.quantum import foreign
assert foreign.available()
print([name for name in ("optax", "scipy.linalg", "pandas", "tensorcircuit") if name in sys.modules])
"""
    environment = {"PYTHONPATH": str(ROOT / "workflow"), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
