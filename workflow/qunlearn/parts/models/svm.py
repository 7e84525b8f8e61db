"""Support vector machine by scikit-learn: z = sum_i a_i k(x_i, x) + b over the training samples.

Its decision value stands for the logit; it is not a calibrated log-odds, so losses compare within
this family only.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from qunlearn.config.options import Positive
from qunlearn.lazy import jnp
from qunlearn.parts.models import FittedModel
from qunlearn.parts.models.of_features import FeatureModel
from qunlearn.parts.part import option
from qunlearn.training.compared import Compared, likeness_held, of_known, squared_lengths


class Svm(FeatureModel, FittedModel):
    """Support vector machine with a linear kernel; rbf: k(x, x') = exp(-gamma' |x - x'|^2); or fidelity:
    |<x|x'>|^2, to which the phase of a state does not matter."""

    label = "SVM"

    kernel: Literal["linear", "rbf", "fidelity"] = option(says="linear, rbf or fidelity")
    C: Positive = option(says="inverse strength of the penalty")
    gamma: Positive = option(
        1.0, says="inverse squared width of the rbf kernel, in units of 1 / (2 E|x - mean|^2)"
    )

    @property
    def panel(self) -> str:
        return "linear models" if self.kernel == "linear" else "kernels and neighbours"

    def title(self):
        return f"SVM, {self.kernel}{self.on_what()}"

    def is_linear(self):
        return self.kernel == "linear" and self.last_qubits is None

    def is_phase_blind(self):
        return self.kernel == "fidelity" or super().is_phase_blind()

    def problems(self, source, dataset):
        if self.kernel != "fidelity":
            return []
        if self.last_qubits is not None:
            return ["kernel: fidelity is of whole states; leave out last_qubits, or take linear"]
        if len(source.shape() or ()) > 1:
            return [f"kernel: fidelity is of pure states, and {dataset} holds others; take linear"]
        return []

    def numbers_held(self, source, samples, models):
        pairs = likeness_held(source, samples, models)
        return super().numbers_held(source, samples, models) + pairs

    def build(self, rows):
        return SupportVectors(self, rows)


class SupportVectors(Compared):
    """Parameters are the weights a_i of the training samples and b; the state is which they are."""

    def __init__(self, declaration: Svm, rows: list[np.ndarray]):
        self.kernel, self.C = declaration.kernel, declaration.C
        self.is_complex = any(np.iscomplexobj(x) for x in rows)
        super().__init__(rows, declaration.seen)
        clean = self.known[: len(rows[0])]
        spread = float(clean.var(axis=0).sum())
        self.gamma = declaration.gamma / (2 * spread)

    def columns_of(self, features):
        """Of an amplitude in use the real and the imaginary part, where the kernel needs both."""
        used = super().columns_of(features)
        if self.kernel != "fidelity" or not self.is_complex:
            return used
        half = features[0].shape[1] // 2
        amplitudes = np.unique(used % half)
        return np.concatenate([amplitudes, amplitudes + half])

    def init(self, key):
        return {"dual": jnp.zeros(0), "b": jnp.zeros(())}, {"rows": jnp.zeros(0, int)}

    def estimator(self):
        from sklearn.svm import SVC

        return SVC(kernel="precomputed", C=self.C)

    def arrays(self, fitted, rows, labels):
        dual = np.zeros(len(rows))
        dual[fitted.support_] = fitted.dual_coef_[0]
        return {"dual": dual, "b": fitted.intercept_[0]}, {"rows": np.asarray(rows)}

    def constant(self, rows, labels, logit):
        return {"dual": np.zeros(len(rows)), "b": np.float64(logit)}, {"rows": np.asarray(rows)}

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        kernel = of_known(pool, rows, state["rows"])  # (B, N)
        return kernel @ params["dual"] + params["b"], state

    def likeness(self, a, b):
        """The kernel."""
        if self.kernel == "fidelity":
            return self._fidelities(a, b)
        products = a @ b.T
        if self.kernel == "linear":
            return products
        distances = squared_lengths(a)[:, None] - 2 * products + squared_lengths(b)
        return np.exp(-self.gamma * distances)

    def _fidelities(self, a, b):
        """(N, M) of |<x|x'>|^2 for rows a (N, d) and b (M, d), [Re x, Im x] where x is complex."""
        real = a @ b.T
        if not self.is_complex:
            return real**2
        half = a.shape[1] // 2
        imaginary = a[:, :half] @ b[:, half:].T - a[:, half:] @ b[:, :half].T
        return real**2 + imaginary**2
