"""What the schema allows in the configuration: conversion of strings, and its errors in words a user understands."""

from __future__ import annotations

import difflib
import functools
import math
from pathlib import Path

import jsonschema
import yaml

from .variants import scalar

SCHEMA_FILE = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"


@functools.cache
def schema() -> dict:
    """The whole schema."""
    return yaml.safe_load(SCHEMA_FILE.read_text())


# -- conversion of command-line strings ------------------------------------------------------------------------------
def _resolve(node: dict, root: dict, value) -> dict:
    """The schema node behind a reference, merged with the branch of its `if` that the value chooses."""
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
    for branch in node.get("allOf", []):
        if jsonschema.Draft202012Validator(branch["if"]).is_valid(value):
            return _resolve(branch["then"], root, value)
    return node


def coerce(value, node: dict, root: dict):
    """`value` with strings turned into the numbers and lists that the schema asks for, where they can be."""
    node = _resolve(node, root, value)
    types = node.get("type", [])
    types = [types] if isinstance(types, str) else types
    if isinstance(value, str) and types and "string" not in types:
        value = scalar(value)
    elif isinstance(value, str) and "integer" in types and value.lstrip("-").isdigit():
        value = int(value)
    if "array" in types and "object" not in types and not isinstance(value, (list, dict)) and value is not None:
        value = [value]
    if isinstance(value, list):
        return [coerce(item, node.get("items", {}), root) for item in value]
    if isinstance(value, dict):
        known, other = node.get("properties", {}), node.get("additionalProperties", {})
        other = other if isinstance(other, dict) else {}
        return {str(key): coerce(item, known.get(str(key), other), root) for key, item in value.items()}
    if "number" in types and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if types == ["integer"] and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


# -- wording ---------------------------------------------------------------------------------------------------------
def _dotted(path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text or "the configuration"


def nearest(name, known) -> str:
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def _missing(key: str) -> str:
    return f"the key '{key}' is missing; copy it from config.yaml as it came"


def word(error: jsonschema.ValidationError) -> list[str]:
    """One line per problem, from jsonschema's account of it."""
    path, value, limit = _dotted(error.absolute_path), error.instance, error.validator_value
    prefix = "" if path == "the configuration" else f"{path}."
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = [key for key in value if key not in known]
            return [f"{prefix}{key}: unknown key{nearest(key, known)} (allowed: {', '.join(known)})" for key in unknown]
        case "required":
            return [f"{prefix}{key}: {_missing(key)}" for key in limit if key not in value]
        case "enum":
            if "propertyNames" in error.absolute_schema_path:
                path, what = f"{prefix}{value}", "unknown key"
            else:
                what = f"{value!r} is not allowed"
            return [f"{path}: {what}{nearest(value, limit)} (allowed: {', '.join(map(str, limit))})"]
        case "type":
            wanted = " or ".join([limit] if isinstance(limit, str) else limit)
            return [f"{path}: {value!r} is not of type {wanted}"]
        case "minimum":
            return [f"{path}: {value} is too small (at least {limit})"]
        case "maximum":
            return [f"{path}: {value} is too large (at most {limit})"]
        case "exclusiveMinimum":
            return [f"{path}: {value} is too small (must be above {limit})"]
        case "exclusiveMaximum":
            return [f"{path}: {value} is too large (must be below {limit})"]
        case "multipleOf":
            return [f"{path}: {value} is not a multiple of {limit}"]
        case "minItems" | "minProperties" | "minLength":
            return [f"{path}: must not be empty"]
        case "uniqueItems":
            double = next(item for i, item in enumerate(value) if item in value[:i])
            return [f"{path}: {double!r} occurs more than once"]
        case "pattern" if limit.startswith("^") and limit.endswith("$") and limit[1:-1].isalpha():
            return [f"{path}: {value!r} is neither a whole number nor '{limit[1:-1]}'"]
        case "pattern" if "://" in limit:
            return [f"{path}: {value!r} is not an http, https or ftp address"]
        case "pattern":
            return [f"{path}: {value!r} is not a name (lower-case letters, digits and _)"]
    return [f"{path}: {error.message}"]


def not_finite(value, path=()) -> list[str]:
    """Every nan and infinity, which no bound of a schema catches."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in not_finite(item, (*path, key))]
    if isinstance(value, list):
        return [line for i, item in enumerate(value) for line in not_finite(item, (*path, i))]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{_dotted(path)}: {value} is not a finite number"]
    return []
