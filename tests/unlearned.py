"""Poisoned models to be unlearned, and methods at the headline's weights."""

from qunlearn.experiment.problem import Cell
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
