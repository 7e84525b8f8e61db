"""What an unlearning method does to parameters before, after or instead of its loop of gradient steps
(`parts.methods`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.experiment.problem import Cell, Problem, Samples
from qunlearn.experiment.sample_set import SampleSet
from qunlearn.grid.names import base
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.runtime.keys import jax_key
from qunlearn.training.losses import real_dtype
from qunlearn.training.small_face import arrays_of, complain

#: Sets of samples that are asked for by name.
SETS = ("retain", "forget", "train")


class Around:
    """A method's functions around the loop, for R replicas one after the other, in double precision.

    `cells` tell random keys apart, `origins` are those whose samples are read; `poisoned`: (params,
    state), stacked; `weights`: (R,) values of the method's real options by name; `aside`: fraction
    of the training samples that is not read.
    """

    def __init__(
        self,
        problem: Problem,
        cells: list[Cell],
        origins: list[Cell],
        poisoned: tuple,
        method: UnlearningMethod,
        weights: dict[str, np.ndarray],
        aside: float = 0.0,
    ):
        self.problem = problem
        self.method = method
        self.cells = cells
        self.origins = origins
        self.poisoned = poisoned
        self.weights = weights
        self.aside = aside
        #: How often a function, once it ran, sent each set that it asks for through the model and back.
        self.passes: dict[str, dict[str, int]] = {}

    def apply(
        self, function: str, params: dict, progress: Callable = lambda *_: None
    ) -> dict[str, np.ndarray]:
        """What the method's `function` ('before', 'mask' or 'after') makes of the parameters, both
        stacked, in the precision of the process.

        Raises UserError where it gives no arrays like the parameters.
        """
        # drawn in the precision of the process, in which models start: in another, draws are others
        of_each = [self._own(function, params, number) for number in range(len(self.cells))]
        found = []
        with jax.enable_x64(True):
            pool = jax.device_put(_in_double(self.problem.pools["train"]))
            program = jax.jit(partial(self._of_one, function))
            for own in of_each:
                result = program(pool, _in_double(own))
                found.append(jax.tree.map(np.asarray, result))
                progress(len(found) / len(of_each), f"{self.method.name()}: {function}")
        real = np.dtype(real_dtype())
        return jax.tree.map(lambda *leaves: np.stack(leaves).astype(real), *found)

    def count(self, function: str, params: dict) -> int:
        """Samples that the function sends through the model and back for one replica, without
        running it."""
        own = self._own(function, params, 0)
        with jax.enable_x64(True):
            pool = _in_double(self.problem.pools["train"])
            jax.eval_shape(partial(self._of_one, function), pool, _in_double(own))
        times = self.passes[function]
        return sum(times[name] * int(members.sum()) for name, members in own["sets"].items())

    # -- one replica -------------------------------------------------------------------------------
    def _own(self, function: str, params: dict, number: int) -> dict:
        """What one replica's function reads."""
        asked = self.method.arguments(function)
        poisoned, state = jax.tree.map(lambda leaf: leaf[number], self.poisoned[:2])
        own = {
            "params": jax.tree.map(lambda leaf: leaf[number], params),
            "poisoned": poisoned,
            "state": state,
            "weights": {name: values[number] for name, values in self.weights.items()},
            "sets": {},
            "anchors": {},
            "key": jax.random.key_data(self._key(function, self.cells[number])),
        }
        for name, purpose in (("start", "init"), ("untrained", "retrain")):
            if name in asked:
                seed = self.origins[number].seed if name == "start" else self.cells[number].seed
                new, _ = self.problem.initial([seed], purpose)
                own["anchors"][name] = jax.tree.map(lambda leaf: leaf[0], new)
        samples = self.problem.samples(self.origins[number], self.aside)
        own["samples"] = samples.rows, samples.labels.astype(float)
        for name in SETS:
            if name in asked:
                own["sets"][name] = _members(samples, name)
        return own

    def _key(self, function: str, cell: Cell):
        problem, method = self.problem, self.method.name()
        names = problem.dataset.name, problem.model_name, base(problem.corruption), method
        return jax_key(*names, f"{cell.alpha:.4f}", cell.seed, function)

    def _of_one(self, function: str, pool, own: dict) -> dict:
        model = self.problem.model
        of_all = model, own["state"], pool, *own["samples"]
        sets = {name: SampleSet(*of_all, members) for name, members in own["sets"].items()}
        known = {
            **own["anchors"],
            **sets,
            "params": own["params"],
            "poisoned": own["poisoned"],
            "key": jax.random.wrap_key_data(own["key"]),
        }
        asked = self.method.arguments(function)
        if "behind" in asked:
            known["behind"] = _spread(model.behind(own["params"]), own["params"])
        method = self.method.model_copy(update=own["weights"])
        run = getattr(method, function)
        found = run(**{name: known[name] for name in asked})
        self.passes[function] = {name: one.passes for name, one in sets.items()}
        return self._checked(run, found, own["params"])

    def _checked(self, run: Callable, found, params: dict) -> dict:
        """What a method returns, as arrays like the parameters; numbers stand for equal ones."""
        wanted = f"arrays like the parameters, {arrays_of(params)}, are asked for"
        if jax.tree.structure(found) != jax.tree.structure(params):
            complain(run, f"{type(found).__name__} of another kind", wanted)
        try:
            return _spread(found, params)
        except ValueError:
            complain(run, f"{arrays_of(jax.tree.map(jnp.asarray, found))}", wanted)


def _spread(tree, params: dict) -> dict:
    """Numbers and arrays as arrays of the parameters' shapes."""

    def spread(value, parameter):
        return jnp.broadcast_to(jnp.asarray(value, parameter.dtype), parameter.shape)

    return jax.tree.map(spread, tree, params)


def _members(samples: Samples, name: str) -> np.ndarray:
    """Which of a cell's training samples a set holds."""
    read = ~samples.aside
    chosen = {"train": read, "retain": read & ~samples.forget, "forget": read & samples.forget}
    return chosen[name]


def _in_double(tree):
    """Real numbers in double precision; integers, such as keys and rows, as they are; on the host."""

    def convert(leaf):
        leaf = np.asarray(leaf)
        return leaf.astype(float) if np.issubdtype(leaf.dtype, np.floating) else leaf

    return jax.tree.map(convert, tree)
