"""Folders of the section `paths`: each has one spelling for all who use it, and is looked at before anything starts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from qunlearn.runtime.errors import UserError

VARIABLE = re.compile(r"\$(\w+|\{[^{}]*\})")
#: Bytes that the paths of results need below their folder.
BELOW = 400
LONGEST = 4096 - BELOW
#: Folders of this project, and of Snakemake in the working directory, that hold no results.
PROJECT = Path(__file__).parents[3]
KEPT = ("workflow", "envs", "presets", "profiles", "docs", "tests", ".git")


def spelled(text: str) -> str:
    """A folder in the one spelling that rules, jobs and scripts share: `~` and variables replaced, nothing redundant.

    What a link leads out of becomes absolute. Raises PydanticCustomError with the cure.
    """
    folder = _expanded(text.strip())
    for sign, words in (
        (r"\{|\}", "braces, which Snakemake takes for a wildcard"),
        (r"[\x00-\x1f\x7f]", "a line break or another control character"),
        (r"://", "an address; folders lie on a file system"),
        (r"\$", "a '$' that names no variable"),
    ):
        if re.search(sign, folder):
            raise _refused(text, f"holds {words}. Name another folder")
    try:
        os.fsencode(folder)
    except UnicodeEncodeError:
        words = "holds letters that files cannot have in this locale. Export LC_ALL=C.UTF-8, or name another folder"
        raise _refused(text, words) from None
    plain = os.path.normpath(folder)
    if ".." in Path(folder).parts and os.path.realpath(plain) != os.path.realpath(folder):
        plain = os.path.realpath(folder)
    return "/" + plain.lstrip("/") if os.path.isabs(plain) else plain


def _expanded(text: str) -> str:
    """The text with variables and a `~` at its beginning replaced."""

    def value(match) -> str:
        name = match[1].strip("{}")
        if not os.environ.get(name):
            words = f"holds ${name}, which is not set. Set and export it, or write the folder out"
            raise _refused(text, words)
        return os.environ[name]

    found = os.path.expanduser(VARIABLE.sub(value, text))
    if found.startswith("~"):
        words = "begins with '~', but there is no such user. Write the folder out"
        raise _refused(text, words)
    if not found:
        raise _refused(text, "is empty. Name a folder")
    return found


def _refused(text: str, words: str) -> PydanticCustomError:
    return PydanticCustomError("folder", "{text} {words}", {"text": repr(text), "words": words})


def prefix(folder: str) -> str:
    """What paths of files in a folder begin with: nothing in the working directory, for `./` is another name."""
    return "" if folder == "." else f"{folder.rstrip('/')}/"


#: Type of an option that names a folder.
Folder = Annotated[str, Field(min_length=1), AfterValidator(spelled)]


def check_folders(paths: dict, submits: bool = False) -> None:
    """Raises UserError where files could not be written, or should not be.

    Temporary files may go to a disk of the machines that jobs run on: it need not exist where this process `submits`
    jobs to others. A cache that cannot be written is none, and MNIST files may be another's: these must be folders.
    """
    for key, text in paths.items():
        if text is None:
            continue
        if problem := _problem(key, text, submits):
            raise UserError(f"paths.{key}: {problem} Nothing was started.")


def _problem(key: str, text: str, submits: bool) -> str | None:
    """What is wrong with the folder of a key of `paths`; None for nothing."""
    path = Path(text).absolute()
    if any(len(os.fsencode(part)) > 255 for part in path.parts):
        return f"{text[:40]}… has a part of more than 255 bytes; name another folder."
    if len(os.fsencode(path)) > LONGEST:
        return f"{text[:40]}… is longer than {LONGEST} bytes; name another folder."
    for folder in (path, *path.parents):
        if os.path.lexists(folder):
            break
    if not os.path.exists(folder):
        return f"{folder} is a link to {os.readlink(folder)}, which is not there; make that folder, or remove the link."
    if not folder.is_dir():
        return f"{folder} is not a folder; remove that file or name another folder."
    if key in ("results", "logs") and (owner := _owner(path)):
        return f"{text} lies in {owner}, which is not for results; name another folder."
    if key in ("mnist", "compilation_cache") or (folder != path and submits and key == "scratch"):
        return None
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} cannot be written; change its permissions or name another folder."
    return None


def _owner(path: Path) -> Path | None:
    """The folder of the project's own, or of Snakemake's, that a path lies in; None for none."""
    owned = [*(PROJECT / name for name in KEPT), Path.cwd() / ".snakemake"]
    resolved = path.resolve()
    return next((folder for folder in owned if resolved.is_relative_to(folder.resolve())), None)
