"""What decides claims: the criteria of criteria.yaml, what a configuration changes of them, and the
hash that tells one state of that file from another."""

from __future__ import annotations

import datetime
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from qunlearn.config.blocks import read_block
from qunlearn.config.options import Distinct, Options, PoisonedAlpha, Text, option
from qunlearn.runtime.errors import UserError

FILE = Path(__file__).parents[4] / "criteria.yaml"
Threshold = Annotated[float, Field(ge=0, le=1_000_000)]
#: Keys of a criterion that decide nothing themselves.
WORDS = ("source", "why")


def _text(value):
    """A date as YAML reads it, as text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def _date(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        words = "{text} is no date; write it as 2026-11-26"
        raise PydanticCustomError("date", words, {"text": repr(text)}) from None


class Criterion(Options):
    """What decides a claim; each has those of the first keys that it declares."""

    alphas: Distinct[PoisonedAlpha] | None = option(None, says="corrupted fractions")
    least: Annotated[float, Field(ge=0, le=1)] | None = option(
        None, says="clean accuracy that a plateau is measured from, where the model's is lower"
    )
    tolerance: Threshold | None = option(None, says="differences that do not count")
    above: Threshold | None = option(None, says="the whole interval has to lie above")
    below: Threshold | None = option(None, says="the whole interval has to lie below")
    source: Distinct[Text] | None = option(None, says="sentences of the paper, word by word")
    why: Text | None = option(None, says="how the numbers follow from them")


class Change(Options):
    """A change of the criteria."""

    date: Annotated[str, BeforeValidator(_text), AfterValidator(_date)] = option(
        says="day of the change, as 2026-11-26"
    )
    reason: Text = option(says="what was changed, and why")
    sha256: Text = option(says="hash of the criteria after it")


class CriteriaFile(Options):
    """The file: criteria by claim, and every change of them, the first one first."""

    criteria: dict[str, Criterion] = option(says="what decides each claim, by its name")
    changes: list[Change] = option(says="every change of the criteria", min_length=1)


class Recorded(NamedTuple):
    """What the file holds: the keys given of each criterion, the list of changes, and the hash of
    the criteria."""

    criteria: dict[str, dict]
    changes: list[dict]
    sha256: str


class Origin(NamedTuple):
    """Where the criteria of a study come from, for its pages: the file's hash and its list of
    changes; `deviations`, what the configuration sets otherwise; `words`, of every claim the
    paper's sentences (`source`) and how the numbers follow from them (`why`), where given."""

    sha256: str
    changes: list[dict]
    deviations: list[str]
    words: dict[str, dict]

    def is_listed(self) -> bool:
        """Whether the last change of the list led to the file's criteria."""
        return self.changes[-1]["sha256"] == self.sha256


def canonical_hash(criteria: dict[str, dict]) -> str:
    """SHA-256 of the criteria, words and numbers, as JSON with sorted keys: spelling, order and
    comments of the file do not count."""
    text = json.dumps(criteria, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def recorded(file: Path = FILE) -> Recorded:
    """What the file holds. Raises UserError, a line per problem."""
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file.name}: {error.strerror}; restore {file}.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise UserError(f"{file.name} is no YAML: {line}. Mend or restore it.") from None
    if not isinstance(values, dict):
        raise UserError(f"{file.name} holds no `criteria` and `changes`; restore it.")
    read, wrong = read_block(CriteriaFile, values, ())
    if wrong:
        raise UserError("\n".join(f"{file.name}: {line}" for line in wrong))
    return Recorded(read["criteria"], read["changes"], canonical_hash(read["criteria"]))


def merged(on_top: dict[str, dict], file: Path = FILE) -> dict[str, dict]:
    """Every claim's criterion: the file's, with the keys that a configuration sets on top."""
    criteria = recorded(file).criteria
    names = list(dict.fromkeys([*criteria, *on_top]))
    return {name: {**criteria.get(name, {}), **on_top.get(name, {})} for name in names}


def deviations(on_top: dict[str, dict], file: Path = FILE) -> list[str]:
    """What a configuration sets, in words: 'qnn_plateau.below: 0.1 instead of 0.05', 'mine: not in
    the file'."""
    criteria, found = recorded(file).criteria, []
    for name, keys in on_top.items():
        if name not in criteria:
            found.append(f"{name}: not in the file")
            continue
        for key, value in keys.items():
            before = criteria[name].get(key)
            if value != before:
                found.append(f"{name}.{key}: {value} instead of {before}")
    return found


def origin(on_top: dict[str, dict], file: Path = FILE) -> Origin:
    """Where criteria come from that a configuration sets on top of the file's."""
    found = recorded(file)
    words = {}
    for name, criterion in merged(on_top, file).items():
        words[name] = {key: criterion[key] for key in WORDS if criterion.get(key)}
    return Origin(found.sha256, found.changes, deviations(on_top, file), words)
