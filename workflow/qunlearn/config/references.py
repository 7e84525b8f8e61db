"""Names in the configuration that refer to something else in it: datasets, architectures, corruptions, methods."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import TYPE_CHECKING, Annotated, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from qunlearn.config.options import Options, Refers, kinds
from qunlearn.config.words import dotted, unknown_key, unknown_name
from qunlearn.grid.names import base
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError

if TYPE_CHECKING:
    from qunlearn.config.plan import Plan


class Reference(NamedTuple):
    """A `name` at a `path`, what it has to be one of, and whether it stands there as a key."""

    path: tuple
    refers: Refers
    name: str
    is_key: bool


def references(model: type[Options], values: dict, at: tuple = ()) -> Iterator[Reference]:
    """Every reference in the values of a block."""
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field:
            yield from _inside(field.annotation, field.metadata, value, (*at, key))


def _mark(metadata) -> Refers | None:
    return next((mark for mark in metadata if isinstance(mark, Refers)), None)


def _inside(annotation, metadata, value, path: tuple) -> Iterator[Reference]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _inside(arguments[0], [*metadata, *arguments[1:]], value, path)
    elif origin in (Union, UnionType):
        for branch in arguments:
            if type(value) in kinds(branch):
                yield from _inside(branch, metadata, value, path)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if isinstance(value, dict):
            yield from references(annotation, value, path)
    elif isinstance(value, str) and (mark := _mark(metadata)):
        yield Reference(path, mark, value, False)
    elif isinstance(value, list) and arguments:
        for place, item in enumerate(value):
            yield from _inside(arguments[0], [], item, (*path, place))
    elif isinstance(value, dict) and arguments:
        key_mark = _mark(getattr(arguments[0], "__metadata__", ()))
        for key, item in value.items():
            if key_mark:
                yield Reference((*path, key), key_mark, key, True)
            yield from _inside(arguments[1], [], item, (*path, key))


# -- what is wrong with one ------------------------------------------------------------------------------------------
def known_names(config: dict) -> dict[str, list[str]]:
    """Kind of a reference -> names that it may have."""
    methods = registry.known("method")
    return {
        "dataset": list(config["data"]),
        "model": list(config["architectures"]),
        "corruption": list(registry.known("corruption")),
        "method": [name for name, method in methods.items() if not method.for_controls],
        "any method": list(methods),
        "circuit": list(registry.known("circuit")),
    }


WORDS = {"model": "architecture", "any method": "method"}


def reference_problem(reference: Reference, known: dict[str, list[str]]) -> str | None:
    """What is wrong with a reference, None for nothing."""
    names = known[reference.refers.kind]
    name = base(reference.name) if reference.refers.changes else reference.name
    if name in names:
        return None
    if reference.is_key and reference.refers.kind != "model":
        return unknown_key(reference.path, names)
    kind = WORDS.get(reference.refers.kind, reference.refers.kind)
    listed = "defined" if reference.refers.kind == "model" else "allowed"
    return unknown_name(reference.path, kind, name, names, listed)


def change_problem(plan: Plan, reference: Reference) -> str | None:
    """What is wrong with the changes that a name carries, None for nothing. A model's are tried on every dataset of the
    configuration, and are sound where one takes them."""
    name, kind = reference.name, reference.refers.kind
    if name == base(name):
        return None
    if kind == "model":
        tries = [lambda d=dataset: plan.model(d, name) for dataset in plan.config["data"]]
    else:
        part = {"dataset": plan.source, "corruption": plan.corruption}.get(kind, plan.method)
        tries = [lambda: part(name)]
    refusals = []
    for attempt in tries:
        try:
            attempt()
            return None
        except UserError as error:
            refusals.append(str(error).splitlines()[0])
    return f"{dotted(reference.path)}: {refusals[0]}"
