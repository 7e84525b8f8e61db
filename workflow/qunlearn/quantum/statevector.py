"""The readout by evolved state vectors: for light cones too wide to hold 4^k Pauli strings.

Only gates of the light cone act; the qubits outside ride along as a batch. *Arranged* amplitudes
(B, 2, 2^L), real and imaginary part, have their qubits in another order: those outside the cone
first, then the cone's register.

Circuits whose layers are all alike (rotations about the same axes on every qubit, then RZZ bonds,
then CNOTs) are evolved by a scan over layers: the rotations as two matrices, one for each half of
the register, the bonds as one diagonal, the CNOTs as one permutation. The last layers, where their
own light cone fits into half of the register, are not applied to the states but to the observable.
All in real arithmetic, for which matrix products have faster code: a complex matrix is a real one
of twice the size. *Folded* amplitudes are (batch, 2^a, 2, 2^b), a row for every basis state of the
register's first half, real and imaginary part, a column for every basis state of its second half.
Any other circuit is evolved gate by gate.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qunlearn.quantum import lightcone
from qunlearn.quantum.circuit import CLIFFORDS, Circuit
from qunlearn.quantum.lightcone import MATRICES, PAULIS

PAULI = dict(zip("ixyz", PAULIS))


def arrangement(circuit: Circuit) -> list[int]:
    """Qubits in the order of arranged amplitudes."""
    register = lightcone.support(circuit)
    return [q for q in range(circuit.qubits) if q not in register] + register


def arranged(circuit: Circuit, states: np.ndarray) -> np.ndarray:
    """Complex states (N, 2^L) with their qubits in the order of `arrangement`."""
    legs = states.reshape(-1, *(2,) * circuit.qubits)
    axes = [1 + qubit for qubit in arrangement(circuit)]
    return legs.transpose(0, *axes).reshape(len(states), -1)


def parts(states: np.ndarray) -> np.ndarray:
    """(N, 2, d) real and imaginary parts of complex amplitudes (N, d)."""
    return np.stack([states.real, states.imag], axis=1)


def expectation(circuit: Circuit, parameters, states):
    """(B,) values of <Z> on the measured qubit for arranged states (B, 2, 2^L)."""
    evolved, images = _evolved(circuit, parameters, states)
    evolved = evolved.reshape(len(states), -1)
    images = images.reshape(len(states), -1)
    return jnp.sum(evolved * images, axis=1)


def observable(circuit: Circuit, parameters, basis):
    """(2 r^2,) real and imaginary parts of <b_i|U^dagger Z U|b_j>, for arranged states (r, 2, 2^L):
    what the readout is on the space that they span."""
    evolved, images = _evolved(circuit, parameters, basis)
    imaginary, real = images[:, :, 1], images[:, :, 0]
    turned = jnp.stack([imaginary, -real], axis=2)  # -i images
    rows = evolved.reshape(len(basis), -1)
    found = []
    for image in (images, turned):
        product = rows @ image.reshape(rows.shape).T  # (r, r)
        found.append(product.reshape(-1))
    return jnp.concatenate(found)


def _evolved(circuit: Circuit, parameters, states):
    """Folded amplitudes of arranged states (B, 2, 2^L) after some of the gates, and what the
    observable of the others makes of them: their inner products are the readout."""
    uniform = uniform_layers(circuit)
    if uniform is None:
        return _gate_by_gate(circuit, parameters, states)
    return _layer_by_layer(circuit, uniform, parameters, states)


# -- layers that are all alike ---------------------------------------------------------------------
class Layers(NamedTuple):
    """What every layer of a circuit is: rotations about `axes` on every qubit, qubit by qubit, then
    RZZ on `bonds`, then `cnots`, (control, target) each."""

    axes: str
    bonds: tuple[tuple[int, int], ...]
    cnots: tuple[tuple[int, int], ...]


def uniform_layers(circuit: Circuit) -> Layers | None:
    """What all layers of the circuit are alike; None where they are not of this kind."""
    first = circuit.layer(0)
    on_qubit_0 = [gate for gate in first if gate.qubits == (0,)]
    axes = "".join(gate.paulis for gate in on_qubit_0)
    bonds = tuple(gate.qubits for gate in first if gate.name == "rzz")
    cnots = tuple(gate.qubits for gate in first if gate.name == "cnot")
    layer = []
    for qubit in range(circuit.qubits):
        layer += [(f"r{axis}", (qubit,)) for axis in axes]
    layer += [("rzz", bond) for bond in bonds]
    layer += [("cnot", pair) for pair in cnots]
    found = [(gate.name, gate.qubits) for gate in circuit.gates]
    is_uniform = axes and found == layer * circuit.depth
    return Layers(axes, bonds, cnots) if is_uniform else None


def _layer_by_layer(circuit: Circuit, layers: Layers, parameters, states):
    """Amplitudes after the first layers, and the observable of the last layers applied to them; of
    all layers, and Z applied, where even the last one's light cone is wider than half the
    register."""
    last = _last_layers(circuit)
    table = parameters.reshape(circuit.depth, -1)  # (D, parameters of a layer)
    if last is None:
        folded = _first_layers(circuit, layers, table, states)
        return folded, folded * _signs(circuit, folded)
    first = circuit.depth - last.depth
    folded = _first_layers(circuit, layers, table[:first], states)
    matrix = _observable_matrix(last, table[first:].reshape(-1))
    # the second half of the register holds the last layers' light cone at its end
    idle = folded.shape[-1] // len(matrix)
    whole = _real(jnp.kron(jnp.eye(idle), matrix))
    images = _apply(folded, whole.astype(folded.dtype))
    return folded, images


def _signs(circuit: Circuit, folded):
    """(2^a, 1, 2^b) values of Z on the measured qubit at the basis states of folded amplitudes."""
    register = lightcone.support(circuit)
    columns = folded.shape[3]
    z = _z_values(len(register))[:, register.index(circuit.measure)]
    return z.reshape(-1, 1, columns).astype(folded.dtype)


def _z_values(qubits: int) -> np.ndarray:
    """(2^k, k) of 1 and -1: Z on every qubit of a register at its basis states."""
    bits = np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1] & 1
    return 1 - 2 * bits


def _last_layers(circuit: Circuit) -> Circuit | None:
    """As many of the circuit's last layers as have a light cone of at most half the register; None
    where not even one has."""
    most = (len(lightcone.support(circuit)) + 1) // 2
    found = None
    for depth in range(1, circuit.depth + 1):
        longer = circuit.last_layers(depth)
        if len(lightcone.support(longer)) > most:
            break
        found = longer
    return found


def _observable_matrix(circuit: Circuit, parameters):
    """(2^m, 2^m) matrix of U^dagger Z U on the m qubits of a circuit's light cone."""
    m = len(lightcone.support(circuit))
    tensor = lightcone.observable(circuit, parameters)
    tensor = tensor.reshape((4,) * m)
    for _ in range(m):  # a Pauli leg becomes a ket leg and a bra leg at the end
        tensor = jnp.tensordot(tensor, PAULIS, axes=(0, 0))
    kets = range(0, 2 * m, 2)
    bras = range(1, 2 * m, 2)
    matrix = tensor.transpose(*kets, *bras)
    return matrix.reshape(2**m, 2**m)


def _first_layers(circuit: Circuit, layers: Layers, table, states):
    """Folded amplitudes after as many first layers as `table` has rows of parameters."""
    k = len(lightcone.support(circuit))
    rows, columns = 2 ** (k // 2), 2 ** (k - k // 2)
    first, second = _rotations(circuit, layers, table)
    first = first.astype(states.dtype)
    second = second.astype(states.dtype)
    phases = _phases(circuit, layers, table).astype(states.dtype)
    phases = phases.reshape(len(table), rows, columns)
    folded = states.reshape(len(states), 2, -1, rows, columns)
    folded = folded.transpose(0, 2, 3, 1, 4)
    folded = folded.reshape(-1, rows, 2, columns)  # (B times amplitudes outside, 2^a, 2, 2^b)
    gates = first, second, jnp.cos(phases), jnp.sin(phases)
    origins = _origins(circuit, layers)
    folded, _ = jax.lax.scan(partial(_layer, origins), folded, gates)
    return folded


def _layer(origins, folded, gates):
    """Folded amplitudes after one layer, whose CNOTs bring them from `origins` (None: it has
    none)."""
    first, second, cosine, sine = gates
    folded = _exchanged(_apply(folded, second))
    folded = _exchanged(_apply(folded, first))
    real, imaginary = folded[:, :, 0], folded[:, :, 1]
    turned = [
        real * cosine + imaginary * sine,
        imaginary * cosine - real * sine,
    ]
    if origins is not None:
        flat = [part.reshape(len(part), -1)[:, origins] for part in turned]
        turned = [part.reshape(real.shape) for part in flat]
    return jnp.stack(turned, axis=2), None


def _origins(circuit: Circuit, layers: Layers) -> np.ndarray | None:
    """(2^k,) of the basis state whose amplitude a layer's CNOTs bring to every basis state of the
    register; None without CNOTs. One with a single qubit in the register cannot move the
    readout."""
    if not layers.cnots:
        return None
    register = lightcone.support(circuit)
    states = np.arange(2 ** len(register))
    place = {qubit: len(register) - 1 - leg for leg, qubit in enumerate(register)}
    for control, target in reversed(layers.cnots):  # a CNOT is its own inverse
        if control in place and target in place:
            states = states ^ (states >> place[control] & 1) << place[target]
    return states


def _rotations(circuit: Circuit, layers: Layers, table):
    """Real matrices (D, 2 2^a, 2 2^a) and (D, 2 2^b, 2 2^b): every layer's rotations on both halves
    of the register."""
    register = np.array(lightcone.support(circuit))
    half = len(register) // 2
    shape = circuit.qubits, len(layers.axes)
    angles = table[:, : np.prod(shape)]
    angles = angles.reshape(len(table), *shape)
    blocks = _products(layers.axes, angles[:, register])  # (D, k, 2, 2)
    first, second = blocks[:, :half], blocks[:, half:]
    return _real(_kron(first)), _real(_kron(second))


def _products(axes: str, angles):
    """(..., 2, 2) products of rotations exp(-i t P / 2) about `axes`, the first acting first; angles
    (..., axes)."""
    cosines = jnp.cos(angles / 2)[..., None, None]
    sines = jnp.sin(angles / 2)[..., None, None]
    product = jnp.eye(2)
    for i, axis in enumerate(axes):
        diagonal = cosines[..., i, :, :] * np.eye(2)
        rotation = diagonal - 1j * sines[..., i, :, :] * PAULI[axis]
        product = rotation @ product
    return product


def _kron(blocks):
    """(D, 2^q, 2^q) Kronecker products of blocks (D, q, 2, 2)."""
    depth, count = blocks.shape[:2]
    product = jnp.ones((depth, 1, 1))
    for i in range(count):
        size = 2 * product.shape[1]
        product = jnp.einsum("lab,lcd->lacbd", product, blocks[:, i])
        product = product.reshape(depth, size, size)
    return product


def _phases(circuit: Circuit, layers: Layers, table):
    """(D, 2^k) half the sum of every layer's bond angles, each with the sign of Z Z at a basis
    state."""
    register = lightcone.support(circuit)
    k = len(register)
    rotations = len(layers.axes) * circuit.qubits
    z = _z_values(k)
    inside, signs = [], []
    for number, bond in enumerate(layers.bonds):
        if set(bond) <= set(register):
            a, b = map(register.index, bond)
            inside.append(number)
            signs.append(z[:, a] * z[:, b])
    signs = np.array(signs, table.dtype)
    angles = table[:, rotations:]
    angles = angles[:, np.array(inside, dtype=int)]
    return angles @ signs.reshape(-1, 2**k) / 2


def _real(matrices):
    """(..., 2 d, 2 d) real matrices that do from the right, to rows of d real parts and then d
    imaginary parts, what complex `matrices` (..., d, d) do from the left."""
    turned = jnp.swapaxes(matrices, -1, -2)
    return jnp.block([[turned.real, turned.imag], [-turned.imag, turned.real]])


def _apply(folded, matrix):
    """A real matrix on the second half of folded amplitudes."""
    rows = folded.reshape(-1, len(matrix))
    return (rows @ matrix).reshape(folded.shape)


def _exchanged(folded):
    """With the halves of the register exchanged."""
    return folded.transpose(0, 3, 2, 1)


# -- any circuit -----------------------------------------------------------------------------------
def _gate_by_gate(circuit: Circuit, parameters, states):
    """Amplitudes (B, 1, 2, 2^L) after all gates of the light cone, and Z applied to them."""
    axis = {qubit: 1 + place for place, qubit in enumerate(arrangement(circuit))}
    psi = states[:, 0] + 1j * states[:, 1]
    psi = psi.reshape(-1, *(2,) * circuit.qubits)
    for gate in reversed(lightcone.live_gates(circuit)):
        axes = [axis[qubit] for qubit in gate.qubits]
        if gate.name in CLIFFORDS:
            psi = _controlled(psi, gate.name, *axes)
            continue
        half_angle = parameters[gate.parameter] / 2
        image = psi
        for letter, acted in zip(gate.paulis, axes):
            image = _pauli(image, letter, acted)
        psi = jnp.cos(half_angle) * psi - 1j * jnp.sin(half_angle) * image
    image = _pauli(psi, "z", axis[circuit.measure])
    return _one_row(psi), _one_row(image)


def _pauli(psi, letter: str, axis: int):
    """A Pauli matrix on one axis of complex amplitudes (B, 2, ..., 2)."""
    matrix = PAULI[letter].astype(psi.dtype)
    image = jnp.tensordot(matrix, psi, (1, axis))
    return jnp.moveaxis(image, 0, axis)


def _controlled(psi, name: str, control: int, target: int):
    """A Clifford gate on two axes of complex amplitudes (B, 2, ..., 2)."""
    matrix = MATRICES[name].reshape(2, 2, 2, 2).astype(psi.dtype)
    image = jnp.tensordot(matrix, psi, ((2, 3), (control, target)))
    return jnp.moveaxis(image, (0, 1), (control, target))


def _one_row(psi):
    """Folded amplitudes (B, 1, 2, 2^L) of complex ones (B, 2, ..., 2)."""
    psi = psi.reshape(len(psi), 1, -1)
    return jnp.stack([psi.real, psi.imag], axis=2)
