"""One page of HTML that holds a whole study and opens without a network: claims, figures, tables, how it was made.

Everything is inside the file: pictures as data, tables as the text of their CSV files (a script of a few lines sorts
them), style and script from `workflow/report`. The same results give the same page, but for what was measured.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import docutils.core
import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from . import claims, rulegraph, store, tables, timing
from .claims import page as wording

#: Rows of a table on the page at a time.
ROWS = 100
PARTS = {"main": "Main figures", "supplement": "Supplement", "beyond": "Beyond the paper"}
NOT_IN_REPORT = "not decided: report.include leaves the claims out"
NO_DATASET = "no dataset of this study can decide it"


@dataclass(frozen=True)
class Figure:
    name: str  # of its file, and the anchor
    part: str
    title: str
    caption: Markup
    image: str  # data URI
    size: tuple[int, int]  # pixels
    tables: list[str]  # that the rule reads or writes

    @property
    def label(self) -> str:
        return figure_label(self.name)


@dataclass(frozen=True)
class Table:
    name: str
    csv: str
    columns: list[str]
    numeric: list[bool]
    first: list[list[str]]  # rows on the page before the script takes over
    rows: int


def figure_label(name: str) -> str:
    """'fig2' -> 'Fig. 2'; 'figS_models' -> 'Fig. S models'."""
    return re.sub(r"^fig(\w?)_?(\w*)$", lambda m: " ".join(filter(None, ("Fig.", m[1], m[2]))), name)


def rst(text: str) -> Markup:
    """reStructuredText as HTML, `single backquotes` being code; a mistake in it raises docutils' SystemMessage."""
    settings = {
        "_disable_config": True, "file_insertion_enabled": False, "raw_enabled": False, "halt_level": 2,
        "report_level": 2, "initial_header_level": 4, "math_output": "MathML", "embed_stylesheet": False,
    }  # fmt: skip
    parts = docutils.core.publish_parts(
        ".. default-role:: code\n\n" + text.replace(" %", "\u00a0%"), writer="html5", settings_overrides=settings
    )
    return Markup(parts["body"].strip())


def figure(path: str, caption: str, part: str, used: list[str]) -> Figure:
    """The figure of a PNG file and its caption (.rst), which begins with the title in bold."""
    png, text = Path(path).read_bytes(), Path(caption).read_text()
    title = re.match(r"\*\*(.+?)\*\*\s*", text, re.S)
    name = Path(path).stem
    return Figure(
        name=name,
        part=part,
        title=" ".join(title[1].split()).rstrip(".") if title else figure_label(name),
        caption=rst(text[title.end() :] if title else text),
        image="data:image/png;base64," + base64.b64encode(png).decode(),
        size=(int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")),
        tables=used,
    )


def _shown(text: str) -> str:
    """A number with five significant digits; whole numbers and words as they are."""
    return f"{float(text):.5g}" if re.search(r"\d[.eE]", text) else text


def table(path: str) -> Table:
    csv = Path(path).read_text()
    frame = pd.read_csv(io.StringIO(csv), dtype=str, keep_default_na=False)
    numeric = [bool(pd.to_numeric(frame[name].replace("", None), errors="coerce").notna().eq(frame[name] != "").all())
               for name in frame]  # fmt: skip
    first = frame.head(ROWS)
    shown = [first[name].map(_shown) if number else first[name] for name, number in zip(frame, numeric)]
    return Table(Path(path).stem, csv, list(frame), numeric, [list(row) for row in zip(*shown)], len(frame))


# -- claims -----------------------------------------------------------------------------------------------------------
def interval_svg(row: pd.Series, width: int = 132, height: int = 16) -> Markup:
    """The interval as a line, the value as a dot, where the claim says it lies as a shaded range; each row has a scale
    of its own."""
    ends = [row[name] for name in ("low", "high", "value") if pd.notna(row[name])]
    if not ends:
        return Markup("")
    bounds = [row[name] for name in ("above", "below") if pd.notna(row[name])]
    low, high = min(ends + bounds), max(ends + bounds)
    room = 0.15 * (high - low) or 1.0

    def x(value: float) -> float:
        return 3 + (width - 6) * (value - low + room) / (high - low + 2 * room)

    left = x(row["above"]) if pd.notna(row["above"]) else 0
    right = x(row["below"]) if pd.notna(row["below"]) else width
    shapes = f'<rect class="side" x="{left:.1f}" width="{right - left:.1f}" height="{height}"/>'
    shapes += "".join(f'<path class="bound" d="M{x(bound):.1f} 0V{height}"/>' for bound in bounds)
    if pd.notna(row["low"]):
        shapes += f'<path class="interval" d="M{x(row["low"]):.1f} {height / 2}H{x(row["high"]):.1f}"/>'
    shapes += f'<circle cx="{x(row["value"]):.1f}" cy="{height / 2}" r="3"/>' if pd.notna(row["value"]) else ""
    return Markup(
        f'<svg class="range" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f"{shapes}</svg>"
    )


def claim_sections(rows: pd.DataFrame | None, criteria: dict, figures: list[Figure]) -> list[tuple[str, list[dict]]]:
    """(section of the paper, its claims), every claim of the configuration once, then the controls. `rows`: the table
    of claims, None where it was left out; a claim without a row is undecided, and says why."""
    known = {name: claims.CLAIMS[name] for name in criteria}
    heads = [(name, claim.sentence, claim.section, claim.table) for name, claim in known.items()]
    if rows is not None:
        effects = rows[rows["section"] == claims.CONTROLS].drop_duplicates("claim")
        heads += [(row.claim, row.sentence, row.section, "controls") for row in effects.itertuples()]
    found = []
    for name, sentence, section, table in heads:
        part = [] if rows is None else [row for _, row in rows[rows["claim"] == name].iterrows()]
        results = [
            {
                "subject": wording.subject(row),
                "value": wording.value(row),
                "published": wording.published(row),
                "verdict": row["verdict"],
                "starred": wording.starred(row),
                "remark": row["remark"],
                "range": interval_svg(row),
            }
            for row in part
        ] or [{"subject": "-", "value": "-", "published": "-", "verdict": "undecided", "starred": False,
               "remark": NOT_IN_REPORT if rows is None else NO_DATASET, "range": ""}]  # fmt: skip
        found.append({
            "name": re.sub(r"\W+", "-", name), "sentence": sentence, "section": section, "results": results,
            "figure": next((f for f in figures if table in f.tables), None),
            "quantity": part[0]["quantity"] if part else "-", "side": wording.side(part[0]) if part else "-",
        })  # fmt: skip
    return [(section, list(group)) for section, group in groupby(found, key=lambda entry: entry["section"])]


def read_claims(path: str | None) -> pd.DataFrame | None:
    """The table of claims; None for none. Remarks are texts, empty where there is nothing to say."""
    if path is None:
        return None
    rows = tables.read_csv(path)
    return rows.assign(remark=rows["remark"].astype(object).fillna(""))


def verdict_counts(rows: pd.DataFrame | None) -> list[tuple[str, list[int]]]:
    """(dataset, number of rows of every verdict)."""
    if rows is None:
        return []
    rows = rows[rows["section"] != claims.CONTROLS]
    counts = pd.crosstab(rows["dataset"], rows["verdict"]).reindex(columns=wording.VERDICTS, fill_value=0)
    return [(dataset, line.tolist()) for dataset, line in counts.iterrows()]


# -- how it was made --------------------------------------------------------------------------------------------------
def origins(folder: Path) -> list[dict]:
    """Distinct origins of the result files (HDF5) below `folder`, with the number of files of each."""
    counts: Counter = Counter()
    for path in sorted(Path(folder).rglob("[!.]*.h5")):
        found = store.read_origin(path)
        counts[tuple(found.get(key, "") for key in store.ORIGIN)] += 1
    return [dict(zip(store.ORIGIN, key)) | {"files": number} for key, number in sorted(counts.items())]


def package_versions(found: list[dict]) -> dict[str, list[str]]:
    """Package -> versions that the files name, usually one."""
    versions: dict[str, set] = {}
    for origin in found:
        for name, version in json.loads(origin["versions"] or "{}").items():
            versions.setdefault(name, set()).add(version)
    return {name: sorted(versions[name]) for name in sorted(versions)}


def page(
    folder: Path, figures: list[Figure], data: list[Table], claimed: str | None, config: dict, mermaid: str
) -> str:
    """The whole page. `folder` holds template, style and script; `claimed` is the path of the table of claims, if there
    is one; `mermaid` the graph of rules as Snakemake prints it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    results = Path(config["paths"]["results"])
    rows = read_claims(claimed)
    sections = claim_sections(rows, config["claims"]["criteria"], figures)
    used = {claims.CLAIMS[name].table for name in config["claims"]["criteria"]}
    frames = {t.name: pd.read_csv(io.StringIO(t.csv)) for t in data if t.name in used}
    times = timing.by_rule(timing.jobs(results / "benchmarks"))
    notes = {rule: f"{row.jobs:.0f} jobs, {row.seconds:.0f} s" for rule, row in times.iterrows()}
    made = origins(results)
    return environment.get_template("report.html").render(
        settings=config,
        figures=figures,
        parts={part: title for part, title in PARTS.items() if any(f.part == part for f in figures)},
        tables=data,
        page_rows=ROWS,
        users={t.name: [f for f in figures if t.name in f.tables] for t in data},
        claim_rows=rows is not None,
        sections=sections,
        shown_claims={f.name: [c for _, group in sections for c in group if c["figure"] is f] for f in figures},
        counts=verdict_counts(rows),
        verdicts=wording.VERDICTS,
        explanation=rst("\n\n".join(wording.explanation(frames, config["claims"]["confidence"]))),
        confidence=config["claims"]["confidence"],
        published=rows is not None and rows["published"].notna().any(),
        config=yaml.safe_dump(config, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100),
        origins=made,
        versions=package_versions(made),
        revision=store.git_revision(),
        times=times,
        graph=Markup(rulegraph.svg(rulegraph.parse(mermaid), notes)),
    )
