"""The circuit of the authors' Hessian notebook: two rotations on every qubit, then a ring of CNOTs."""

from qunlearn.parts.circuits import Circuit


class CnotRing(Circuit):
    """RX and RY on every qubit, then CNOTs from every qubit to the next around a ring, one after
    the other.

    The last CNOTs lead round the ring, so that the light cone of any readout is the whole register
    after a single layer.
    """

    label = "CNOT ring"

    def layer(self, qubits, number):
        for qubit in range(qubits):
            yield "rx", qubit
            yield "ry", qubit
        if qubits > 1:
            for qubit in range(qubits):
                yield "cnot", qubit, (qubit + 1) % qubits
