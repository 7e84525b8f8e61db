"""What is wrong with a configuration, in words a user understands: one line per problem, from pydantic's account."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ValidationError

TYPES = {
    "int_type": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "string_type": "string",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}
BOUNDS = {
    "greater_than_equal": ("small", "at least", "ge"),
    "greater_than": ("small", "must be above", "gt"),
    "less_than_equal": ("large", "at most", "le"),
    "less_than": ("large", "must be below", "lt"),
}
#: Names that pydantic gives to the branches of a union, and how others of them begin.
BRANCHES = ("int", "float", "str", "bool", "dict", "list", "none", "[key]")
MADE_UP = ("constrained-", "function-", "literal[", "dict[", "list[", "nullable[")
EMPTY = ("too_short", "string_too_short")


def dotted(path) -> str:
    """('training', 'xxz', 0) -> 'training.xxz[0]'."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def nearest(name, known) -> str:
    """'; did you mean ...?' where one of the `known` names is close."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def unknown_key(path: tuple, known) -> str:
    allowed = ", ".join(map(str, known))
    return f"{dotted(path)}: unknown key{nearest(path[-1], known)} (allowed: {allowed})"


def unknown_name(path: tuple, kind: str, name, known, listed: str = "allowed") -> str:
    return (
        f"{dotted(path)}: no {kind} '{name}'{nearest(name, known)} ({listed}: {', '.join(known)})"
    )


def missing_key(path: tuple) -> str:
    return f"{dotted(path)}: the key '{path[-1]}' is missing; copy it from config.yaml as it came"


def number(value) -> str:
    """A bound as a person writes it: 1, 0.5."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def word(error: dict, path: tuple, fields: list[str]) -> str:
    """One line for one of pydantic's errors at `path`; `fields` are the keys allowed where it stands."""
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    place = dotted(path)
    if kind == "extra_forbidden":
        return unknown_key(path, fields)
    if kind == "missing":
        return missing_key(path)
    if kind == "literal_error":
        choices = [
            choice.strip("'") for choice in context["expected"].replace(" or ", ", ").split(", ")
        ]
        return f"{place}: {value!r} is not allowed{nearest(value, choices)} (allowed: {', '.join(choices)})"
    if kind in TYPES:
        return f"{place}: {value!r} is not of type {TYPES[kind]}"
    if kind in BOUNDS:
        side, words, key = BOUNDS[kind]
        return f"{place}: {value} is too {side} ({words} {number(context[key])})"
    if kind == "multiple_of":
        return f"{place}: {value} is not a multiple of {number(context['multiple_of'])}"
    if kind in EMPTY:
        return f"{place}: must not be empty"
    if kind == "finite_number":
        return f"{place}: {value} is not a finite number"
    if kind == "string_pattern_mismatch" and "://" in context["pattern"]:
        return f"{place}: {value!r} is not an http, https or ftp address"
    if kind == "string_pattern_mismatch":
        return f"{place}: {value!r} is not a name (lower-case letters, digits and _)"
    return f"{place}: {error['msg']}"


def _place(model: type[BaseModel], location: tuple) -> tuple[tuple, list[str]]:
    """Where an error lies, without the names of a union's branches, and the keys allowed there."""
    path, fields = [], list(model.model_fields)
    here = model
    for part in location:
        if isinstance(part, str) and (part in BRANCHES or part.startswith(MADE_UP)):
            continue
        path.append(part)
        field = here.model_fields.get(part) if here else None
        here = _model_inside(field.annotation) if field else here if isinstance(part, int) else None
        if here:
            fields = list(here.model_fields)
    return tuple(path), fields


def _model_inside(annotation):
    """The model that an annotation holds, itself or inside a list or mapping; None for none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if found := _model_inside(part):
            return found
    return None


def problems(error: ValidationError, model: type[BaseModel], at: tuple = ()) -> list[str]:
    """One line per problem that pydantic found in a block of the configuration that stands `at` a path."""
    lines: dict[tuple, str] = {}
    for found in error.errors(include_url=False):
        location = found["loc"]
        below, fields = _place(model, location)
        if found["type"] == "extra_forbidden":
            _, fields = _place(model, location[:-1])
        path = (*at, *below)
        lines.setdefault(path, word(found, path, fields))
    deepest = []  # of a union's branches the one that reads deepest is meant
    for path, line in lines.items():
        if not any(_below(path, other) for other in lines):
            deepest.append(line)
    return deepest


def _below(path: tuple, other: tuple) -> bool:
    """Whether another path leads on from a path."""
    return len(other) > len(path) and other[: len(path)] == path
