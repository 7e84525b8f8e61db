"""Names in the configuration that refer to something else in it: datasets, architectures, corruptions, methods."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from qunlearn.config.options import Options, Refers, kinds


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
