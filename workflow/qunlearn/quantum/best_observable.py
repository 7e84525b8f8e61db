"""The best linear observable: the ceiling of every QNN with the same light cone.

A QNN's logit is s Tr(O(theta) rho_x), with rho_x the state reduced to the readout's light cone and
O(theta) = U^dagger Z U, Hermitian with spectral norm 1. Here O is any Hermitian matrix of spectral
norm at most 1: minimising
    L(O) = mean_i l(s Tr(O rho_i), y_i),   l the binary cross-entropy,
over that convex set is a convex problem, whose minimum no QNN's training loss can undercut. It is
solved by accelerated projected gradient descent with restarts (Beck & Teboulle, SIAM J. Imaging
Sci. 2, 183 (2009); O'Donoghue & Candes, arXiv:1204.3982); the projection clips eigenvalues. With G
the gradient, the gap <G, O> + |G|_1 (trace norm) bounds the distance of L(O) from the minimum, and
the iteration ends when it is small.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning

from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.classifier import MAX_CONE
from qunlearn.quantum.features import encoded, qubits, reduced_states
from qunlearn.runtime.errors import UserError
from qunlearn.training.fitted import Fitted

#: Iterations between two looks at the gap.
LOOK = 20


class BestObservable:
    """A classifier in scikit-learn's manner on rows (N, 2 d^2), [Re rho, Im rho] flattened, or (N,
    d^2) for real rho.

    `scale`: s; the fit ends at a `gap` (nats) or, with a warning, after `iterations`. Sets `coef_`,
    the observable in the form of a row, and `gap_`.
    """

    def __init__(self, scale: float, gap: float = 1e-3, iterations: int = 20_000):
        self.scale, self.gap, self.iterations = scale, gap, iterations

    def fit(self, rows, labels):
        rows = np.asarray(rows, float)
        self._read_size(rows.shape[1])
        lipschitz = self.scale**2 / 4 * np.linalg.norm(rows, 2) ** 2 / len(rows)
        step = 1 / lipschitz
        point = ahead = np.zeros(rows.shape[1])
        momentum = 1.0
        for count in range(self.iterations):
            gradient = self._gradient(rows, labels, ahead)
            new = self._clipped(ahead - step * gradient)
            if gradient @ (new - point) > 0:  # restart: the momentum leads uphill
                ahead, momentum = point, 1.0
                continue
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + (momentum - 1) / following * (new - point)
            point, momentum = new, following
            if count % LOOK == 0 and self._gap(rows, labels, point) < self.gap:
                break
        self.coef_, self.gap_ = point, self._gap(rows, labels, point)
        if self.gap_ >= self.gap:
            text = f"gap {self.gap_:.2g} after {self.iterations} iterations"
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        return self

    def _read_size(self, width: int) -> None:
        """d, and whether matrices are real, from the width of a row."""
        self.size = int(np.sqrt(width))
        self.real = self.size**2 == width
        if not self.real:
            self.size = int(np.sqrt(width // 2))

    def _gradient(self, rows, labels, point):
        residuals = expit(self.scale * rows @ point) - labels
        return self.scale * residuals @ rows / len(rows)

    def _gap(self, rows, labels, point):
        gradient = self._gradient(rows, labels, point)
        trace_norm = np.abs(np.linalg.eigvalsh(self._matrix(gradient))).sum()
        return gradient @ point + trace_norm

    def _matrix(self, row):
        """(d, d) Hermitian matrix of a row."""
        parts = row.reshape(-1, self.size, self.size)
        return parts[0] if self.real else parts[0] + 1j * parts[1]

    def _clipped(self, row):
        """The nearest row whose matrix has spectral norm at most 1."""
        values, vectors = np.linalg.eigh(self._matrix(row))
        values = np.clip(values, -1, 1)
        matrix = (vectors * values) @ vectors.conj().T
        if self.real:
            return matrix.ravel()
        return np.concatenate([matrix.real.ravel(), matrix.imag.ravel()])


class BestObservableClassifier(Fitted):
    """The best observable on the light cone of `circuit(qubits)`, with the readout scale `scale`;
    `split`: states enter as [Re x, Im x].

    Raises UserError for a light cone wider than MAX_CONE.
    """

    piecewise_linear = True
    landscape = True
    fits_one_class = True

    def __init__(
        self,
        rows: list[np.ndarray],
        circuit: Callable[[int], Circuit],
        scale: float,
        *,
        split: bool = False,
    ):
        self.scale, self.split = scale, split
        states = [encoded(x, split) for x in rows]
        self.circuit = circuit(qubits(states[0]))
        self.cone = len(lightcone.support(self.circuit))
        if self.cone > MAX_CONE:
            raise UserError(
                f"observable: the light cone has {self.cone} qubits, the largest that is solved "
                f"for {MAX_CONE}; choose a smaller depth."
            )
        self.complex = any(np.iscomplexobj(part) for part in states)

    def encode(self, x):
        """Reduced states (N, d^2), or (N, 2 d^2) where inputs are complex."""
        states = reduced_states(self.circuit, encoded(x, self.split)).reshape(len(x), -1)
        if self.complex:
            return np.concatenate([states.real, states.imag], axis=1)
        return states

    def init(self, key):
        size = 4**self.cone * (1 + self.complex)
        return {"observable": jnp.zeros(size)}, {}

    def estimator(self):
        return BestObservable(self.scale)

    def arrays(self, fitted, rows, labels):
        return {"observable": fitted.coef_}, {}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        features = pool if rows is None else pool[rows]
        return self.scale * (features @ params["observable"]), state
