"""The configuration, checked whole before any job starts.

`check` returns a clean copy or raises UserError with every problem at once: dotted path, what is wrong, what is
allowed, and the nearest known name. What is wrong in the section of a study refuses nothing until that study is asked
for: `ask`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from functools import cache

from pydantic import create_model

from qunlearn.config.blocks import read_block
from qunlearn.config.derived import derive, said_once
from qunlearn.config.options import Distinct, Name, Options, Refers, option
from qunlearn.config.plan import FILE, Plan, by_dataset_keys, is_own, is_shared
from qunlearn.config.references import (
    Reference,
    change_problem,
    known_names,
    reference_problem,
    references,
)
from qunlearn.config.settings import Pipeline, poisoning_section, unlearning_section
from qunlearn.config.words import dotted, missing_key, nearest, unknown_key, unknown_name
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError

#: Groups of studies whose sections say which of their figures are drawn.
GROUPS = ("supplement", "beyond")
#: Sections in which every part of a kind has a block of its name.
SECTIONS = {"unlearning": unlearning_section, "poisoning": poisoning_section}


class Group(Options):
    """What is drawn of a group of studies."""

    figures: Distinct[Name] = option(says="studies whose figures the group's target draws")


def refusal(problems: Iterable[str]) -> UserError:
    """What is said where nothing is started."""
    problems = list(dict.fromkeys(problems))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{count} in the configuration; nothing was started."]
    lines += [f"  {line}" for line in problems]
    return UserError("\n".join(lines))


def check(config: dict, beside: tuple[str, ...] = ()) -> dict:
    """A converted copy of the configuration; raises UserError listing all problems, one per line.

    Registers the parts that it names; relative paths of these start from the working directory or a folder `beside`.
    """
    config = copy.deepcopy(dict(config))
    config["parts"] = registry.found_paths(listed_parts(config.get("parts")), beside)
    registry.load(config["parts"])
    add_own_parts(config)
    problems = unknown_keys(config)
    written = config.get("architectures")
    broken = derive_architectures(config, problems)
    broken |= read_pipeline(config, problems)
    read_blocks(config, problems, broken)
    check_references(config, problems, broken)
    if not problems:
        problems += cell_problems(Plan(config), "training", config["models"])
        problems += misplaced_corruptions(Plan(config))
    problems = [*said_once(problems, written, ("architectures",)), *read_studies(config)]
    if problems:
        raise refusal(problems)
    return config


def listed_parts(parts) -> list[str]:
    """`parts:` as a list of paths, whatever a command line made of it."""
    if parts is None:
        return []
    if isinstance(parts, str):
        inside = parts.strip()
        is_list = inside.startswith("[") and inside.endswith("]")
        parts = inside[1:-1].split(",") if is_list else [inside]
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise UserError(
            f"parts: {parts!r} is not a list of files and folders; nothing was started."
        )
    return [part.strip().strip("'\"") for part in parts if part.strip()]


def add_own_parts(config: dict) -> None:
    """Families and sources of a user's own that need no options get a block with their name, if they have none."""
    for section, kind in (("architectures", "model"), ("data", "dataset")):
        blocks = config.get(section)
        if not isinstance(blocks, dict):
            continue
        for name, part in registry.known(kind).items():
            if is_own(part) and part.optional():
                blocks.setdefault(name, {"family": name} if kind == "model" else {})


# -- sections --------------------------------------------------------------------------------------------------------
def unknown_keys(config: dict) -> list[str]:
    """Keys at the top, and in sections that several studies share, that nothing owns."""
    studies = registry.known("study").values()
    roots = [kind.where().split(".")[0] for kind in studies]
    known = list(dict.fromkeys([*Pipeline.model_fields, *roots, *GROUPS, "studies"]))
    problems = [unknown_key((key,), known) for key in config if key not in known]
    for section in (*GROUPS, "studies"):
        node = config.get(section)
        if section not in config:
            problems += [missing_key((section,))] if section in GROUPS else []
        elif not isinstance(node, dict):
            problems.append(f"{section}: {node!r} is not of type object")
        else:
            allowed = keys_of_studies(section)
            problems += [unknown_key((section, key), allowed) for key in node if key not in allowed]
            problems += group_problems(section, node) if section in GROUPS else []
    return problems


def keys_of_studies(section: str) -> list[str]:
    """Keys that studies own directly below a section."""
    keys = ["figures"] if section in GROUPS else []
    for kind in registry.known("study").values():
        first, *rest = kind.where().split(".")
        if first == section:
            keys += rest[:1] or list(kind.model_fields)
    return keys


def group_problems(group: str, node: dict) -> list[str]:
    """What is wrong with the list of a group's figures."""
    names = group_studies(group)
    if "figures" not in node:
        return [missing_key((group, "figures"))]
    read, problems = read_block(Group, {"figures": node["figures"]}, (group,))
    if problems:
        return problems
    node["figures"] = read["figures"]
    return [
        unknown_name((group, "figures", i), "figure", name, names)
        for i, name in enumerate(read["figures"])
        if name not in names
    ]


def group_studies(group: str) -> list[str]:
    """Studies that a group's target may draw, by name."""
    return [n for n, kind in registry.known("study").items() if kind.group == group and kind.figure]


def derive_architectures(config: dict, problems: list[str]) -> set[str]:
    """Give architectures that derive from another what they have from it, in place; returns 'architectures' where one
    cannot."""
    blocks = config.get("architectures")
    if not isinstance(blocks, dict):
        return set()
    config["architectures"], wrong = derive(blocks, ("architectures",))
    problems += wrong
    return {"architectures"} if wrong else set()


@cache
def section_model(key: str) -> type[Options]:
    """One section of the pipeline as a model of its own."""
    field = Pipeline.model_fields[key]
    return create_model(f"Section_{key}", __base__=Options, **{key: (field.annotation, field)})


def read_pipeline(config: dict, problems: list[str]) -> set[str]:
    """Convert the pipeline's own sections in place; returns the names of those with problems."""
    broken = set()
    for key, field in Pipeline.model_fields.items():
        if key not in config and not field.is_required():
            continue
        values = {key: config[key]} if key in config else {}
        read, wrong = read_block(section_model(key), values, ())
        if wrong:
            problems += wrong
            broken.add(key)
        else:
            config |= read
    for key, section in SECTIONS.items():
        if key not in broken and key in config:
            _read_into(config, key, section(), config[key], (key,), problems, broken)
    return broken


def read_blocks(config: dict, problems: list[str], broken: set[str]) -> None:
    """Convert the blocks of `data` and `architectures` in place, each by its own declaration."""
    if "data" not in broken:
        for name, block in config["data"].items():
            kind = registry.known("dataset").get(FILE if FILE in block else name)
            if kind is None:
                known = [n for n in registry.known("dataset") if n != FILE]
                problems.append(
                    f"data.{name}: no dataset '{name}'{nearest(name, known)} (known: {', '.join(known)}; "
                    f"for data of your own give a `{FILE}`)"
                )
                broken.add("data")
                continue
            _read_into(config["data"], name, kind, block, ("data", name), problems, broken)
    if "architectures" not in broken:
        for name, block in config["architectures"].items():
            family = block.get("family")
            families = registry.known("model")
            if "family" not in block:
                place = dotted(("architectures", name, "family"))
                problems.append(
                    f"{place}: the key 'family' is missing; name one ({', '.join(families)}), or derive from another "
                    "architecture by `base`"
                )
                broken.add("architectures")
            elif not isinstance(family, str) or family not in families:
                problems.append(
                    unknown_name(("architectures", name, "family"), "family", family, families)
                )
                broken.add("architectures")
            else:
                rest = {key: value for key, value in block.items() if key != "family"}
                place = ("architectures", name)
                kind = families[family]
                _read_into(config["architectures"], name, kind, rest, place, problems, broken)
                block = config["architectures"][name]
                config["architectures"][name] = {"family": family, **block}


def _read_into(blocks, name, kind, values, place, problems, broken) -> None:
    read, wrong = read_block(kind, values, place)
    if wrong:
        problems += wrong
        broken.add(place[0])
    else:
        blocks[name] = read


def read_studies(config: dict) -> list[str]:
    """Convert the sections of studies in place, where they are sound; returns what is wrong in the others."""
    plan, found = Plan(config), []
    for kind in registry.known("study").values():
        values, path = plan.section(kind)
        read, wrong = read_block(kind, values, path)
        if wrong:
            found += wrong if values else []  # what is left out is missed where it is asked for
            continue
        node = config
        for key in path[:-1]:
            node = node.get(key, {}) if isinstance(node, dict) else {}
        if is_shared(kind):
            node[path[-1]] |= read
        elif isinstance(node, dict) and path[-1] in node:
            node[path[-1]] = read
    return found


# -- what refers to what ---------------------------------------------------------------------------------------------
def family_of(block) -> str:
    """The family that a block of `architectures` names; empty where it names none."""
    family = block.get("family") if isinstance(block, dict) else None
    return family if isinstance(family, str) else ""


def check_references(config: dict, problems: list[str], broken: set[str]) -> None:
    """Names in the pipeline's sections that nothing has; sections that are broken are passed over."""
    if not isinstance(config.get("data"), dict) or not isinstance(
        config.get("architectures"), dict
    ):
        return
    known = known_names(config)
    for key in Pipeline.model_fields:
        if key in broken or key not in config:
            continue
        model = SECTIONS[key]() if key in SECTIONS else section_model(key)
        values, at = (config[key], (key,)) if key in SECTIONS else ({key: config[key]}, ())
        for reference in references(model, values, at):
            if wrong := reference_problem(reference, known):
                problems.append(wrong)
    for key, block in config["architectures"].items():
        family = registry.known("model").get(family_of(block))
        if family and "architectures" not in broken:
            for reference in references(family, block, ("architectures", key)):
                if wrong := reference_problem(reference, known):
                    problems.append(wrong)
            problems += _datasets_of_options(family, block, key, known)
    if not {"training", "unlearning", "fewer_seeds"} & broken:
        problems += schedule_problems(config)
        problems += run_problems(config, known)


def _datasets_of_options(family, block: dict, name: str, known: dict) -> list[str]:
    """Options with a value for each dataset name datasets that exist, or `other`."""
    datasets = [*known["dataset"], "other"]
    return [
        unknown_key(("architectures", name, key, dataset), datasets)
        for key in by_dataset_keys(family)
        if isinstance(block.get(key), dict)
        for dataset in block[key]
        if dataset not in datasets
    ]


def schedule_problems(config: dict) -> list[str]:
    """Schedules, and numbers of seeds, are of an architecture or of a family."""
    architectures = config["architectures"]
    known = list(dict.fromkeys([*architectures, *registry.known("model")]))
    tables = {
        "training": config["training"],
        "unlearning.training": config["unlearning"]["training"],
        "fewer_seeds.models": (config["fewer_seeds"] or {}).get("models", {}),
    }
    return [
        f"{section}.{dataset}.{name}: neither an architecture nor a family{nearest(name, known)}"
        for section, table in tables.items()
        for dataset, entries in table.items()
        for name in entries
        if name not in known
    ]


def run_problems(config: dict, known: dict[str, list[str]]) -> list[str]:
    """Keys of `fewer_seeds.runs` are names of a dataset, an architecture and a corruption."""
    kinds = [Refers(kind, changes=True) for kind in ("dataset", "model", "corruption")]
    found = []
    for run in (config["fewer_seeds"] or {}).get("runs", {}):
        for refers, name in zip(kinds, run.split("/"), strict=True):
            reference = Reference(("fewer_seeds", "runs", run), refers, name, is_key=False)
            found.append(reference_problem(reference, known))
    return [line for line in found if line]


def cell_problems(plan: Plan, stage: str, models: Iterable[str], datasets=None) -> list[str]:
    """What keeps models (names that may carry changes) from a stage, 'training' or 'unlearning', on the datasets of the
    study or those given."""
    problems = []
    for dataset in datasets or plan.config["datasets"]:
        for model in dict.fromkeys(models):
            problems += plan.problems(dataset, model, stage)
    return list(dict.fromkeys(problems))


def misplaced_corruptions(plan: Plan) -> list[str]:
    """Corruptions of the pipeline that do not fit a dataset of the study."""
    config, found = plan.config, []
    for section in ("corruptions", "unlearning.corruptions", "landscape.corruptions"):
        first, *rest = section.split(".")
        names = config[first][rest[0]] if rest else config[first]
        for name in names:
            for dataset in config["datasets"]:
                found += [f"{section}: {line}" for line in plan.poison_problems(dataset, name)]
    return found


# -- studies ---------------------------------------------------------------------------------------------------------
def study_problems(plan: Plan, name: str) -> list[str]:
    """What is wrong with a study's section."""
    try:
        study = plan.study(name)
    except UserError as error:
        return str(error).splitlines()
    if found := misnamed(plan, type(study)):
        return found
    _, path = plan.section(type(study))
    try:
        own = [f"{dotted(path)}.{line}" for line in study.problems(plan)]
        return own + study.pipeline_problems(plan)
    except UserError as error:  # of the options of another study, which this one reads
        others = registry.known("study").values()
        elsewhere = [line for kind in others for line in misnamed(plan, kind)]
        return elsewhere or str(error).splitlines()


def misnamed(plan: Plan, kind: type) -> list[str]:
    """Names in the section of a kind of study that nothing has, or that do not fit."""
    values, path = plan.section(kind)
    known = known_names(plan.config)
    found = []
    for reference in references(kind, values, path):
        wrong = reference_problem(reference, known) or change_problem(plan, reference)
        if wrong:
            found.append(wrong)
    return found


def ask(plan: Plan, names: Iterable[str]) -> None:
    """Raises UserError with every problem of these studies."""
    problems = [line for name in names for line in study_problems(plan, name)]
    if problems:
        raise refusal(problems)
