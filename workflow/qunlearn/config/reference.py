"""What a configuration may hold, written out: `docs/configuration.md`, a JSON schema for editors; tables of names, and
of the paper's sentences that claims are about.

    python -m qunlearn.config.reference         (with `workflow/` on PYTHONPATH, or `make docs`)

All of it comes from the declarations of the pipeline's sections, of parts and of studies; a test tells when it is
stale.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from qunlearn.config.check import GROUPS, Group, section_model
from qunlearn.config.options import Options
from qunlearn.config.settings import (
    Pipeline,
    TrainingSchedule,
    UnlearningSchedule,
    poisoning_section,
    unlearning_section,
)
from qunlearn.parts import registry
from qunlearn.runtime.files import replacing
from qunlearn.studies.claims.criteria import recorded

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
#: Sections of the pipeline that have a table of their own.
NESTED = ("fewer_seeds", "paths", "statistics", "landscape")
DERIVED = (
    "Any architecture may derive from another instead of naming a family: `qnn_ring: {base: qnn, entangler: ring}` is "
    "`qnn` but for what it says itself, and follows `qnn` whichever way that was changed."
)


# -- one option in words ---------------------------------------------------------------------------------------------
def _number(value: float) -> str:
    """A bound as a person writes it: 1 000 000, 0.5."""
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:g}"


def _bounds(node: dict) -> str:
    node = {key: _number(value) for key, value in node.items() if isinstance(value, (int, float))}
    parts = []
    if "minimum" in node and "maximum" in node:
        parts.append(f"{node['minimum']} to {node['maximum']}")
    elif "minimum" in node:
        parts.append(f"at least {node['minimum']}")
    elif "maximum" in node:
        parts.append(f"at most {node['maximum']}")
    if "exclusiveMinimum" in node:
        parts.append(f"above {node['exclusiveMinimum']}")
    if "exclusiveMaximum" in node:
        parts.append(f"below {node['exclusiveMaximum']}")
    if "multipleOf" in node:
        parts.append(f"a multiple of {node['multipleOf']}")
    return ", ".join(parts)


def kind_in_words(node: dict, definitions: dict) -> str:
    """'whole number, at least 1', 'image or pixel', 'list of numbers, below 1', from a node of a JSON schema."""
    if "$ref" in node:
        return "block: " + node["$ref"].rpartition("/")[2]
    if "enum" in node:
        return " or ".join(str(value) for value in node["enum"])
    if "const" in node:
        return str(node["const"])
    if "anyOf" in node:
        return " or ".join(kind_in_words(branch, definitions) for branch in node["anyOf"])
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true or false",
        "null": "null",
    }
    kind = node.get("type")
    if kind == "array":
        return "list of: " + kind_in_words(node.get("items", {}), definitions)
    if kind == "object":
        inside = node.get("additionalProperties")
        return (
            "by name: " + kind_in_words(inside, definitions)
            if isinstance(inside, dict)
            else "block"
        )
    found = words.get(kind, "anything")
    bounds = _bounds(node)
    return f"{found}, {bounds}" if bounds else found


def _default(field) -> str:
    if field.is_required():
        return "needed"
    return "null" if field.default is None else f"`{json.dumps(field.default)}`"


def table(model: type[Options]) -> list[str]:
    """A table of a block's options."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    lines = ["| key | what it may be | default | meaning |", "|---|---|---|---|"]
    for key, field in model.model_fields.items():
        kind = kind_in_words(schema["properties"][key], definitions).replace("|", "\\|")
        lines.append(f"| `{key}` | {kind} | {_default(field)} | {field.description or ''} |")
    nested = [name for name in definitions if definitions[name].get("properties")]
    for name in nested:
        inner = next(m for m in _models_inside(model) if m.__name__ == name)
        lines += ["", f"`{name}`:", "", *table(inner)]
    return lines


def _models_inside(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Models that stand in a model's fields, at any depth of lists and mappings."""
    found = []

    def visit(annotation):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        for part in getattr(annotation, "__args__", ()):
            visit(part)

    for field in model.model_fields.values():
        visit(field.annotation)
    return found


# -- the page --------------------------------------------------------------------------------------------------------
def page() -> str:
    """docs/configuration.md."""
    lines = [
        "# What the configuration may hold",
        "",
        "Made from the declarations by `make docs`. Every key can be set in `config.yaml`, by a file on top",
        "(`--configfile`) or on the command line (`--config key=value`). `config.yaml` has the values and why.",
        "",
        "## At the top",
        "",
    ]
    flat = {k: f for k, f in Pipeline.model_fields.items() if k not in NESTED}
    lines += ["| key | what it may be | default | meaning |", "|---|---|---|---|"]
    for key, field in flat.items():
        node = section_model(key).model_json_schema()["properties"][key]
        kind = (
            "see below"
            if key in ("data", "architectures", "poisoning", "unlearning", "training")
            else kind_in_words(node, {})
        )
        lines.append(f"| `{key}` | {kind} | {_default(field)} | {field.description} |")
    for key in NESTED:
        annotation = Pipeline.model_fields[key].annotation
        model = next(iter(get_args(annotation)), annotation)  # of one that may be null, the other
        lines += ["", f"## `{key}`", "", model.__doc__, "", *table(model)]
    lines += ["", "## `training.DATASET.NAME`", "", TrainingSchedule.__doc__]
    lines += [
        "NAME is an architecture, or a family for all its members.",
        "",
        *table(TrainingSchedule),
    ]
    lines += ["", "## `poisoning`", "", *table(poisoning_section())]
    lines += ["", "## `unlearning`", "", *table(unlearning_section())]
    lines += _of_kind("dataset", "data", "Data")
    lines += _of_kind("model", "architectures", "Families of `architectures`")
    lines += ["", "### `base`", "", DERIVED]
    for group in GROUPS:
        lines += ["", f"## `{group}`", "", *table(Group)]
    for name, study in registry.shipped("study").items():
        if study.model_fields:
            lines += [
                "",
                f"## `{study.where()}`, of the study {name}",
                "",
                study.summary() + ".",
                "",
                *table(study),
            ]
    return "\n".join(lines) + "\n"


def _of_kind(kind: str, section: str, title: str) -> list[str]:
    lines = ["", f"## {title}"]
    for name, part in registry.shipped(kind).items():
        place = f"`data.{name}`" if kind == "dataset" and name != "file" else f"`{name}`"
        lines += ["", f"### {place}", "", part.summary() + "."]
        if part.model_fields:
            lines += ["", *table(part)]
    return lines


# -- the schema ------------------------------------------------------------------------------------------------------
def schema() -> dict:
    """One JSON schema of the whole configuration, for editors that complete and underline."""
    models = [section_model(key) for key in Pipeline.model_fields]
    parts = [p for kind in ("dataset", "model", "study") for p in registry.shipped(kind).values()]
    unlearning, poisoning = unlearning_section(), poisoning_section()
    everything = [*models, *parts, unlearning, poisoning, Group, UnlearningSchedule]
    references, whole = models_json_schema([(model, "validation") for model in everything])
    definitions = whole["$defs"]
    properties: dict = {}
    for key, model in zip(Pipeline.model_fields, models):
        properties[key] = definitions[_name(references, model)]["properties"][key]
    properties["unlearning"] = references[unlearning, "validation"]
    properties["poisoning"] = references[poisoning, "validation"]
    sources = registry.shipped("dataset")
    properties["data"] = {
        "type": "object",
        "properties": {n: references[s, "validation"] for n, s in sources.items() if n != "file"},
        "additionalProperties": references[sources["file"], "validation"],
    }
    families = [
        {"properties": {"family": {"const": name}}, "required": ["family"]}
        for name in registry.shipped("model")
    ]
    properties["architectures"]["additionalProperties"] = {
        "anyOf": [{"required": ["base"]}, {"oneOf": families}]
    }
    for study in registry.shipped("study").values():
        node = properties
        *parents, last = study.where().split(".")
        for key in parents:
            node = node.setdefault(key, {"type": "object", "properties": {}})["properties"]
        node[last] = {**references[study, "validation"], **node.get(last, {})}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config.yaml",
        "type": "object",
        "properties": properties,
        "$defs": definitions,
    }


def _name(references: dict, model: type) -> str:
    return references[model, "validation"]["$ref"].rpartition("/")[2]


# -- names -----------------------------------------------------------------------------------------------------------
KINDS = {
    "dataset": "dataset",
    "model": "model family",
    "corruption": "corruption",
    "circuit": "circuit",
    "method": "unlearning method",
    "study": "study",
}


def names_table() -> str:
    """A table of all parts of the project, for the documentation."""
    lines = ["| part | names |", "|---|---|"]
    for kind, words in KINDS.items():
        names = ", ".join(f"`{name}`" for name in registry.shipped(kind))
        lines.append(f"| {words} | {names} |")
    return "\n".join(lines)


def with_names(text: str) -> str:
    """A page with its table of names renewed."""
    pattern = r"(<!-- names -->\n).*?(<!-- /names -->)"
    return re.sub(pattern, lambda m: f"{m[1]}{names_table()}\n{m[2]}", text, flags=re.S)


# -- sentences of the paper ------------------------------------------------------------------------------------------
def sentences_table() -> str:
    """A table of the paper's sentences that criteria.yaml quotes, with the claims that each is the source of."""
    claims: dict[str, list[str]] = {}
    for name, criterion in recorded().criteria.items():
        for sentence in criterion.get("source", []):
            claims.setdefault(sentence, []).append(f"`{name}`")
    lines = ["| in the paper's words | rows |", "|---|---|"]
    for sentence, names in claims.items():
        lines.append(f"| {sentence} | {', '.join(names)} |")
    return "\n".join(lines)


def with_sentences(text: str) -> str:
    """A page with its table of sentences renewed."""
    pattern = r"(<!-- sentences -->\n).*?(<!-- /sentences -->)"
    return re.sub(pattern, lambda m: f"{m[1]}{sentences_table()}\n{m[2]}", text, flags=re.S)


def written() -> dict[Path, str]:
    """Every file that is made from declarations, with its text."""
    extending, claims = ROOT / "docs" / "extending.md", ROOT / "docs" / "claims.md"
    return {
        PAGE: page(),
        SCHEMA: json.dumps(schema(), indent=1, sort_keys=True) + "\n",
        extending: with_names(extending.read_text(encoding="utf-8")),
        claims: with_sentences(claims.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in written().items():
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
