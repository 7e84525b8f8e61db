"""Tables of published runs that this study's are compared with: their files and columns.

Read while planning: nothing heavy is imported here.
"""

from __future__ import annotations

from typing import NamedTuple

POINT = ("dataset", "model", "corruption", "alpha")
SETS = ("train", "validation")


class Layout(NamedTuple):
    """A file `NAME.csv`, compared with this study's table of the same name. `case`: columns that
    tell cases apart, each of several runs; `row`: columns that no two rows share; `needed`: columns
    that must be there, and `one_of`: columns of which one must be; `optional`: a column that may be
    left out, and what it then is in every row."""

    name: str
    case: tuple[str, ...]
    row: tuple[str, ...]
    needed: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    optional: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    def absent(self, columns) -> str:
        """What is wrong with a table of these columns; empty for nothing."""
        columns = list(columns)
        for name in self.needed:
            if name not in columns:
                return f"has no column '{name}' (needed: {', '.join(self.needed)})"
        if self.one_of and not set(self.one_of) & set(columns):
            return f"has neither column of {' and '.join(self.one_of)}; one of them is needed"
        return ""


RESILIENCE = Layout(
    name="resilience",
    case=POINT,
    row=(*POINT, "run"),
    needed=(*POINT, "run", "train_accuracy", "val_accuracy"),
)
UNLEARNING = Layout(
    name="unlearning",
    case=(*POINT, "method"),
    row=(*POINT, "method", "run", "step"),
    needed=(*POINT, "method", "run", "step", "val_accuracy"),
)
LANDSCAPE = Layout(
    name="landscape",
    case=(*POINT, "eval_set"),
    row=(*POINT, "eval_set", "run"),
    needed=(*POINT, "run"),
    one_of=("trace", "lrr"),
    optional=(("eval_set", "validation"),),
)
#: In the order of the paper's figures.
LAYOUTS = (RESILIENCE, UNLEARNING, LANDSCAPE)
