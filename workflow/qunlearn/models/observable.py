"""The best linear observable: the ceiling of every QNN with the same light cone.

A QNN's logit is s Tr(O(theta) rho_x), with rho_x the state reduced to the readout's light cone and O(theta) = U^dagger
Z U, Hermitian with spectral norm 1. Here O is any Hermitian matrix of spectral norm at most 1: minimising
    L(O) = mean_i l(s Tr(O rho_i), y_i),   l the binary cross-entropy,
over that convex set is a convex problem, whose minimum no QNN's training loss can undercut. It is solved by
accelerated projected gradient descent with restarts (Beck & Teboulle, SIAM J. Imaging Sci. 2, 183 (2009); O'Donoghue &
Candes, arXiv:1204.3982); the projection clips eigenvalues. With G the gradient, the gap <G, O> + |G|_1 (trace norm)
bounds the distance of L(O) from the minimum, and the iteration ends when it is small.
"""

from __future__ import annotations

import warnings

import jax.numpy as jnp
import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning

from ..errors import UserError
from ..quantum import lightcone
from ..quantum.ansatz import Ansatz
from . import fitted
from .qnn import MAX_CONE, amplitudes


class BestObservable:
    """A classifier in scikit-learn's manner on rows (N, 2 d^2), [Re rho, Im rho] flattened, or (N, d^2) for real rho.

    `scale`: s; the fit ends at a `gap` (nats) or, with a warning, after `iterations`. Sets `coef_`, the observable in
    the form of a row, and `gap_`.
    """

    def __init__(self, scale: float, gap: float = 1e-3, iterations: int = 20_000):
        self.scale, self.gap, self.iterations = scale, gap, iterations

    def fit(self, rows, labels):
        rows = np.asarray(rows, float)
        self.size = int(np.sqrt(rows.shape[1]))
        self.real = self.size**2 == rows.shape[1]
        if not self.real:
            self.size = int(np.sqrt(rows.shape[1] // 2))
        step = 1 / (self.scale**2 / 4 * np.linalg.norm(rows, 2) ** 2 / len(rows))  # inverse Lipschitz constant
        point = ahead = np.zeros(rows.shape[1])
        momentum = 1.0
        for count in range(self.iterations):
            slope = self._gradient(rows, labels, ahead)
            new = self._clipped(ahead - step * slope)
            if slope @ (new - point) > 0:  # restart: the momentum leads uphill
                ahead, momentum = point, 1.0
                continue
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + (momentum - 1) / following * (new - point)
            point, momentum = new, following
            if count % 20 == 0 and self._gap(rows, labels, point) < self.gap:
                break
        self.coef_, self.gap_ = point, self._gap(rows, labels, point)
        if self.gap_ >= self.gap:
            warnings.warn(f"gap {self.gap_:.2g} after {self.iterations} iterations", ConvergenceWarning, stacklevel=2)
        return self

    def _gradient(self, rows, labels, point):
        return self.scale * (expit(self.scale * rows @ point) - labels) @ rows / len(rows)

    def _gap(self, rows, labels, point):
        slope = self._gradient(rows, labels, point)
        return slope @ point + np.abs(np.linalg.eigvalsh(self._matrix(slope))).sum()

    def _matrix(self, row):
        """(d, d) Hermitian matrix of a row."""
        parts = row.reshape(-1, self.size, self.size)
        return parts[0] if self.real else parts[0] + 1j * parts[1]

    def _clipped(self, row):
        """The nearest row whose matrix has spectral norm at most 1."""
        values, vectors = np.linalg.eigh(self._matrix(row))
        matrix = (vectors * np.clip(values, -1, 1)) @ vectors.conj().T
        return np.concatenate([part.ravel() for part in ((matrix,) if self.real else (matrix.real, matrix.imag))])


class Model(fitted.Model):
    """Options are those of the QNN whose ceiling this is; `rotations` do not change it."""

    piecewise_linear = True

    def __init__(
        self, inputs: list[np.ndarray], depth: int, entangler: str, rotations: str, readout_scale: float, measure
    ):
        qubits = amplitudes(inputs[0][:1]).shape[1].bit_length() - 1
        self.ansatz = Ansatz(qubits, depth, entangler, rotations, qubits - 1 if measure == "last" else measure)
        self.cone, self.scale = len(lightcone.support(self.ansatz)), readout_scale
        if self.cone > MAX_CONE:
            raise UserError(
                f"observable: the light cone has {self.cone} qubits, the largest that is solved for {MAX_CONE}; choose "
                "a smaller depth."
            )
        self.complex = any(np.iscomplexobj(x) for x in inputs)

    def encode(self, x):
        """Reduced states (N, d^2), or (N, 2 d^2) where inputs are complex."""
        states = lightcone.reduced_states(self.ansatz, amplitudes(x)).reshape(len(x), -1)
        return np.concatenate([states.real, states.imag], axis=1) if self.complex else states

    def init(self, key):
        return {"observable": jnp.zeros(4**self.cone * (1 + self.complex))}, {}

    def estimator(self):
        return BestObservable(self.scale)

    def arrays(self, fitted, rows, labels):
        return {"observable": fitted.coef_}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        return self.scale * ((pool if rows is None else pool[rows]) @ params["observable"]), state
