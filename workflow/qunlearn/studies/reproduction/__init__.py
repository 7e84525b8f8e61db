"""Study "reproduction": the authors' published runs beside those computed here, where they are at
hand."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from qunlearn.config.options import Text, option
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.files import encoding_of
from qunlearn.studies.reproduction.layouts import LAYOUTS, RESILIENCE, Layout
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Reproduction(Study):
    """The authors' published runs beside those computed here."""

    group = ""
    section = "published"

    dir: Text | None = option(
        says="folder with the authors' resilience.csv, unlearning.csv, landscape.csv, or some of "
        "them; null: no comparison"
    )
    margin: Annotated[float, Field(gt=0, le=1)] = option(
        says="mean accuracies closer than this are equivalent"
    )
    factor: Annotated[float, Field(gt=1, le=1000)] = option(
        2.0, says="landscape roughening ratios closer than this factor are equivalent"
    )

    def file(self, layout: Layout) -> Path:
        return Path(self.dir) / layout.file

    def at_hand(self) -> list[Layout]:
        """Tables of the authors that the folder has."""
        if self.dir is None:
            return []
        return [layout for layout in LAYOUTS if os.path.isfile(self.file(layout))]

    def compared(self, plan: Plan) -> dict[str, str]:
        """The authors' tables that are at hand as `published_NAME`, and beside each this study's,
        as `NAME`. Raises UserError where the configuration names no folder."""
        if self.dir is None:
            files = ", ".join(layout.file for layout in LAYOUTS)
            raise UserError(
                "published.dir is null, so there is nothing to compare with: name the folder with "
                f"the authors' {files} (some of them or all) there."
            )
        files = {}
        for layout in self.at_hand():
            files[layout.name] = plan.grid.table(layout.name)
            files[f"published_{layout.name}"] = str(self.file(layout))
        return files

    def replaced(self, plan: Plan) -> dict[str, dict[str, list[str]]]:
        """Table -> model -> architectures that stand for it there."""
        stages = ("unlearning", "landscape")
        return {stage: plan.config[stage]["architectures"] for stage in stages}

    def problems(self, plan: Plan) -> list[str]:
        if self.dir is None:
            return []
        found = self.at_hand()
        if not found:
            return [f"dir: {self._nothing_there()}"]
        return [f"dir: {wrong}" for layout in found if (wrong := self._wrong_head(layout))]

    def _nothing_there(self) -> str:
        """Why not one table is at hand, and what to do."""
        path = self.file(RESILIENCE)
        others = " or ".join(layout.file for layout in LAYOUTS[1:])
        cure = f"name the folder that holds it, or {others}, or null"
        try:
            path.open("rb").close()
        except OSError as error:
            return f"{path} cannot be read ({error.strerror}); {cure}"
        except ValueError:
            return f"{str(path)!r} is no path; {cure}"
        return f"{path} is no file; {cure}"

    def _wrong_head(self, layout: Layout) -> str:
        """What is wrong with the first line of a table; empty for nothing."""
        path = self.file(layout)
        try:
            with path.open(encoding=encoding_of(path)) as file:
                header = [name.strip().strip('"') for name in file.readline().split(",")]
        except UserError as error:
            return str(error)
        except OSError as error:
            return f"{path} cannot be read ({error.strerror}); name another folder, or null"
        wrong = layout.absent(header)
        return f"{path} {wrong}" if wrong else ""


def read_published(path: str, layout: Layout = RESILIENCE):
    """One of the authors' tables, for a figure: a row per run, or per run and step."""
    from qunlearn.studies.reproduction import published

    return published.read_published(path, layout)


def published_runs(plan: Plan, layout: Layout = RESILIENCE) -> list[str]:
    """One of the authors' tables as an input file, none where it is not at hand.

    Raises UserError where the folder that the configuration names has none, or one that is not what
    it should be.
    """
    from qunlearn.config.check import ask

    ask(plan, ["reproduction"])
    study = plan.study("reproduction")
    return [str(study.file(layout))] if layout in study.at_hand() else []
