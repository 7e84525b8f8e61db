"""Study "report": one page with everything, for a reader without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qunlearn.config.options import Distinct, option
from qunlearn.grid.blocks import without_doubles
from qunlearn.parts import registry
from qunlearn.studies.study import Study

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan

#: Groups of studies whose figures the page shows, in its order.
GROUPS = ("main", "supplement", "beyond")


class Report(Study):
    """One page that holds a whole study and opens without a network."""

    group = ""
    section = "report"
    pages = ("report.html",)

    include: Distinct[Literal["claims", "main", "supplement", "beyond"]] = option(
        says="its parts; what is left out is not computed for it"
    )

    def shown(self, plan: Plan) -> list[tuple[str, type[Study]]]:
        """(group, study) of every figure of the page, in its order."""
        found = []
        for group in GROUPS:
            if group in self.include:
                found += [(group, registry.find("study", name)) for name in drawn(plan, group)]
        return found

    def tables_shown(self, plan: Plan) -> list[str]:
        """Tables of the page: those of its figures, and those that decide its claims."""
        names = []
        for _, kind in self.shown(plan):
            names += tables_of(kind)
        if "claims" in self.include:
            names += plan.study("claims").tables_needed(plan)
        if plan.study("reproduction").dir is not None:
            names.append("reproduction")
        return without_doubles(names)

    # -- what its rule is told ---------------------------------------------------------------------
    def files(self, plan: Plan) -> dict[str, list[str]]:
        """Claims, figures and tables. Raises UserError where other studies' sections that the page
        reads are wrong: it says what decides claims even where it leaves them out."""
        from qunlearn.config.check import ask

        ask(plan, ["claims", "reproduction"])
        grid = plan.grid
        claims = [str(grid.root / "claims.csv")] if "claims" in self.include else []
        return {
            "claims": claims,
            "figures": [grid.figure(kind.figure, "png") for _, kind in self.shown(plan)],
            "tables": [grid.table(name) for name in self.tables_shown(plan)],
        }

    def words(self, plan: Plan) -> list[tuple]:
        """(part of the page, caption, tables) of every figure."""
        shown = self.shown(plan)
        return [(part, kind.caption(), tables_of(kind)) for part, kind in shown]

    @classmethod
    def templates(cls) -> list[str]:
        return [str(cls.folder() / f"report.{suffix}") for suffix in ("html", "css", "js")]


def drawn(plan: Plan, group: str) -> list[str]:
    """Studies of a group whose figures are drawn: those with a section elsewhere than the group's,
    which no list names, then those that the group's list names."""
    unlisted = {}
    for name, kind in registry.known("study").items():
        is_drawn = kind.group == group and kind.figure
        section, *_ = kind.where().split(".")
        if is_drawn and section != group:
            unlisted[name] = kind.figure
    names = sorted(unlisted, key=unlisted.get)
    names += plan.config.get(group, {}).get("figures", [])
    return [name for name in names if plan.study(name).applies(plan)]


def tables_of(kind: type[Study]) -> list[str]:
    """Tables that a study's figure is drawn from, and those that are drawn with it."""
    return without_doubles([*kind.tables_read(), *kind.tables, *kind.draws_tables])
