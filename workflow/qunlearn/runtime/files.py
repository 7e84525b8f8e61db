"""Files that are written whole or not at all, and texts of others."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qunlearn.runtime.errors import UserError

#: Marks at the head of a text, the longer ones first.
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes when it does not.

    A file has one writer at a time: what lies there of another one was left by a process that was killed, and goes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in _temporaries(path):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _temporaries(path: Path) -> list[Path]:
    """Temporary files of any process for `path`."""
    of_path = re.compile(rf"\.{re.escape(path.stem)}\.\d+{re.escape(path.suffix)}")
    return [other for other in path.parent.iterdir() if of_path.fullmatch(other.name)]


def encoding_of(path: str | Path) -> str:
    """The encoding of a text that others wrote: what its mark says, else UTF-8. Raises UserError for any other."""
    content = Path(path).read_bytes()
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{path} is not UTF-8 (line {line}): save it as 'CSV UTF-8'.") from None
    if b"\0" in content:
        raise UserError(
            f"{path} is no text in UTF-8 (it holds null bytes): save it as 'CSV UTF-8'."
        )
    return "utf-8"
