"""The readout's backward light cone, and the readout observable evolved through it in the Pauli
basis.

Only gates in the causal past of the measured Z act on the output; all others cancel between U and
U^dagger. So
    <Z>(x; theta) = sum_P o_P(theta) <x|P|x>,   P over the 4^k Pauli strings on the k qubits of the
    light cone,
where o(theta) holds the real Pauli coefficients of O(theta) = U^dagger Z U: Pauli propagation
(Rudolph et al., arXiv:2505.21606, and references there). The observable is evolved backwards on a
register that grows with the cone (1, 2, ..., k qubits): in this basis a rotation is a real 3x3
matrix on (X, Y, Z), an RZZ mixes pairs of strings, and a Clifford gate exchanges strings, some with
the other sign. The expectation values <x|P|x> are the
model's features, computed once. Exact, real arithmetic, and independent of the number of qubits
outside the cone.

Depolarising noise stays inside this picture: the channel rho -> (1 - p) rho + p Tr_q(rho) I/2 on
every qubit q after every layer (a Pauli error of probability 3p/4; the local noise of Wang et al.,
Nat. Commun. 12, 6961, 2021) is its own adjoint, and damps a string by 1 - p for every letter other
than I. It leaves the light cone as it is.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from qunlearn.quantum.circuit import CLIFFORDS, DIAGONAL, Circuit, Gate

#: I, X, Y, Z, in the order of the letters of a string.
PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
#: Rows of (X, Y, Z) that a rotation about an axis turns, the first towards the second.
_PLANES = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}

# RZZ acts on two legs, each in {I, X, Y, Z}: strings with exactly one of X, Y on the pair turn into
# the string with both letters exchanged (I <-> Z, X <-> Y: a flip of both legs), with the sign that
# X has; the others commute with Z Z.
_X_OR_Y = np.array([0.0, 1.0, -1.0, 0.0])
_I_OR_Z = 1 - np.abs(_X_OR_Y)
_SIGN = np.outer(_X_OR_Y, _I_OR_Z) + np.outer(_I_OR_Z, _X_OR_Y)


#: Matrices of the Clifford gates, rows and columns the basis states 00, 01, 10, 11 of their qubits.
MATRICES = {
    "cnot": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]),
    "cz": np.diag([1, 1, 1, -1]),
}


class Moment(NamedTuple):
    """Gates that the evolution, which goes backwards in time, takes at once: first the `bonds`,
    gates on two qubits, latest first; then the `rotations` of every qubit that has joined the cone
    so far, by qubit, in the order in which they act. `begins_layer`: no gate of the same layer acts
    before this moment."""

    bonds: tuple[Gate, ...]
    rotations: dict[int, tuple[Gate, ...]]
    begins_layer: bool


def live_gates(circuit: Circuit) -> list[Gate]:
    """Gates that can change the output, latest first: those that do not commute with everything
    behind them.

    A gate is dead when it acts outside the observable's support, or when it is diagonal on all its
    qubits that lie in the support (a CNOT is on its control) and so is the observable.
    """
    support, diagonal = {circuit.measure}, {circuit.measure}
    live = []
    for gate in reversed(circuit.gates):
        touched = support.intersection(gate.qubits)
        is_diagonal = gate.name in DIAGONAL or (gate.name == "cnot" and touched == {gate.qubits[0]})
        if not touched or (is_diagonal and touched <= diagonal):
            continue
        live.append(gate)
        # a bond leaves the new qubit diagonal: the observable gains only Z there
        diagonal.update(q for q in gate.qubits if q not in support)
        support.update(gate.qubits)
        if gate.name == "cnot":
            control, target = gate.qubits
            if control not in diagonal:  # X on the control becomes X on both
                diagonal.discard(target)
        elif gate.name not in DIAGONAL:
            diagonal.difference_update(gate.qubits)
    return live


def support(circuit: Circuit) -> list[int]:
    """Qubits of the light cone, newest first: the order of the register's legs."""
    seen: list[int] = [circuit.measure]
    for gate in live_gates(circuit):
        seen.extend(q for q in gate.qubits if q not in seen)
    return seen[::-1]


def moments(circuit: Circuit) -> list[Moment]:
    """The cone in as few moments as a greedy search finds, latest first: at least one for every
    layer.

    A layer of rotations on all qubits and then bonds is one moment. Dead rotations of one qubit
    inside the cone are kept with those around them; dead bonds, which could make the cone wider, are
    not.
    """
    live, cone = set(live_gates(circuit)), {circuit.measure}
    found = []
    for number in reversed(range(circuit.depth)):
        bonds, rotations = [], defaultdict(list)
        for gate in reversed(circuit.layer(number)):
            if len(gate.qubits) == 1:
                if cone.issuperset(gate.qubits):
                    rotations[gate.qubits[0]].insert(0, gate)
            elif gate in live:
                if not rotations.keys().isdisjoint(gate.qubits):  # it acts before them
                    found.append(_moment(bonds, rotations, cone, begins_layer=False))
                    bonds, rotations = [], defaultdict(list)
                bonds.append(gate)
                cone.update(gate.qubits)
        found.append(_moment(bonds, rotations, cone, begins_layer=True))
    return found


def _moment(bonds, rotations, cone, begins_layer: bool) -> Moment:
    by_qubit = {qubit: tuple(rotations[qubit]) for qubit in sorted(cone)}
    return Moment(tuple(bonds), by_qubit, begins_layer)


# -- the evolution ---------------------------------------------------------------------------------------------------
def observable(circuit: Circuit, parameters, depolarizing: float = 0.0) -> jnp.ndarray:
    """(4^k,) Pauli coefficients of O(theta) = U^dagger Z U on the cone's qubits, in the order of
    `support`, at the angles `parameters` (P,); with noise of probability `depolarizing` per qubit
    after each layer, those of the observable that the noisy circuit measures.
    """
    cone = moments(circuit)
    parameters = jnp.asarray(parameters)
    turns = _turns_of_sites(cone, parameters, depolarizing)
    register = [circuit.measure]
    tensor = jnp.zeros(4, parameters.dtype).at[3].set(1 - depolarizing)  # Z, after the last layer
    for number, moment in enumerate(cone):
        for gate in moment.bonds:
            for qubit in gate.qubits:
                if qubit not in register:
                    register.insert(0, qubit)
                    tensor = _grown(tensor)
            legs = [register.index(qubit) for qubit in gate.qubits]
            if gate.name in CLIFFORDS:
                tensor = _exchange(tensor, *legs, gate.name)
                continue
            angle = parameters[gate.parameter]
            tensor = _turn_bond(tensor, *sorted(legs), jnp.cos(angle), jnp.sin(angle))
        tensor = _turn_legs(tensor, [turns[number, qubit] for qubit in register])
    return tensor.reshape(-1)


def _turns_of_sites(cone: list[Moment], parameters, depolarizing: float) -> dict:
    """(4, 4) matrix on the letters of every site (number of the moment, qubit): its rotations, and
    the noise of the layer before where the moment begins one. Sites that are rotated about the same
    axes are computed together."""
    sites_by_axes = defaultdict(list)
    for number, moment in enumerate(cone):
        for qubit, gates in moment.rotations.items():
            axes = "".join(gate.paulis for gate in gates)
            sites_by_axes[axes].append((number, qubit))
    found = {}
    for axes, sites in sites_by_axes.items():
        blocks = _rotations(cone, axes, sites, parameters)  # (S, 3, 3)
        if depolarizing:  # it commutes with the rotations
            fades = [1 - depolarizing * _follows_noise(cone, number) for number, _ in sites]
            fades = np.array(fades).astype(blocks.dtype)
            blocks = blocks * fades[:, None, None]
        blocks = jnp.pad(blocks, ((0, 0), (1, 0), (1, 0)))  # (S, 4, 4)
        blocks = blocks.at[:, 0, 0].set(1)
        found |= {site: blocks[i] for i, site in enumerate(sites)}
    return found


def _follows_noise(cone: list[Moment], number: int) -> bool:
    """Whether noise acts right before a moment: it begins a layer, and not the first."""
    return cone[number].begins_layer and number + 1 < len(cone)


def _rotations(cone: list[Moment], axes: str, sites: list[tuple[int, int]], parameters):
    """(S, 3, 3) matrices on (X, Y, Z) of the rotations about `axes` at each site."""
    if not axes:
        identity = jnp.eye(3, dtype=parameters.dtype)
        return jnp.broadcast_to(identity, (len(sites), 3, 3))
    angles = []
    for number, qubit in sites:
        gates = cone[number].rotations[qubit]
        places = np.array([gate.parameter for gate in gates])
        angles.append(parameters[places])
    angles = jnp.stack(angles)  # (S, axes)
    cosines, sines = jnp.cos(angles), jnp.sin(angles)
    product = None
    for i, axis in enumerate(axes):  # the last gate meets the observable first
        step = _rotation(axis, cosines[:, i], sines[:, i])
        product = step if product is None else product @ step
    return product


def _rotation(axis: str, cosine, sine):
    """(S, 3, 3): coefficients of R^dagger P R for P = X, Y, Z, as a matrix acting on coefficient
    vectors."""
    a, b = _PLANES[axis]
    fixed = 3 - a - b
    matrix = jnp.zeros((len(cosine), 3, 3), cosine.dtype)
    matrix = matrix.at[..., fixed, fixed].set(1)
    matrix = matrix.at[..., a, a].set(cosine)
    matrix = matrix.at[..., b, b].set(cosine)
    matrix = matrix.at[..., a, b].set(sine)
    return matrix.at[..., b, a].set(-sine)


def _grown(tensor):
    """With a new first leg, on which every string has the letter I."""
    return jnp.pad(tensor[None], [(0, 3)] + [(0, 0)] * tensor.ndim)


def _turn_bond(tensor, a: int, b: int, cosine, sine):
    """Conjugate by RZZ on the legs a < b."""
    shape = [1] * tensor.ndim
    shape[a] = shape[b] = 4
    keep = jnp.where(_SIGN != 0, cosine, 1)
    keep = keep.astype(tensor.dtype).reshape(shape)
    swap = _SIGN * sine
    swap = swap.astype(tensor.dtype).reshape(shape)
    return keep * tensor + swap * jnp.flip(tensor, (a, b))


def _exchange(tensor, a: int, b: int, name: str):
    """Conjugate by a Clifford gate whose first qubit has the leg a, the second the leg b."""
    images = jnp.asarray(string_images(name), tensor.dtype)
    exchanged = jnp.tensordot(images, tensor, axes=((2, 3), (a, b)))
    return jnp.moveaxis(exchanged, (0, 1), (a, b))


@cache
def string_images(name: str) -> np.ndarray:
    """(4, 4, 4, 4): coefficient at the string P Q in C^dagger R S C of a Clifford gate C, at [P, Q,
    R, S]: 0, 1 or -1."""
    gate = MATRICES[name]
    strings = np.einsum("pij,qkl->pqikjl", PAULIS, PAULIS).reshape(16, 4, 4)
    images = gate.conj().T @ strings @ gate  # (16, 4, 4)
    overlaps = np.einsum("pij,rji->pr", strings, images) / 4
    return overlaps.real.round().reshape(4, 4, 4, 4)


def _turn_legs(tensor, matrices):
    """Apply one (4, 4) matrix per leg, as two products of about square size: faster than leg by
    leg."""
    legs, half = tensor.ndim, tensor.ndim // 2
    if half == 0:
        return matrices[0] @ tensor
    folded = tensor.reshape(4**half, -1)
    folded = _kron(matrices[:half]) @ folded
    folded = folded @ _kron(matrices[half:]).T
    return folded.reshape((4,) * legs)


def _kron(matrices) -> jnp.ndarray:
    """Kronecker product of (4, 4) matrices."""
    product = matrices[0]
    for matrix in matrices[1:]:
        rows = product.shape[0] * 4
        product = jnp.einsum("ab,cd->acbd", product, matrix).reshape(rows, rows)
    return product
