"""One block of the configuration against its declaration: values as they are meant, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from qunlearn.config.options import ByDataset, Options
from qunlearn.config.words import dotted, nearest, problems, unknown_key
from qunlearn.grid.names import base, parse
from qunlearn.runtime.errors import UserError


def read_block(model: type[Options], values, at: tuple) -> tuple[dict | None, list[str]]:
    """(values as they are meant, with those given only; None where they are wrong), and a line per problem."""
    if not isinstance(values, dict):
        return None, [f"{dotted(at)}: {values!r} is not of type object"]
    try:
        read = model.model_validate(values)
    except ValidationError as error:
        return None, problems(error, model, at)
    return read.model_dump(exclude_unset=True), []


class Block(NamedTuple):
    """Values and their declaration; changes of them begin with the `prefix` in a name ('' or 'unlearning.')."""

    prefix: str
    model: type[Options]
    values: dict


def changed(name: str, blocks: list[Block]) -> list[dict]:
    """The blocks' values with the changes that a `name` asks for.

    Raises UserError for a change that no block knows, or that its declaration does not allow.
    """
    first, changes = parse(name)
    if not changes:
        return [dict(block.values) for block in blocks]
    found, known = [], []
    for block in blocks:
        keys = {f"{block.prefix}{key}": key for key in block.model.model_fields}
        mine = {keys[change]: value for change, value in changes.items() if change in keys}
        values, wrong = read_block(block.model, {**block.values, **mine}, ())
        if wrong:
            raise UserError(f"{name}: {wrong[0]}")
        found.append(values)
        known += keys
    for change in changes:
        if change not in known:
            allowed = ", ".join(sorted(known))
            raise UserError(
                f"{name}: '{first}' has no '{change}' to change{nearest(change, known)} "
                f"(allowed: {allowed})"
            )
    return found


def for_dataset(model: type[Options], values: dict, dataset: str) -> tuple[dict, list[str]]:
    """Options with those that differ by dataset at their value for this one; keys that have none for it."""
    chosen, absent = {}, []
    for key, value in values.items():
        field = model.model_fields.get(key)
        by_dataset = field and any(isinstance(mark, ByDataset) for mark in field.metadata)
        if not by_dataset or not isinstance(value, dict):
            chosen[key] = value
        elif base(dataset) in value or "other" in value:
            chosen[key] = value.get(base(dataset), value.get("other"))
        else:
            absent.append(key)
    return chosen, absent


def of_dataset(options: Options, key: str, dataset: str):
    """An option's value for a dataset; None where it differs by dataset and has none for this one."""
    chosen, _ = for_dataset(type(options), {key: getattr(options, key)}, dataset)
    return chosen.get(key)


def unknown_datasets(options: Options, key: str, known: Iterable[str]) -> list[str]:
    """'KEY.NAME: sentence' for each name by which an option differs that is no dataset."""
    value, names = getattr(options, key), [*known, "other"]
    named = value if isinstance(value, dict) else {}
    return [unknown_key((key, name), names) for name in named if name not in names]
