"""Study "reproduction": the authors' published accuracies beside those computed here, where they
are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Text, option
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import encoding_of
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: Columns of the authors' table.
COLUMNS = ("dataset", "model", "corruption", "alpha", "run", "train_accuracy", "val_accuracy")


class Reproduction(Study):
    """The authors' published accuracies beside those computed here."""

    group = ""
    section = "published"

    dir: Text | None = option(says="folder with the authors' resilience.csv; null: no comparison")
    margin: Annotated[float, Field(gt=0, le=1)] = option(
        says="means closer than this are equivalent"
    )

    def file(self) -> Path:
        return Path(self.dir) / "resilience.csv"

    def compared(self, plan: Plan) -> str:
        """The authors' table; raises UserError where the configuration names none."""
        if self.dir is None:
            raise UserError(
                "published.dir is null, so there is nothing to compare with: name the folder with "
                "the authors' resilience.csv there."
            )
        return str(self.file())

    def problems(self, plan: Plan) -> list[str]:
        if self.dir is None:
            return []
        path = self.file()
        try:
            with path.open(encoding=encoding_of(path)) as file:
                header = [name.strip() for name in file.readline().split(",")]
        except UserError as error:
            return [f"dir: {error}"]
        except OSError as error:
            why = f"{path} cannot be read ({error.strerror})"
            return [f"dir: {why}; name the folder that holds it, or null"]
        absent = [name for name in COLUMNS if name not in header]
        if absent:
            needed = ", ".join(COLUMNS)
            return [f"dir: {path} has no column '{absent[0]}' (needed: {needed})"]
        return []


def published_runs(plan: Plan) -> list[str]:
    """The authors' table as an input file, none where the configuration names none.

    Raises UserError where it is not there or not what it should be.
    """
    from qunlearn.config.check import ask

    ask(plan, ["reproduction"])
    study = plan.study("reproduction")
    return [] if study.dir is None else [str(study.file())]
