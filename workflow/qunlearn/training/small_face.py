"""Models of a user's own behind the protocol of every classifier (`training.classifier`).

A declaration (`parts.models.Model`) with `init` and `logit` says what one sample's logit is;
batches, pools and replicas are added here. What its functions give is looked at once, by shapes
alone, before any work is done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qunlearn.lazy import jax, jnp
from qunlearn.parts.part import where
from qunlearn.runtime.errors import UserError
from qunlearn.training.classifier import Classifier
from qunlearn.training.fitted import Fitted

if TYPE_CHECKING:
    from qunlearn.parts.models import FittedModel, Model, StatefulModel

#: Samples of the batch whose shapes are looked at.
FEW = 3


class SmallClassifier(Classifier):
    """Of a `Model` with `init(key, inputs)`, `logit(params, x)` and perhaps `encode(x)`.

    Raises UserError with file and line where one of them gives something else than it should.
    """

    def __init__(self, declaration: Model, rows: list[np.ndarray]):
        self.declaration = declaration
        self.landscape = declaration.landscape
        self.inputs = self.encode(rows[0][:FEW]).shape[1]
        self._look()

    def _look(self) -> None:
        params, _ = jax.eval_shape(self.init, jax.random.key(0))
        require_reals(self.declaration.init, params)
        self._look_at_logit(params)

    def _look_at_logit(self, params: dict) -> None:
        function = self.declaration.logit
        found = jax.eval_shape(function, params, reals(self.inputs))
        require_shape(function, found, (), "one number is asked for")

    def encode(self, x):
        function = self.declaration.encode
        features = np.asarray(function(x))
        wanted = f"rows of real numbers, ({len(x)}, inputs), are asked for"
        if features.ndim != 2 or len(features) != len(x):
            complain(function, described(features), wanted)
        if not np.issubdtype(features.dtype, np.floating):
            complain(function, str(features.dtype), wanted)
        return features

    def init(self, key):
        return self.declaration.init(key, self.inputs), {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        return jax.vmap(lambda sample: self.declaration.logit(params, sample))(x), state


class StatefulClassifier(SmallClassifier):
    """Of a `StatefulModel`: `init(key, inputs)` gives (params, state), `logits(params, state, x,
    weight, train)` the logits of a batch and the new state."""

    declaration: StatefulModel
    row_by_row = False

    def init(self, key):
        found = self.declaration.init(key, self.inputs)
        return require_pair(self.declaration.init, found, "(params, state)")

    def _look_at_logit(self, params) -> None:
        _, state = jax.eval_shape(self.init, jax.random.key(0))
        function = self.declaration.logits
        batch = reals(FEW, self.inputs), reals(FEW)
        for train in (False, True):
            answer = partial(_answer, function, train)
            found = jax.eval_shape(answer, params, state, *batch)
            logits, new_state = require_pair(function, found, "(logits, state)")
            wanted = f"one number per sample, {(FEW,)}, is asked for"
            require_shape(function, logits, (FEW,), wanted)
            wanted = "a state like that of init is asked for"
            require_same(function, new_state, state, wanted)

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        x = pool if rows is None else pool[rows]
        weight = jnp.ones(len(x), x.dtype) if weight is None else weight
        return self.declaration.logits(params, state, x, weight, train)


def _answer(function, train: bool, params, state, x, weight):
    return function(params, state, x, weight, train)


class FittedClassifier(SmallClassifier, Fitted):
    """Of a `FittedModel`: `fit(x, y)` gives the parameters that `logit(params, x)` reads.

    Beside these stands `fitted`, 1; where it is 0, before a fit, every logit is 0.
    """

    declaration: FittedModel
    found = None

    def _look(self) -> None:
        """Nothing is known of the parameters before the first fit."""

    def init(self, key):
        return {"fitted": jnp.zeros(())}, {}

    def parameters(self):
        """Of what was fitted last; none before."""
        count = sum(leaf.size for leaf in jax.tree.leaves(self.found))
        return {"all": count, "live": count}

    def fit(self, pool, rows, labels):
        function = self.declaration.fit
        found = function(pool[rows], np.asarray(labels))
        require_reals(function, found)
        found = jax.tree.map(np.asarray, found)
        if self.found is None:
            self._look_at_logit(found)
            self.found = found
        wanted = "arrays of one shape for all training sets are asked for; fill them up"
        require_same(function, found, self.found, wanted)
        return {"fitted": np.ones(()), "found": found}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        logits, _ = super().logits(params["found"], state, pool, rows)
        return jnp.where(params["fitted"] > 0, logits, 0), state


# -- what a function gives -------------------------------------------------------------------------
def reals(*shape: int):
    """Stands for real numbers of this shape."""
    real = jnp.zeros(()).dtype
    return jax.ShapeDtypeStruct(shape, real)


def complain(function, found: str, wanted: str) -> None:
    """Raises UserError about what a user's function returns."""
    place = where(function)
    raise UserError(f"{place}: {function.__qualname__} returns {found}; {wanted}.")


def described(found) -> str:
    """'shape (2,)', 'a tuple of 3', 'NoneType'."""
    kind = type(found).__name__
    if isinstance(found, (tuple, list)):
        return f"a {kind} of {len(found)}"
    return f"shape {found.shape}" if hasattr(found, "shape") else kind


def require_shape(function, found, shape: tuple, wanted: str) -> None:
    """Real numbers of this shape."""
    if getattr(found, "shape", None) != shape:
        complain(function, described(found), wanted)
    if not is_real(found):
        complain(function, f"{found.dtype}", f"{wanted}, a real one")


def require_pair(function, found, words: str) -> tuple:
    """A tuple of two."""
    if not isinstance(found, tuple) or len(found) != 2:
        complain(function, described(found), f"{words} is asked for")
    return found


def require_reals(function, params) -> None:
    """Parameters: nested dictionaries of arrays of real numbers."""
    wanted = "a dictionary of arrays of real numbers is asked for"
    leaves = jax.tree.leaves(params)
    if not isinstance(params, dict) or not leaves:
        complain(function, described(params), wanted)
    for leaf in leaves:
        if not is_real(leaf):
            complain(function, f"{leaf.dtype} among its arrays", wanted)


def require_same(function, found, like, wanted: str) -> None:
    """The names, shapes and types of arrays that `like` has."""
    if arrays_of(found) != arrays_of(like):
        complain(function, f"{arrays_of(found)}, not {arrays_of(like)}", wanted)


def is_real(array) -> bool:
    return bool(jnp.issubdtype(np.result_type(array), jnp.floating))


def arrays_of(tree) -> dict[str, str]:
    """'float32 (3, 2)' of every array, by its place."""
    found = {}
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    for path, leaf in leaves:
        place = jax.tree_util.keystr(path)
        found[place] = f"{leaf.dtype} {leaf.shape}"
    return found
