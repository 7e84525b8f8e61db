"""One page of HTML that holds a whole study and opens without a network: claims, figures, tables,
how it was made.

Everything is inside the file: pictures as data, tables as the text of their CSV files (a script of
a few lines sorts them), style and script from beside this module. The same results give the same
page, but for what was measured.
"""

from __future__ import annotations

import io
from pathlib import Path

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from qunlearn.results.provenance import git_revision
from qunlearn.runtime import timing
from qunlearn.studies.claims import Claims, methods_of_paper
from qunlearn.studies.claims import page as wording
from qunlearn.studies.claims.claim import known_claims
from qunlearn.studies.claims.criteria import Origin
from qunlearn.studies.report import rulegraph
from qunlearn.studies.report.origins import origins, package_versions
from qunlearn.studies.report.pieces import ROWS, Figure, Table, rst
from qunlearn.studies.report.verdicts import claim_sections, read_claims, verdict_counts

PARTS = {"main": "Main figures", "supplement": "Supplement", "beyond": "Beyond the paper"}


def page(
    figures: list[Figure],
    tables: list[Table],
    claimed: str | None,
    config: dict,
    results: Path,
    mermaid: str,
    origin: Origin,
) -> str:
    """The whole page. `claimed` is the path of the table of claims, if there is one; `results` the
    folder that the results lie in; `mermaid` the graph of rules as Snakemake prints it; `origin`
    where criteria come from."""
    template = _environment().get_template("report.html")
    return template.render(
        settings=config,
        config=_as_yaml(config),
        figures=figures,
        parts={part: PARTS[part] for part in PARTS if _of_part(figures, part)},
        tables=tables,
        page_rows=ROWS,
        users={table.name: _users(table, figures) for table in tables},
        revision=git_revision(),
        **_claims(figures, tables, claimed, config, origin),
        **_origins(results),
        **_times(results, mermaid),
    )


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _as_yaml(config: dict) -> str:
    look = {"sort_keys": False, "allow_unicode": True, "default_flow_style": None, "width": 100}
    return yaml.safe_dump(config, **look)


def _of_part(figures: list[Figure], part: str) -> list[Figure]:
    return [figure for figure in figures if figure.part == part]


def _users(table: Table, figures: list[Figure]) -> list[Figure]:
    """Figures that a table is drawn in."""
    return [figure for figure in figures if table.name in figure.tables]


def _claims(
    figures: list[Figure],
    tables: list[Table],
    claimed: str | None,
    config: dict,
    origin: Origin,
) -> dict:
    """What the template is told of claims."""
    names, confidence = list(origin.words), config["claims"]["confidence"]
    left_out = methods_of_paper(config["methods"])["left_out"]
    claims = known_claims()
    deciding = {claims[name].table for name in names} | set(Claims.tables)
    frames = {
        table.name: pd.read_csv(io.StringIO(table.csv))
        for table in tables
        if table.name in deciding
    }
    explanation = wording.explanation(frames, confidence, left_out, origin)
    rows = read_claims(claimed)
    sections = claim_sections(rows, claims, names, figures)
    entries = [entry for _, group in sections for entry in group]
    return {
        "claim_rows": rows is not None,
        "sections": sections,
        "shown_claims": {figure.name: _shown_in(figure, entries) for figure in figures},
        "counts": verdict_counts(rows),
        "verdicts": wording.VERDICTS,
        "no_finding": wording.NO_FINDING,
        "explanation": rst("\n\n".join(explanation)),
        "confidence": confidence,
        "published": rows is not None and rows["published"].notna().any(),
    }


def _shown_in(figure: Figure, entries: list[dict]) -> list[dict]:
    """Claims whose numbers a figure shows."""
    return [entry for entry in entries if entry["figure"] is figure]


def _origins(results: Path) -> dict:
    """What the template is told of software and machines."""
    made = origins(results)
    return {"origins": made, "versions": package_versions(made)}


def _times(results: Path, mermaid: str) -> dict:
    """What the template is told of rules and the time that they took."""
    times = timing.by_rule(timing.jobs(results / "benchmarks"))
    notes = {}
    for rule, row in times.iterrows():
        notes[rule] = f"{row.jobs:.0f} jobs, {row.seconds:.0f} s"
    graph = rulegraph.parse(mermaid)
    drawing = rulegraph.svg(graph, notes)
    return {"times": times, "graph": Markup(drawing)}
