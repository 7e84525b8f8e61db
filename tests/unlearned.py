"""Poisoned models to be unlearned, and methods at the headline's weights."""

import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from qunlearn.experiment.problem import Cell
from qunlearn.experiment.sample_set import SampleSet
from qunlearn.parts import registry
from qunlearn.plots.looks import Looks
from qunlearn.training.schedule import Schedule

MLP = {"family": "mlp", "hidden": [8]}
CELLS = [Cell(0.3, 0), Cell(0.3, 1)]
HEADLINE = {
    "gradient_ascent": {"beta": 0.2},
    "scrub": {"lambda_ce": 1.0, "lambda_kl": 0.1, "lambda_fo": 0.2},
}
SCHEDULE = Schedule(4, 50, 0.02)
CASE = ("digits", "qnn", "label_flipping", 0.3)
LOOKS = Looks({}, {}, {}, {})


def method(name, **options):
    """An unlearning method, at the headline's weights unless told otherwise."""
    return registry.find("method", name)(**HEADLINE.get(name, {}) | options)


def sample_set(problem, name, cell):
    """The 'train', 'retain' or 'forget' set of a cell."""
    samples = problem.samples(cell)
    every = np.ones(len(samples.forget), bool)
    members = {"train": every, "forget": samples.forget, "retain": ~samples.forget}[name]
    pool = jnp.asarray(problem.pools["train"])
    return SampleSet(problem.model, {}, pool, samples.rows, samples.labels.astype(float), members)


def flat(params):
    """Parameters as a vector (P,)."""
    return np.asarray(ravel_pytree(params)[0])
