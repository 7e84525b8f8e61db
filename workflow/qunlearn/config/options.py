"""Options: what a part, a study or a section of the configuration may hold, declared once, as a pydantic model.

A field gives the type, the bounds, the default and one sentence of an option. The check of the configuration, the words
of its errors, the schema and the reference page are all made from these fields.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticUndefined

from qunlearn.grid.blocks import canonical
from qunlearn.lazy import yaml

REQUIRED = PydanticUndefined
T = TypeVar("T")


def option(default: Any = REQUIRED, *, says: str, **bounds):
    """An option with its `default` (none: it must be given), its bounds (`ge`, `gt`, `le`, `lt`, ...) and one sentence
    that `says` what it means."""
    return Field(default, description=says, **bounds)


class Options(BaseModel):
    """Base class: unknown keys are refused, values keep their type, texts that spell numbers are read as such."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, ignored_types=(property,)
    )

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value, info):
        return read_as(cls.model_fields[info.field_name].annotation, value)


# -- texts of the command line ---------------------------------------------------------------------------------------
def scalar(text: str):
    """The number, boolean, null or word that `text` spells; a list or mapping in YAML too.

    An underscore makes no number (27_ is a word): one value would have many names.
    """
    try:
        value = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    return text if isinstance(value, (int, float)) and "_" in text else value


def kinds(annotation) -> set:
    """The plain types that an annotation allows: {int}, {str, int}, {list}, {float, NoneType}."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return set().union(*(kinds(branch) for branch in get_args(annotation)))
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {dict}
    return {origin or annotation}


def item_annotation(annotation, kind):
    """Annotation of what stands inside a list, or of a mapping's values."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        branches = inside[:1] if origin is Annotated else inside
        found = [item_annotation(branch, kind) for branch in branches if kind in kinds(branch)]
        return found[0] if found else Any
    return inside[-1] if origin is kind and inside else Any


def read_as(annotation, value):
    """`value` with its texts turned into the numbers and lists that the annotation asks for, where they can be."""
    allowed = kinds(annotation)
    if Any in allowed:
        return value
    if isinstance(value, str) and str not in allowed:
        value = scalar(value)
    elif isinstance(value, str) and int in allowed and value.lstrip("-").isdigit():
        value = int(value)
    is_single = not isinstance(value, (list, dict)) and value is not None
    if list in allowed and dict not in allowed and is_single:
        value = [value]
    if isinstance(value, list) and list in allowed:
        inside = item_annotation(annotation, list)
        return [read_as(inside, item) for item in value]
    if isinstance(value, dict) and dict in allowed:
        inside = item_annotation(annotation, dict)
        return {str(key): read_as(inside, item) for key, item in value.items()}
    if float in allowed and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    if float not in allowed and int in allowed and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


# -- types -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Refers:
    """Mark of a name: it has to be one of the `kind` that the study knows ('dataset', 'model', ...).

    With `changes` it may carry changes (`qnn~depth=3`).
    """

    kind: str
    changes: bool = False


@dataclass(frozen=True)
class ByDataset:
    """Mark of an option that may have a value of its own for each dataset."""


def _distinct(values: list) -> list:
    for i, value in enumerate(values):
        if value in values[:i]:
            raise PydanticCustomError(
                "double", "{value} occurs more than once", {"value": repr(value)}
            )
    return values


def _four_decimals(alpha: float) -> float:
    if abs(alpha - canonical(alpha)) > 1e-12:
        words = "{alpha} has more than four decimals, which file names do not carry"
        raise PydanticCustomError("decimals", words, {"alpha": alpha})
    return canonical(alpha)


def _number_or(word: str, least: int):
    """A validator: a whole number from `least` on, or `word`."""

    def check(value):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if value == word or (is_number and least <= value <= 1_000_000):
            return value
        if is_number:
            side = "small (at least" if value < least else "large (at most"
            limit = least if value < least else 1_000_000
            raise PydanticCustomError("bound", f"{value} is too {side} {limit})")
        words = "{value} is neither a whole number nor '{word}'"
        raise PydanticCustomError("number_or", words, {"value": repr(value), "word": word})

    schema = {"anyOf": [{"type": "integer", "minimum": least}, {"const": word}]}
    return Annotated[Any, BeforeValidator(_whole), AfterValidator(check), WithJsonSchema(schema)]


def _whole(value):
    """A text that spells a whole number as one."""
    is_text = isinstance(value, str) and value.lstrip("-").isdigit()
    is_whole = isinstance(value, float) and math.isfinite(value) and value.is_integer()
    return int(value) if is_text or is_whole else value


def _three_parts(name: str) -> str:
    parts = name.split("/")
    if len(parts) == 3 and all(parts):
        return name
    words = "{name} is not of the form dataset/model/corruption"
    raise PydanticCustomError("run_name", words, {"name": repr(name)})


Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Positive = Annotated[float, Field(gt=0)]
Alpha = Annotated[float, Field(ge=0, lt=1), AfterValidator(_four_decimals)]
PoisonedAlpha = Annotated[float, Field(gt=0, lt=1), AfterValidator(_four_decimals)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Batch = _number_or("full", least=1)
#: 'dataset/model/corruption', each of which may carry changes.
RunName = Annotated[str, AfterValidator(_three_parts)]
#: A list without doubles that is not empty.
Distinct = Annotated[list[T], Field(min_length=1), AfterValidator(_distinct)]
#: The same, or empty.
Several = Annotated[list[T], AfterValidator(_distinct)]
#: One value for all datasets, or one for each by its name; `other` stands for those not named.
PerDataset = Annotated[Union[T, dict[Name, T]], ByDataset()]  # noqa: UP007

DatasetName = Annotated[str, Refers("dataset")]
ModelName = Annotated[str, Refers("model")]
CorruptionName = Annotated[str, Refers("corruption")]
MethodName = Annotated[str, Refers("method")]


def number_or(word: str, least: int = 0):
    """Type of an option that is a whole number or the `word`."""
    return _number_or(word, least)
