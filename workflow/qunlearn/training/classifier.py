"""The protocol that every model obeys; trainer, unlearning and landscape know nothing else of it.

A classifier splits its variables in two: `params`, which gradients change, and `state`, which they
do not (the running statistics of a batch normalisation, the fixed weights of a random feature map,
a noise key). Both are nested dictionaries of arrays. Features are computed once per data set by
`encode`; afterwards a classifier sees a *pool* of feature rows and the indices of the rows it is
asked about, so that it may gather them or, where the output is linear in the features, multiply the
whole pool once for all replicas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qunlearn.lazy import jax, jnp

if TYPE_CHECKING:
    from qunlearn.training.workload import Trained, Workload


class Classifier:
    """Base class."""

    #: True where the logit is piecewise linear in every single parameter: its Hessian has trace 0.
    piecewise_linear = False
    #: False where the parameters are not what a loss was minimised over: then none has a landscape.
    landscape = True
    #: Name of the parameters (inputs, ...) that features (N, inputs) are multiplied by, where they
    #: enter in no other way; None where there are no such.
    input_weights: str | None = None
    #: Least and most replicas that run together on a CPU; None: as `replicas_together` has it.
    together: tuple[int, int] | None = None
    #: Outside gradient steps, a row's logit is the same whichever rows are asked about with it.
    row_by_row = True

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Raw samples (N, ...) -> features (N, ...), real."""
        raise NotImplementedError

    def encode_known(self, parts: list[np.ndarray]) -> np.ndarray:
        """Features of all samples that may be trained on: clean ones, then each seed's corrupted twins. No model is
        asked about twins of two seeds."""
        return self.encode(np.concatenate(parts))

    def init(self, key) -> tuple[dict, dict]:
        """Fresh (params, state) from a JAX random key."""
        raise NotImplementedError

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        """Logits (B,) of the pool's `rows` (all rows if None), and the new state.

        `weight` (B,) is 1 for samples and 0 for padding, which must not enter batch statistics;
        `train` is True inside a gradient step.
        """
        raise NotImplementedError

    def parameters(self) -> dict[str, int]:
        """How many parameters the architecture has (`all`), and how many of them can move the
        output (`live`)."""
        params, _ = jax.eval_shape(self.init, jax.random.key(0))
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        return {"all": count, "live": count}

    def behind(self, params: dict) -> dict:
        """For each array of the parameters one like it, or a number: how many layers lie behind
        each parameter's, 0 for the last layer.

        A model that counts its layers (`parts.models.Model.layers`) has this.
        """
        raise NotImplementedError

    def observable(self, params: dict):
        """(C,) coefficients, in an orthonormal basis of operators or in one of equal norms, of the
        observable whose expectation value the logit is; None where it is none."""
        return None

    def optimise(self, workload: Workload, progress=lambda *_: None) -> Trained:
        """Find all replicas' variables by gradient descent.

        A model that is fitted in one call overrides this, and gives learning curves of two points:
        where it starts and what it found.
        """
        from qunlearn.training.minimise import minimise

        return minimise(self, workload, progress)

    def diverged(self, losses: np.ndarray) -> np.ndarray:
        """(R,) of whether a learning curve (R, records + 1) of the loss that was minimised is that
        of a failed training."""
        from qunlearn.training.evaluate import diverged

        return diverged(losses)

    def squared_gradient_norms(self, params, state, pool, rows):
        """(B,) of |grad_theta z_i|^2, one sample at a time by forward differentiation in every
        parameter."""
        from jax.flatten_util import ravel_pytree

        flat, unravel = ravel_pytree(params)

        def logits(vector):
            return self.logits(unravel(vector), state, pool, rows)[0]

        jacobian = jax.jacfwd(logits)(flat)  # (B, P)
        return jnp.sum(jacobian**2, axis=-1)

    def shifted_derivatives(self, params, pool, rows):
        """First and second derivatives (P, B) of the logits in every parameter where they follow
        from logits at shifted parameters; None where they do not."""
        return None

    def second_derivatives(self, params, pool, rows, weigh):
        """Logits (N,) of the pool's rows, their Jacobian (N, P) in all parameters as one vector,
        and the Hessian (P, P) of weigh(logits) @ logits, its weights (N,) held fixed; None where
        nothing is quicker than differentiation of `logits`."""
        return None

    def imaginary_slopes(self, params: dict, x: np.ndarray) -> np.ndarray | None:
        """(N, P) derivatives of the logits of raw samples x in the imaginary parts of the
        parameters, were these complex; None where the logit is continued analytically and its real
        part is read, which has none (`landscape.complexified`)."""
        return None

    def restricted(self, params: dict, used: np.ndarray) -> tuple[dict, np.ndarray, int]:
        """The same logits of the feature rows `used` (N, ...) with fewer parameters: (params,
        features, number of directions left out), along which no logit of these rows changes.

        As they are where the model knows no such directions.
        """
        return params, used, 0
