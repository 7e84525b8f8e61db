"""The quantum neural network (paper, Fig. 4a): amplitude encoding, the variational circuit, one
logit.

z = s <Z_m>, p = sigmoid(z), s the readout scale. The logit is linear in features of the input
state, computed once, wherever one of two things is narrow: the light cone of Z_m (at most MAX_CONE
qubits; the features are the Pauli expectations of the reduced state, `quantum.lightcone`) or the
space that all input states span (at most MAX_SPAN dimensions, as for ground states along one line
of a phase diagram; the features are products of coordinates). Else every state is evolved
(`quantum.statevector`). Mixed states, as density matrices, need a narrow light cone.

**Imperfect hardware.** Depolarising noise after every layer damps the Pauli coefficients
(`quantum.lightcone`). A readout that reports the wrong bit with probability e, either way, gives (1
- 2e) <Z>. Finite shots: `quantum.readings`.

**Precision.** In single precision a noiseless narrow light cone of rotations alone is evolved by
`quantum.foreign`, on a CPU in compiled loops, with reverse-mode derivatives only; in double
precision all derivatives exist, as curvature needs them, and the second from compiled loops of
their own (`quantum.second_order`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.quantum import foreign, lightcone, second_order, statevector
from qunlearn.quantum.circuit import Circuit
from qunlearn.quantum.complexified import imaginary_slopes
from qunlearn.quantum.features import encoded, feature_blocks, qubits, span
from qunlearn.quantum.program import WIDTH, whole_vectors
from qunlearn.quantum.readings import noisy_gradient, reading
from qunlearn.runtime.errors import UserError
from qunlearn.training.classifier import Classifier
from qunlearn.training.features import columns_in_use

#: Widest light cone, in qubits, that is held as 4^k Pauli strings.
MAX_CONE = 8
#: Most dimensions of the inputs' span that are evolved in place of the states themselves.
MAX_SPAN = 32
INITIAL_ANGLE = 0.01  # standard deviation, radians
#: Least and most replicas per program on a CPU where the compiled loops run, in which a replica
#: does not depend on its company; products with a whole pool do when fewer.
LANES = (8, 64)
#: A matrix product with a whole pool costs as much as picking one row in so many (measured: 2 to
#: 4).
SPARSE = 3


class QuantumClassifier(Classifier):
    """`circuit(qubits)` is the circuit on a register of this many qubits; `scale`: s, which
    `free_scale` trains, too, as s exp(parameter). `split`: states enter as [Re x, Im x].

    `depolarizing`: probability per qubit after each layer that its state is lost (replaced by I/2);
    `readout_error`: probability of reading the wrong bit; `shots` per circuit, None: exact
    expectation values.

    Raises UserError on a light cone wider than MAX_CONE for depolarising noise and for mixed
    states.
    """

    def __init__(
        self,
        rows: list[np.ndarray],
        circuit: Callable[[int], Circuit],
        scale: float,
        *,
        split: bool = False,
        free_scale: bool = False,
        depolarizing: float = 0.0,
        readout_error: float = 0.0,
        shots: int | None = None,
    ):
        self.split = split
        self.circuit = circuit(qubits(self.states(rows[0][:1])))
        live = lightcone.live_gates(self.circuit)
        self.live = sorted(gate.parameter for gate in live if gate.parameter is not None)
        self.scale, self.free_scale = scale, free_scale
        self.depolarizing, self.shots = depolarizing, shots
        self.row_by_row = shots is None  # else readings are drawn in the order of the rows
        self.contrast = 1 - 2 * readout_error
        self.clean = len(rows[0])  # training samples, before any that replace them
        self.engine = self._choose_engine(rows)
        if self.engine != "cone":
            self.together = (1, 1)  # one replica's states fill the cache
        elif not depolarizing:
            self.together = LANES
        if self.engine != "states":
            self.columns = self._columns_in_use(rows)

    def _choose_engine(self, rows: list[np.ndarray]) -> str:
        """'cone', 'span' (whose basis is kept) or 'states'."""
        cone = len(lightcone.support(self.circuit))
        if cone <= MAX_CONE:
            return "cone"
        wide = f"on light cones of at most {MAX_CONE} qubits, and this one has {cone}"
        advice = "take fewer layers or a chain"
        if self.depolarizing:
            raise UserError(
                f"depolarizing: noise is computed {wide}; {advice}, or set depolarizing to 0."
            )
        if rows[0].ndim == 3:
            raise UserError(f"density matrices are read {wide}; {advice}.")
        states = np.concatenate([self.states(x) for x in rows])
        arranged = statevector.arranged(self.circuit, states)
        self.basis = span(arranged)  # (r, 2^L)
        return "span" if len(self.basis) <= MAX_SPAN else "states"

    # -- features ----------------------------------------------------------------------------------------------------
    def states(self, x: np.ndarray) -> np.ndarray:
        """Samples as the states (N, 2^L), or density matrices (N, 2^L, 2^L), that the circuit acts on."""
        return encoded(x, self.split)

    def _feature_blocks(self, x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """All features of some samples after the others, and which these are: (n, 4^k) Pauli
        expectations, or (N, 2 r^2) products of coordinates in the basis of the span."""
        if self.engine == "cone":
            yield from feature_blocks(self.circuit, x, self.split)
        else:
            yield slice(0, len(x)), self._products(self.states(x))

    def _products(self, states: np.ndarray) -> np.ndarray:
        """(N, 2 r^2): of states, in the basis of the span."""
        arranged = statevector.arranged(self.circuit, states)
        coordinates = arranged @ self.basis.conj().T  # (N, r)
        products = coordinates.conj()[:, :, None] * coordinates[:, None, :]
        products = products.reshape(len(states), -1)
        return np.concatenate([products.real, -products.imag], axis=1)

    def _columns_in_use(self, rows: list[np.ndarray]) -> np.ndarray:
        """Features that some sample has, and a few idle ones."""
        cone = len(lightcone.support(self.circuit))
        size = 4**cone if self.engine == "cone" else 2 * len(self.basis) ** 2
        blocks = (features for x in rows for _, features in self._feature_blocks(x))
        return whole_vectors(columns_in_use(blocks), size)

    def encode(self, x):
        """Features (N, columns), those in use and a few idle ones, or arranged amplitudes (N, 2,
        2^L), real and imaginary parts; as readout errors shrink them, so that these are no constant
        of a program. On a narrow light cone x may be an array on disk, larger than memory: it is
        read block by block."""
        if self.engine == "states":
            arranged = statevector.arranged(self.circuit, self.states(x))
            return statevector.parts(np.sqrt(self.contrast) * arranged)
        pool = np.empty((len(self.columns), len(x))).T
        for rows, features in self._feature_blocks(x):
            pool[rows] = self.contrast * features[:, self.columns]
        return pool

    def shifted_derivatives(self, params, pool, rows):
        """By the parameter-shift rule, exact for gates exp(-i t P / 2): forward evaluations alone,
        which are compiled in a fraction of the time that derivatives take."""
        if self.free_scale:
            return None
        theta = params["theta"]
        axes = jnp.eye(theta.size, dtype=theta.dtype)

        def shifted(step):
            def value(axis):
                return self.expectation(theta + step * axis, pool, rows, self.scale)

            return jax.lax.map(value, axes)  # (P, B)

        ahead, behind, opposite = jax.lax.map(shifted, jnp.pi * jnp.array([0.5, -0.5, 1.0]))
        here = self.expectation(theta, pool, rows, self.scale)
        return (ahead - behind) / 2, (opposite - here) / 2

    def second_derivatives(self, params, pool, rows, weigh):
        """In double precision; all angles at once, in compiled loops."""
        if self.free_scale or self.shots or not self._fits_loops() or not second_order.loops():
            return None
        features = self.scale * np.asarray(pool)[np.asarray(rows)]
        angles = np.asarray(params["theta"])
        return second_order.derivatives(self.circuit, angles, features, self.columns, weigh)

    def imaginary_slopes(self, params, x):
        """Of gates with complex angles, which are not unitary (`quantum.complexified`).

        Raises UserError for mixed states."""
        if x.ndim == 3:
            raise UserError("landscape.trace: complexified is for pure states, not mixed ones.")
        theta = np.asarray(params["theta"])
        return self.scale * imaginary_slopes(self.circuit, theta, self.states(x))

    # -- variables ---------------------------------------------------------------------------------------------------
    def init(self, key):
        angles = jax.random.normal(key, (self.circuit.parameters,))
        params = {"theta": INITIAL_ANGLE * angles}
        if self.free_scale:
            params["log_scale"] = jnp.zeros(())
        if self.shots is None:
            return params, {}
        own_key = jax.random.key_data(jax.random.fold_in(key, 1))
        # the number of shots is no constant of the program: one compilation serves all
        return params, {"key": own_key, "shots": jnp.array(self.shots)}

    def parameters(self):
        """Gates outside the light cone of the readout, or diagonal at its end, are not live."""
        counts = {"all": self.circuit.parameters, "live": len(self.live)}
        return {name: count + self.free_scale for name, count in counts.items()}

    def behind(self, params):
        last = self.circuit.depth - 1
        layers = np.array([last - gate.layer for gate in self.circuit.rotations])
        return {name: layers if name == "theta" else 0 for name in params}

    # -- the readout -------------------------------------------------------------------------------------------------
    def _fits_loops(self) -> bool:
        """Whether the circuit is one for the compiled loops."""
        exact_cone = self.engine == "cone" and not self.depolarizing
        return exact_cone and bool(self.live) and not self.circuit.has_cliffords

    def _in_loops(self, theta) -> bool:
        """Whether the compiled loops serve, where a program is for a CPU."""
        in_single = theta.dtype == jnp.float32
        return in_single and self._fits_loops() and foreign.available()

    def _observable(self, theta):
        """(C,) coefficients of the features in use."""
        if self._in_loops(theta):
            return foreign.coefficients(self.circuit, self.columns, theta)
        return self._all_coefficients(theta)[self.columns]

    def _all_coefficients(self, theta):
        """(4^k,) of all Pauli strings on the cone, or (2 r^2,) on the span of the inputs."""
        if self.engine == "cone":
            return lightcone.observable(self.circuit, theta, self.depolarizing)
        basis = jnp.asarray(statevector.parts(self.basis), theta.dtype)
        return statevector.observable(self.circuit, theta, basis)

    def observable(self, params):
        """s O(theta) in Pauli strings on the light cone, or on the span of the inputs; None where every
        state is evolved."""
        if self.engine == "states":
            return None
        theta = jnp.asarray(params["theta"])
        return self._scale(params) * self.contrast * self._all_coefficients(theta)

    def _scale(self, params):
        """s, with what is trained of it."""
        if self.free_scale:
            return self.scale * jnp.exp(params["log_scale"])
        return self.scale

    def expectation(self, theta, pool, rows=None, scale=1.0):
        """(B,) values scale <Z> of the pool's rows, exact, with the device's noise."""
        return scale * self._exact(theta, pool, rows)

    def _exact(self, theta, pool, rows):
        """(B,) values <Z>."""
        if self.engine == "states":
            states = pool if rows is None else pool[rows]
            return statevector.expectation(self.circuit, theta, states)
        observable = self._observable(theta)
        if rows is None:
            return pool @ observable
        # the replicas' rows one by one, or one matrix product of a whole pool that they share
        is_shared = len(pool) == self.clean
        is_sparse = not is_shared or len(pool) > SPARSE * len(rows)
        in_vectors = pool.shape[1] % WIDTH == 0
        if is_sparse and in_vectors and self._in_loops(theta):
            return foreign.read(pool, rows, observable)
        return (pool @ observable)[rows] if is_shared else pool[rows] @ observable

    def logits(self, params, state, pool, rows=None, weight=None, train=False):
        theta, scale = params["theta"], self._scale(params)
        if self.shots is None:
            return self.expectation(theta, pool, rows, scale), state
        z = self.expectation(theta, pool, rows)
        key = jax.random.wrap_key_data(state["key"])
        following, draw, shift = jax.random.split(key, 3)
        shots = state["shots"].astype(z.dtype)
        values = scale * reading(z, shots, draw)
        if not train:
            return values, state
        noise = self._shift_errors(theta, scale, state["shots"], shift)
        values = noisy_gradient(values, theta, noise)
        return values, {**state, "key": jax.random.key_data(following)}

    def _shift_errors(self, theta, scale, shots, key):
        """(P,) errors of one logit's derivatives by the parameter-shift rule; none in dead
        angles."""
        live = np.zeros(theta.shape, theta.dtype)
        live[self.live] = 1
        scale = jax.lax.stop_gradient(scale)
        spread = scale / jnp.sqrt(2 * shots.astype(theta.dtype))
        spread = spread * live
        return spread * jax.random.normal(key, theta.shape, theta.dtype)
