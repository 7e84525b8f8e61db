"""Quantum neural networks: a circuit of layers whose last readout is the logit (paper, Fig. 4a)."""

from typing import Annotated, ClassVar

from pydantic import Field

from qunlearn.config.blocks import Block, changed, read_block
from qunlearn.config.options import Count, PerDataset, Positive, Refers, number_or
from qunlearn.grid.names import base
from qunlearn.parts.circuits.layered import Entangler, Layered, Rotations
from qunlearn.parts.models import Model
from qunlearn.parts.part import option, where
from qunlearn.parts.registry import find
from qunlearn.runtime.errors import UserError

CircuitName = Annotated[str, Refers("circuit", changes=True)]
Probability = Annotated[float, Field(ge=0, le=1)]
#: Qubits where a dataset does not tell how many it has; for estimates of cost.
SUPPOSED = 10
#: Widest light cone, in qubits, whose Pauli strings are held (`quantum.classifier.MAX_CONE`).
NARROW = 8
#: Layers of a circuit that are looked at before any job starts.
CHECKED = 50


class CircuitModel(Model):
    """Base class of models that read a circuit's light cone."""

    is_base: ClassVar[bool] = True
    bound_option: ClassVar[str] = "readout_scale"

    depth: PerDataset[Count] = option(says="layers; one number, or one for each dataset")
    circuit: CircuitName = option(
        "layered", says="what a layer is: a circuit, perhaps with changes"
    )
    entangler: Entangler = option(says="bonds of the circuit `layered`: chain or ring")
    rotations: Rotations = option(says="rotations of the circuit `layered`: xyx or xyz")
    readout_scale: Positive = option(says="s in p = sigmoid(s <Z>)")
    measure: number_or("last") = option(
        says="qubit whose Z is read out: last, or its number from 0"
    )
    split: PerDataset[bool] = option(
        False,
        says="whether states enter as [Re x, Im x] on one more qubit, the first, as in the authors' "
        "unlearning; their phase is then seen where the light cone holds that qubit (a ring)",
    )

    def circuit_on(self, qubits: int, at_most: int | None = None):
        """The circuit on a register of so many qubits, as the engine reads it; of no more layers than
        `at_most`.

        Raises UserError where the circuit does not exist or does not fit, or `measure` is not on
        the register.
        """
        from qunlearn.quantum.circuit import assemble

        if isinstance(self.depth, dict):
            raise UserError("depth: one number is asked for here, not one for each dataset.")
        measure = qubits - 1 if self.measure == "last" else self.measure
        if measure >= qubits:
            raise UserError(
                f"measure: {measure} is not a qubit of the register (0 to {qubits - 1})."
            )
        layer = self._circuit().layer
        try:
            return assemble(layer, qubits, min(self.depth, at_most or self.depth), measure)
        except UserError as error:
            raise UserError(f"{where(type(layer.__self__))}: {error}") from None

    def _circuit(self):
        """The circuit's declaration, with the changes in its name."""
        kind, options = find("circuit", base(self.circuit)), {}
        if issubclass(kind, Layered):
            options = {"entangler": self.entangler, "rotations": self.rotations}
        [options] = changed(self.circuit, [Block("", kind, options)])
        values, wrong = read_block(kind, options, ())
        if wrong:
            raise UserError(f"{self.circuit}: {wrong[0]}")
        return kind(**values)

    def size(self):
        """'D = 4', 'D = 4, ring', 'D = 4, brickwork'."""
        words = [f"D = {self.depth}"]
        if self.circuit != "layered":
            words.append(self.circuit.replace("_", " "))
        elif self.entangler == "ring":
            words.append("ring")
        return ", ".join(words)

    def problems(self, source, dataset):
        if self.split and not _has_states(source):
            return [f"split: {dataset} holds no complex state vectors; set it to false there"]
        qubits = self._qubits(source)
        if qubits is None:
            return []
        if self.measure != "last" and self.measure >= qubits:
            last = qubits - 1
            return [f"measure: {self.measure} is not a qubit of {dataset} (0 to {last})"]
        if self.circuit != "layered":
            try:
                self.circuit_on(qubits, at_most=CHECKED)
            except UserError as error:
                return [f"circuit: {error}"]
        return []

    def is_phase_blind(self):
        return not self.split

    def cost(self, source):
        """Pauli strings of the light cone, at most; to turn one takes about as long as four products of a network."""
        return 4 * 4.0 ** self._widest_cone(self._qubits(source) or SUPPOSED)

    def weights_of(self, inputs):
        return 5.0 * self.depth * (inputs.bit_length() or SUPPOSED)

    def numbers_held(self, source, samples, models):
        """A narrow light cone reads states block by block, so that they are held as read and corrupted, beside three
        copies of their features; else they are arranged, spanned and evolved whole."""
        qubits = self._qubits(source) or SUPPOSED
        is_complex = source.is_complex() and not self.split
        states = samples * (2.0 * 2**qubits if is_complex else 2.0**qubits)
        cone = self._widest_cone(qubits)
        if cone > NARROW:
            return 10 * states
        return 2 * states + 3.0 * samples * 4**cone

    def _qubits(self, source) -> int | None:
        """Qubits of the register, where that is known."""
        qubits = source.qubits()
        return qubits if qubits is None else qubits + self.split

    def _widest_cone(self, qubits: int) -> int:
        """Qubits of the light cone at most: the one that is read and, for every layer but the last, whose bonds move
        nothing, one more on a chain that is read at its end, two on any other chain or ring; of another circuit all."""
        if self.circuit != "layered":
            return qubits
        is_read_at_its_end = self.entangler == "chain" and self.measure == "last"
        return min(qubits, self.depth if is_read_at_its_end else 2 * self.depth - 1)


def _has_states(source) -> bool:
    """Whether samples may be complex vectors; what is not known before the data are read may be."""
    shape = source.shape()
    return shape is None or (source.is_complex() and len(shape) == 1)


class Qnn(CircuitModel):
    """Amplitude encoding, layers of a parametrised circuit, and the logit z = s <Z> (Fig. 4a)."""

    label = "QNN"
    quantum = True
    colours = ("#0072B2",)

    free_scale: bool = option(False, says="whether s is trained, too")
    depolarizing: Probability = option(
        0.0, says="probability per qubit after each layer that its state is replaced by noise"
    )
    readout_error: Annotated[float, Field(ge=0, le=0.5)] = option(
        0.0, says="probability of reading the wrong bit"
    )
    shots: Count | None = option(
        None, says="circuit runs per expectation value; null: exact values"
    )

    def title(self):
        """'QNN, ring, [Re x, Im x]': empty for the plain one, whose name says it."""
        words = []
        if self.circuit == "layered" and self.entangler == "ring":
            words.append("ring")
        if self.split:
            words.append("[Re x, Im x]")
        return ", ".join([self.label, *words]) if words else ""

    def build(self, rows):
        from qunlearn.quantum.classifier import QuantumClassifier

        return QuantumClassifier(
            rows,
            self.circuit_on,
            self.readout_scale,
            split=self.split,
            free_scale=self.free_scale,
            depolarizing=self.depolarizing,
            readout_error=self.readout_error,
            shots=self.shots,
        )

    def layers(self):
        return self.depth

    def without_complex_angles(self):
        imperfect = ("free_scale", "depolarizing", "readout_error", "shots")
        return ", ".join(name for name in imperfect if getattr(self, name))

    def curvature_bound(self):
        from qunlearn.landscape.bound import curvature_bound

        return curvature_bound(self.readout_scale)
