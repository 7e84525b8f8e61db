"""The quantum neural network (paper, Fig. 4a): amplitude encoding, the variational circuit, one logit.

z = s <Z_m>, p = sigmoid(z), s the readout scale. The logit is linear in features of the input state, computed once,
wherever one of two things is narrow: the light cone of Z_m (at most MAX_CONE qubits; the features are the Pauli
expectations of the reduced state, `quantum.lightcone`) or the space that all input states span (at most MAX_SPAN
dimensions, as for ground states along one line of a phase diagram; the features are products of coordinates). Else
every state is evolved (`quantum.statevector`).

**Imperfect hardware.** Depolarising noise after every layer damps the Pauli coefficients (`quantum.lightcone`). A
readout that reports the wrong bit with probability e, either way, gives (1 - 2e) <Z>. With finite `shots` N:

1. Every reading of <Z> is the mean of N outcomes +-1, drawn from their binomial distribution: unbiased, with variance
   (1 - <Z>^2) / N. Accuracies and losses are those of such readings.
2. In a gradient step dl/dz is taken at the readings, and d<Z>/dtheta_j of every sample is what the parameter-shift rule
   measures, half the difference of the readings at theta_j +- pi/2 (exact also under the noise above, which does not
   depend on theta). Its mean is the exact derivative, its variance (1 - (z_+^2 + z_-^2) / 2) / (2 N), z_+- the two
   expectation values; it is independent for all samples and angles. Simulated: the exact gradient plus a Gaussian whose
   variance counts 1 / (2 N) for every sample and angle. Two things are approximate. A gradient sums 2 N B outcomes per
   angle (B the batch): normal by the central limit theorem, unless samples and shots are few. And the variance is an
   upper bound, reached where z_+- = 0; at this study's trained models the mean over angles is 0.93 to 1 of it. So
   training here is never less noisy than on a device with as many shots, and hardly more.

The derivatives of a reading outside gradient steps are those of the exact expectation value.

**Precision.** In single precision on a CPU, a noiseless narrow light cone runs in compiled loops (`quantum.kernel`),
which have reverse-mode derivatives only; in double precision all derivatives exist, as curvature needs them.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import UserError
from ..quantum import lightcone, statevector
from ..quantum.ansatz import Ansatz
from . import base

#: Widest light cone, in qubits, that is held as 4^k Pauli strings.
MAX_CONE = 8
#: Most dimensions of the inputs' span that are evolved in place of the states themselves.
MAX_SPAN = 32
#: Directions whose singular value is below this fraction of the largest do not count for the span.
SPAN_TOLERANCE = 1e-8
INITIAL_ANGLE = 0.01  # standard deviation, radians
#: Least and most replicas per program on a CPU where the compiled loops run, in which a replica does not depend on its
#: company; products with a whole pool do when fewer.
LANES = (8, 64)
#: A matrix product with a whole pool costs as much as picking one row in so many (measured: 2 to 4).
SPARSE = 3


def amplitudes(x: np.ndarray) -> np.ndarray:
    """Rows zero-padded to the next power of two: amplitude encoding of unit-norm vectors."""
    size = 1 << max(1, (x.shape[1] - 1).bit_length())
    return x if size == x.shape[1] else np.pad(x, ((0, 0), (0, size - x.shape[1])))


def span(states: np.ndarray) -> np.ndarray:
    """(r, d) orthonormal rows that span all states (N, d)."""
    _, values, rows = np.linalg.svd(states, full_matrices=False)
    return rows[values > SPAN_TOLERANCE * values[0]]


def reading(z, shots, key):
    """Means (B,) of `shots` outcomes +-1 with expectation values z (B,); derivatives are those of z."""
    ones = jax.random.binomial(key, shots, jnp.clip((1 + z) / 2, 0, 1), dtype=z.dtype)
    return z + jax.lax.stop_gradient(2 * ones / shots - 1 - z)


@jax.custom_vjp
def noisy_gradient(values, theta, noise):
    """`values` (B,) as they are; going backwards, theta's gradient (P,) gains `noise` (P,) times the norm of the
    values' weights: the sum of B independent errors of derivatives, each `noise` in size, so weighted."""
    return values


noisy_gradient.defvjp(
    lambda values, theta, noise: (values, noise),
    lambda noise, weights: (weights, jnp.linalg.norm(weights) * noise, jnp.zeros_like(noise)),
)


class Model(base.Model):
    """`depth` layers; `entangler` chain | ring; `rotations` xyx | xyz; `readout_scale` s; `measure` last | qubit;
    `free_scale`: s is trained, too, from `readout_scale` on, as s exp(parameter);
    `depolarizing`: probability per qubit after each layer that its state is lost (replaced by I/2); `readout_error`:
    probability of reading the wrong bit; `shots` per circuit, None: exact expectation values.

    Raises UserError for depolarising noise on a light cone wider than MAX_CONE.
    """

    def __init__(
        self,
        inputs: list[np.ndarray],
        depth: int,
        entangler: str,
        rotations: str,
        readout_scale: float,
        measure,
        free_scale: bool = False,
        depolarizing: float = 0.0,
        readout_error: float = 0.0,
        shots: int | None = None,
    ):
        qubits = amplitudes(inputs[0][:1]).shape[1].bit_length() - 1
        last = qubits - 1 if measure == "last" else measure
        self.ansatz = Ansatz(qubits, depth, entangler, rotations, last)
        self.scale, self.clean, self.free_scale = readout_scale, len(inputs[0]), free_scale
        self.depolarizing, self.contrast, self.shots = depolarizing, 1 - 2 * readout_error, shots
        states = [amplitudes(x) for x in inputs]
        if len(lightcone.support(self.ansatz)) <= MAX_CONE:
            self.engine = "cone"
        else:
            self.basis = span(statevector.arranged(self.ansatz, np.concatenate(states)))
            self.engine = "span" if len(self.basis) <= MAX_SPAN else "states"
        if depolarizing and self.engine != "cone":
            raise UserError(
                f"depolarizing: noise is computed on light cones of at most {MAX_CONE} qubits, and this one has "
                f"{len(lightcone.support(self.ansatz))}; take fewer layers or a chain, or set depolarizing to 0."
            )
        if self.engine != "cone":
            self.together = (1, 1)  # one replica's states fill the cache
        elif not depolarizing:
            self.together = LANES
        if self.engine != "states":
            features = [self._features(part) for part in states]
            self.columns = lightcone.whole_vectors(base.columns_in_use(features), features[0].shape[1])

    def _features(self, states):
        if self.engine == "cone":
            return lightcone.pauli_features(self.ansatz, states)
        coordinates = statevector.arranged(self.ansatz, states) @ self.basis.conj().T
        products = (coordinates.conj()[:, :, None] * coordinates[:, None, :]).reshape(len(states), -1)
        return np.concatenate([products.real, -products.imag], axis=1)

    def _in_loops(self, theta):
        """Whether the compiled loops serve."""
        on_cpu = jax.default_backend() == "cpu" and theta.dtype == jnp.float32
        return on_cpu and self.engine == "cone" and not self.depolarizing

    def _observable(self, theta):
        """Coefficients of the features in use."""
        if self._in_loops(theta):
            from ..quantum import kernel

            return kernel.coefficients(self.ansatz, self.columns, theta)
        if self.engine == "cone":
            return lightcone.observable(self.ansatz, theta, self.depolarizing)[self.columns]
        basis = jnp.asarray(statevector.parts(self.basis), theta.dtype)
        return statevector.observable(self.ansatz, theta, basis)[self.columns]

    def encode(self, x):
        """Features (N, columns), those in use and a few idle ones, or arranged amplitudes (N, 2, 2^L), real and
        imaginary parts."""
        states = amplitudes(x)
        if self.engine != "states":
            return self._features(states)[:, self.columns]
        return statevector.parts(statevector.arranged(self.ansatz, states))

    def init(self, key):
        params = {"theta": INITIAL_ANGLE * jax.random.normal(key, (self.ansatz.parameters,))}
        if self.free_scale:
            params["log_scale"] = jnp.zeros(())
        if self.shots is None:
            return params, {}
        # the number of shots is no constant of the program: one compilation serves all
        return params, {"key": jax.random.key_data(jax.random.fold_in(key, 1)), "shots": jnp.array(self.shots)}

    def parameters(self):
        """Gates outside the light cone of the readout, or diagonal at its end, are not live."""
        counts = {"all": self.ansatz.parameters, "live": len(lightcone.live_gates(self.ansatz))}
        return {name: count + self.free_scale for name, count in counts.items()}

    def expectation(self, theta, pool, rows=None, scale=1.0):
        """(B,) values scale <Z> of the pool's rows, exact, with the device's noise."""
        return scale * self.contrast * self._exact(theta, pool, rows)

    def _exact(self, theta, pool, rows):
        """(B,) values <Z> without readout errors."""
        if self.engine == "states":
            return statevector.expectation(self.ansatz, theta, pool if rows is None else pool[rows])
        observable = self._observable(theta)
        if rows is None:
            return pool @ observable
        # the replicas' rows one by one, or one matrix product of a whole pool that they share
        together = len(pool) == self.clean
        whole = pool.shape[1] % lightcone.WIDTH == 0
        if self._in_loops(theta) and whole and (not together or len(pool) > SPARSE * len(rows)):
            from ..quantum import kernel

            return kernel.read(pool, rows, observable)
        if together:
            return (pool @ observable)[rows]
        return pool[rows] @ observable

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        theta = params["theta"]
        scale = self.scale * jnp.exp(params["log_scale"]) if self.free_scale else self.scale
        if self.shots is None:
            return self.expectation(theta, pool, rows, scale), state
        z, shots = self.expectation(theta, pool, rows), state["shots"]
        following, draw, shift = jax.random.split(jax.random.wrap_key_data(state["key"]), 3)
        values = scale * reading(z, shots.astype(z.dtype), draw)
        if not train:
            return values, state
        live = np.zeros(theta.shape, theta.dtype)
        live[[gate.parameter for gate in lightcone.live_gates(self.ansatz)]] = 1
        spread = jax.lax.stop_gradient(scale) / jnp.sqrt(2 * shots.astype(theta.dtype))
        noise = spread * live * jax.random.normal(shift, theta.shape, theta.dtype)
        return noisy_gradient(values, theta, noise), {**state, "key": jax.random.key_data(following)}
