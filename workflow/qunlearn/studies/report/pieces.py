"""Figures and tables as the page holds them."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path

import docutils.core
import pandas as pd
from docutils.utils import SystemMessage
from markupsafe import Markup

from qunlearn.runtime.errors import UserError

#: Rows of a table on the page at a time.
ROWS = 100
#: A caption begins with the title in bold.
TITLE = re.compile(r"\*\*(.+?)\*\*\s*", re.S)
DOCUTILS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 2,
    "report_level": 2,
    "initial_header_level": 4,
    "math_output": "MathML",
    "embed_stylesheet": False,
}


@dataclass(frozen=True)
class Figure:
    """`name`: of its file, and the anchor; `image`: data URI; `size`: pixels; `tables`: that it is
    drawn from, or that are drawn with it."""

    name: str
    part: str
    title: str
    caption: Markup
    image: str
    size: tuple[int, int]
    tables: list[str]

    @property
    def label(self) -> str:
        return figure_label(self.name)


@dataclass(frozen=True)
class Table:
    """`first`: rows on the page before the script takes over."""

    name: str
    csv: str
    columns: list[str]
    numeric: list[bool]
    first: list[list[str]]
    rows: int


# -- figures ---------------------------------------------------------------------------------------
def figure_label(name: str) -> str:
    """'fig2' -> 'Fig. 2'; 'figS_models' -> 'Fig. S models'."""
    found = re.fullmatch(r"fig(\w?)_?(\w*)", name)
    if not found:
        return name
    return " ".join(filter(None, ("Fig.", *found.groups())))


def rst(text: str) -> Markup:
    """reStructuredText as HTML, `single backquotes` being code; a mistake in it raises docutils'
    SystemMessage."""
    source = ".. default-role:: code\n\n" + text.replace(" %", "\u00a0%")
    parts = docutils.core.publish_parts(source, writer="html5", settings_overrides=DOCUTILS)
    return Markup(parts["body"].strip())


def figure(path: str | Path, caption: str, part: str, tables: list[str]) -> Figure:
    """The figure of a PNG file with its caption, reStructuredText that begins with the title in
    bold.

    Raises UserError for a caption with a mistake.
    """
    path = Path(path)
    png = path.read_bytes()
    title, text = split_caption(caption)
    try:
        words = rst(text)
    except SystemMessage as error:
        why = f"the caption of {path.stem} is no reStructuredText: {error}"
        raise UserError(why) from error
    return Figure(
        name=path.stem,
        part=part,
        title=title or figure_label(path.stem),
        caption=words,
        image=f"data:image/png;base64,{base64.b64encode(png).decode()}",
        size=size(png),
        tables=tables,
    )


def split_caption(caption: str) -> tuple[str, str]:
    """(title, text); the title is empty where none stands first."""
    found = TITLE.match(caption)
    if not found:
        return "", caption
    title = " ".join(found[1].split())
    return title.rstrip("."), caption[found.end() :]


def size(png: bytes) -> tuple[int, int]:
    """(width, height), from the file's header."""
    width, height = png[16:20], png[20:24]
    return int.from_bytes(width, "big"), int.from_bytes(height, "big")


# -- tables ----------------------------------------------------------------------------------------
def table(path: str | Path) -> Table:
    """The table of a CSV file."""
    path = Path(path)
    csv = path.read_text(encoding="utf-8")
    frame = pd.read_csv(io.StringIO(csv), dtype=str, keep_default_na=False)
    numeric = [is_numeric(frame[name]) for name in frame]
    first = frame.head(ROWS)
    for name in frame.columns[numeric]:
        first = first.assign(**{name: first[name].map(_shown)})
    return Table(
        name=path.stem,
        csv=csv,
        columns=list(frame),
        numeric=numeric,
        first=first.to_numpy().tolist(),
        rows=len(frame),
    )


def is_numeric(column: pd.Series) -> bool:
    """Whether all of its texts are numbers, or empty."""
    numbers = pd.to_numeric(column.replace("", None), errors="coerce")
    return bool(numbers.notna().eq(column != "").all())


def _shown(text: str) -> str:
    """A number with five significant digits; whole numbers and words as they are."""
    return f"{float(text):.5g}" if re.search(r"\d[.eE]", text) else text
