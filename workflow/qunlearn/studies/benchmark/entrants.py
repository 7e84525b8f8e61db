"""Who takes part in the benchmark: this project's own engines, and what else could be used in their
place. What planning, tables and figures need to know; `engines` has their functions.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

BLUE, GREEN, ORANGE, YELLOW = "#0072B2", "#009E73", "#D55E00", "#E69F00"
PINK, SKY, GREY = "#CC79A7", "#56B4E9", "#999999"


class Entrant(NamedTuple):
    """One engine.

    `label`, `colour`: in figures and tables; `kinds`: of tasks that it runs; `short`: tasks that it
    runs in the short benchmark, the others where `full` is asked for; `package`: import name of
    what it needs beside the project's own packages; `in_turn`: its replicas take turns, so that one
    costs the same however many there are, and one is timed; `precision` of JAX in its process;
    `own`: this project's.
    """

    label: str
    colour: str
    kinds: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    package: str | None = None
    in_turn: bool = False
    precision: str = "single"
    own: bool = False

    @property
    def installed(self) -> bool:
        return self.package is None or find_spec(self.package) is not None


ENTRANTS = {
    "light_cone": Entrant("this project", BLUE, ("qnn", "cone"), own=True),
    # -- Pauli propagation -----------------------------------------------------------------------
    "pauliprop": Entrant(
        "TensorCircuit-NG, Pauli propagation",
        GREEN,
        ("qnn", "cone"),
        short=("qnn_xxz", "cone_xxz"),
    ),
    "tencirpauli": Entrant(
        "TenCirPauli",
        GREEN,
        ("cone",),
        short=("cone_xxz", "cone_mnist"),
        package="tencirpauli",
        in_turn=True,
    ),
    "pauli_prop": Entrant(
        "Qiskit pauli-prop, shift rule",
        GREEN,
        ("cone",),
        short=("cone_xxz",),
        package="pauli_prop",
        in_turn=True,
    ),
    # -- state vectors ---------------------------------------------------------------------------
    "cone_statevector": Entrant(
        "TensorCircuit-NG, state vector of the cone",
        ORANGE,
        ("qnn", "cone"),
        short=("qnn_xxz", "cone_xxz"),
    ),
    "cone_pennylane": Entrant(
        "PennyLane default.qubit, state vector of the cone",
        PINK,
        ("qnn", "cone"),
        short=("cone_xxz",),
        package="pennylane",
    ),
    "statevector": Entrant(
        "TensorCircuit-NG, state vector",
        ORANGE,
        ("qnn",),
        short=("qnn_xxz",),
        in_turn=True,
    ),
    "pennylane": Entrant(
        "PennyLane default.qubit", PINK, ("qnn",), package="pennylane", in_turn=True
    ),
    "qml_benchmarks": Entrant(
        "PennyLane, as qml-benchmarks trains", PINK, ("qnn",), package="pennylane", in_turn=True
    ),
    "lightning": Entrant(
        "PennyLane lightning.qubit, adjoint",
        SKY,
        ("qnn", "cone"),
        short=("qnn_xxz", "cone_xxz"),
        package="pennylane_lightning",
        in_turn=True,
    ),
    "contractor": Entrant(
        "TensorCircuit-NG, contractor", YELLOW, ("qnn",), in_turn=True, precision="double"
    ),
    # -- perceptrons -----------------------------------------------------------------------------
    "project": Entrant("this project", BLUE, ("mlp",), own=True),
    "one_by_one": Entrant(
        "plain JAX, one by one",
        GREEN,
        ("mlp",),
        short=("mlp_digits", "mlp_mnist", "mlp_xxz"),
        in_turn=True,
    ),
    "scikit_learn": Entrant(
        "scikit-learn", GREY, ("mlp",), short=("mlp_digits", "mlp_mnist", "mlp_xxz"), in_turn=True
    ),
    # -- this project's engine as a job and as many jobs, for its growth --------------------------
    "trainer": Entrant("this project, whole jobs", BLUE, own=True),
    "cores": Entrant("this project, jobs beside each other", BLUE, own=True),
}
OWN = tuple(name for name, entrant in ENTRANTS.items() if entrant.own)


def own_of(kind: str) -> str:
    """This project's engine for a kind of task."""
    return next(name for name in OWN if kind in ENTRANTS[name].kinds)


def entering(kind: str) -> list[str]:
    """Names of the installed engines that run a kind of task, this project's first."""
    return [name for name, one in ENTRANTS.items() if kind in one.kinds and one.installed]
