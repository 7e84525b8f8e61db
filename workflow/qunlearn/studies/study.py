"""What a study declares. Its rules are made from this, in one loop (`workflow/rules/studies.smk`).

A study of the project is a folder: `__init__.py` declares it, `table.py` has `tabulate`, `figure.py` has `draw`,
`analysis.py` has `analyse` where it analyses trained models, `caption.rst` is what is said under its figure,
`claims.py` what of the paper its tables decide, `rules.smk` the rules of jobs of its own. A study of a user's own may
be one file, with these functions as methods and the docstring as caption.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qunlearn.parts.part import Part

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


#: Most parameters whose Hessian analyses form whole (`landscape.hessian.DENSE`).
DENSE = 512


class Study(Part):
    """Base class. Options are those of the section of the configuration that the study owns."""

    kind: ClassVar[str] = "study"
    #: 'main', 'supplement' or 'beyond': which target draws it; empty for what no group draws.
    group: ClassVar[str] = "beyond"
    #: Where its options stand in the configuration, dotted; by default `studies.NAME`.
    section: ClassVar[str] = ""
    #: File name of its figure; empty for none.
    figure: ClassVar[str] = ""
    #: Tables that `tabulate` gives, the first one being the main one.
    tables: ClassVar[tuple[str, ...]] = ()
    #: Tables that `draw` is given; by default its own.
    reads: ClassVar[tuple[str, ...] | None] = None
    #: Tables that `draw` gives beside the figure.
    draws_tables: ClassVar[tuple[str, ...]] = ()
    #: Pages and other files that rules of its own make, below the folder of results.
    pages: ClassVar[tuple[str, ...]] = ()
    #: `draw` is also given `data`, the datasets.
    drawn_from_data: ClassVar[bool] = False
    #: Analyses trained models, in jobs of its own, by `analyse`.
    analyses: ClassVar[bool] = False
    #: JAX's precision in `tabulate`; empty where it does without JAX.
    precision: ClassVar[str] = ""
    #: Claims of the paper that its tables decide, by name.
    claims: ClassVar[dict] = {}

    # -- while planning ----------------------------------------------------------------------------------------------
    def needs(self, plan: Plan) -> dict[str, list[str]]:
        """Input files of `tabulate`, by the name of its argument."""
        return {}

    def settings(self, plan: Plan) -> dict:
        """Further arguments of `tabulate`; a change makes the table again."""
        return {}

    def drawing(self, plan: Plan) -> dict:
        """Further arguments of `draw`; a change draws the figure again."""
        return {}

    def drawn_files(self, plan: Plan) -> dict[str, list[str]]:
        """Further tables that `draw` is given, files by the name of its argument."""
        return {}

    def analysis_alphas(self, plan: Plan) -> tuple[float, ...]:
        """Corrupted fractions at which trained models are analysed."""
        return ()

    def analysed_from(self, plan: Plan, dataset, model, corruption, alphas, seeds) -> list[str]:
        """Training files that hold the models of one file of the analysis."""
        return plan.grid.trained(dataset, model, corruption, alphas, seeds)

    def analysis_settings(self, plan: Plan, dataset: str, model: str) -> dict:
        """What `analyse` is told beside the models."""
        return {}

    def analysis_numbers(self, plan: Plan, weights: float) -> float:
        """Numbers that `analyse` holds of one model of so many parameters, for the memory that its jobs ask a cluster
        for: the vectors of a search for eigenvectors, and small Hessians whole."""
        return 24 * weights + 8 * DENSE**2

    def analysis_passes(self, plan: Plan) -> float:
        """Passes over all samples that `analyse` makes for one model, for the time that its jobs ask for."""
        return DENSE

    def sweep(self) -> list[float]:
        """Corrupted fractions at which the study trains models beside the pipeline's own."""
        return []

    def more_seeds(self) -> list[int]:
        """Seeds of which the study trains models beside the pipeline's own."""
        return []

    def problems(self, plan: Plan) -> list[str]:
        """What is wrong with options that each are allowed: 'KEY: sentence', KEY below the section."""
        return []

    def pipeline_problems(self, plan: Plan) -> list[str]:
        """What is wrong in sections of the pipeline, for what the study shows: 'SECTION.KEY: sentence'."""
        return []

    def drawn_with(self, plan: Plan) -> list[type[Part]]:
        """Parts whose code `draw` runs: when they change, the figure is drawn again."""
        return []

    def applies(self, plan: Plan) -> bool:
        """Whether there is anything to draw."""
        return True

    @classmethod
    def where(cls) -> str:
        """Dotted path of its section."""
        return cls.section or f"studies.{cls.name()}"

    @classmethod
    def drawing_rule(cls) -> str:
        """'fig2' or 'capacity': name of the rule that draws it, without `draw_`."""
        return cls.figure.partition("_")[2] or cls.figure

    @classmethod
    def tables_read(cls) -> tuple[str, ...]:
        """Tables that `draw` is given."""
        return cls.tables if cls.reads is None else cls.reads

    @classmethod
    def folder(cls) -> Path | None:
        """The folder of a study of the project; None for one file."""
        file = Path(inspect.getsourcefile(cls))
        return file.parent if file.name == "__init__.py" else None

    @classmethod
    def source_file(cls, module: str) -> Path:
        """The file whose function a job calls: 'table', 'figure' or 'analysis'."""
        file = cls.folder() / f"{module}.py" if cls.folder() else None
        return file if file and file.exists() else Path(inspect.getsourcefile(cls))

    @classmethod
    def rules_file(cls) -> Path | None:
        """Rules of jobs of its own, if it has any."""
        file = cls.folder() / "rules.smk" if cls.folder() else None
        return file if file and file.exists() else None

    @classmethod
    def caption_file(cls) -> Path | None:
        file = cls.folder() / "caption.rst" if cls.folder() else None
        return file if file and file.exists() else None

    @classmethod
    def caption(cls) -> str:
        """reStructuredText, the title in bold first."""
        if file := cls.caption_file():
            return file.read_text(encoding="utf-8")
        title, _, text = inspect.cleandoc(cls.__doc__ or cls.words()).partition("\n\n")
        return f"**{title.rstrip('.')}.** {text}"

    # -- in jobs -----------------------------------------------------------------------------------------------------
    def tabulate(self, **inputs) -> dict:
        """Table name -> DataFrame, from input files and settings; `progress(fraction, text)` is told how far it is."""
        return self._module("table").tabulate(**inputs)

    def read_drawn(self, name: str, path: str):
        """A table that `draw` is given, by the name of its argument."""
        from qunlearn.results.csv import read_csv

        return read_csv(path)

    def draw(self, **tables):
        """The figure, or (figure, table name -> DataFrame) where it `draws_tables`."""
        return self._module("figure").draw(**tables)

    def analyse(self, problem, cells, trained, settings: dict, progress) -> list[dict]:
        """Per cell, nested dictionaries of arrays and numbers."""
        return self._module("analysis").analyse(problem, cells, trained, settings, progress)

    @classmethod
    def _module(cls, name: str):
        return importlib.import_module(f"{cls.__module__}.{name}")
