"""The configuration and the folders it names, checked whole before any job starts.

`validate` returns a clean copy or raises UserError with every problem at once: dotted path, what is wrong, what is
allowed, and the nearest known name. Values given on the command line arrive as strings and are converted first.
"""

from __future__ import annotations

import copy
import math
import os
from pathlib import Path

import jsonschema

from .config import data_options, gradient_depths, qubits, scaling_cases, training_schedule
from .errors import UserError
from .models import FITTED
from .schema import coerce, nearest, not_finite, schema, word
from .variants import base, parse

#: Sections under `supplement` that analyse the landscape at alphas of their own.
LANDSCAPES = ("spectrum", "curvature", "slices")
#: Sections under `beyond` that run one QNN on imperfect hardware.
HARDWARE = ("noise", "shots")


def _check_names(config: dict) -> list[str]:
    known = list(config["architectures"])
    named = [(f"models[{i}]", name) for i, name in enumerate(config["models"])]
    named += [(f"supplement.models[{i}]", name) for i, name in enumerate(config["supplement"]["models"])]
    capacity = config["supplement"]["capacity"]["models"]
    named += [(f"supplement.capacity.models[{i}]", name) for i, name in enumerate(capacity)]
    named += [(f"beyond.{figure}.model", config["beyond"][figure]["model"]) for figure in HARDWARE]
    for stage in ("unlearning", "landscape"):
        for model, names in config[stage]["architectures"].items():
            named.append((f"{stage}.architectures.{model}", model))
            named += [(f"{stage}.architectures.{model}[{i}]", name) for i, name in enumerate(names)]
    return [
        f"{path}: no architecture '{name}'{nearest(name, known)} (defined: {', '.join(known)})"
        for path, name in named
        if name not in known
    ]


def _check_alphas(config: dict) -> list[str]:
    problems = []
    for path, alphas in (
        ("alphas", config["alphas"]),
        ("unlearning.alphas", config["unlearning"]["alphas"]),
        ("landscape.alphas", config["landscape"]["alphas"]),
        *((f"supplement.{name}.alphas", config["supplement"][name]["alphas"]) for name in LANDSCAPES),
        ("supplement.forgetting.alphas", config["supplement"]["forgetting"]["alphas"]),
        ("supplement.forgetting.extras", [case["alpha"] for case in config["supplement"]["forgetting"]["extras"]]),
        ("supplement.scan.alpha", [config["supplement"]["scan"]["alpha"]]),
        ("controls.alpha", [config["controls"]["alpha"]]),
        *((f"beyond.{name}.alphas", config["beyond"][name]["alphas"]) for name in ("scaling", "gradients")),
    ):
        problems += [
            f"{path}[{i}]: {alpha} has more than four decimals, which file names do not carry"
            for i, alpha in enumerate(alphas)
            if abs(alpha - round(alpha, 4)) > 1e-12
        ]
    for path, largest in (
        ("supplement.capacity.max_alpha", config["supplement"]["capacity"]["max_alpha"]),
        *((f"beyond.{figure}.plateau", config["beyond"][figure]["plateau"]) for figure in HARDWARE),
    ):
        if largest < min(config["alphas"]):
            problems.append(f"{path}: {largest} is below every value of alphas; raise it")
    if config["controls"]["max_alpha"] < config["controls"]["alpha"]:
        problems.append("controls.max_alpha: is below controls.alpha, where controls are compared; raise it")
    return problems


def check_variants(config: dict, named: list[tuple]) -> list[str]:
    """Problems of (path in the configuration, dataset, model), names that may carry changes; a dataset that is not
    computed comes without a model."""
    problems = []
    for path, dataset, model in named:
        unknown = [
            f"{path}: no {kind} '{base(name)}'{nearest(base(name), known)} (allowed: {', '.join(known)})"
            for kind, name, known in (
                ("dataset", dataset, config["data"]),
                ("architecture", model, config["architectures"]),
            )
            if name is not None and base(name) not in known
        ]
        try:
            if not unknown:
                data_options(config, dataset)
            if not unknown and model is not None:
                training_schedule(config, dataset, model)
        except UserError as error:
            unknown = [f"{path}: {error}"]
        except KeyError:
            unknown = [f"{path}: no depth or no training values for '{model}' on the dataset '{dataset}'"]
        problems += unknown
    return problems


def _check_controls(config: dict) -> list[str]:
    """Names are distinct, and every model and dataset, with its changes, exists."""
    runs = config["controls"]["runs"]
    names = [run["name"] for run in runs]
    problems = [f"controls.runs[{i}].name: '{n}' occurs more than once" for i, n in enumerate(names) if n in names[:i]]
    named = []
    for i, run in enumerate(runs):
        path, other = f"controls.runs[{i}]", set(config["data"]) - set(config["datasets"])
        datasets = enumerate(run.get("datasets", config["datasets"]))
        for j, model in enumerate(run["models"]):
            named += [(f"{path}.models[{j}]", d, model) for d in config["datasets"]]
        if "base_model" in run:
            named += [(f"{path}.base_model", d, run["base_model"]) for d in config["datasets"]]
        named += [
            (f"{path}.datasets[{j}]", d, None if base(d) in other else base(run["models"][0])) for j, d in datasets
        ]
        for key, values in (("models", run["models"]), ("datasets", run.get("datasets", []))):
            if len(values) > len({run.get("base_model", base(v)) if key == "models" else base(v) for v in values}):
                problems.append(f"{path}.{key}: two of them have the same base; give each control an entry of its own")
        problems += [
            f"{path}.models[{j}]: '{m}' changes no epochs, so there is nothing to follow `against` updates"
            for j, m in enumerate(run["models"])
            if "against" in run and "epochs" not in parse(m)[1]
        ]
    return problems + check_variants(config, named)


def _check_criteria(config: dict) -> list[str]:
    return [
        f"claims.criteria.{name}.above: {criterion['above']} is not below `below` ({criterion['below']}); exchange them"
        for name, criterion in config["claims"]["criteria"].items()
        if criterion.get("above", -math.inf) >= criterion.get("below", math.inf)
    ]


def _check_models(config: dict) -> list[str]:
    """Every (dataset, architecture) that will run has a depth, a readout qubit on its register, and training values."""
    problems = []
    stages = {"training": set(config["models"]), "unlearning.training": set()}
    stages["training"].update(config["supplement"]["models"], config["supplement"]["capacity"]["models"])
    for stage in ("unlearning", "landscape"):
        for model in config["models"]:
            names = config[stage]["architectures"].get(model, [model])
            stages["training"].update(names)
            if stage == "unlearning":
                stages["unlearning.training"].update(names)
    for dataset in config["datasets"]:
        for section, names in stages.items():
            table = config["training"] if section == "training" else config["unlearning"]["training"]
            for name in sorted(names):
                family = config["architectures"][name]["family"]
                if family not in FITTED and not {name, family} & set(table.get(dataset, {})):
                    problems.append(f"{section}.{dataset}: no values for '{name}' nor for its family '{family}'")
        for name in sorted(stages["training"]):
            options = config["architectures"][name]
            if options["family"] != "qnn":
                continue
            depth, measure = options["depth"], options["measure"]
            if isinstance(depth, dict) and dataset not in depth:
                problems.append(f"architectures.{name}.depth: no depth for the dataset '{dataset}'")
            if measure != "last" and measure >= qubits(config, dataset):
                last = qubits(config, dataset) - 1
                problems.append(f"architectures.{name}.measure: {measure} is not a qubit of {dataset} (0 to {last})")
    for section, table in (("training", config["training"]), ("unlearning.training", config["unlearning"]["training"])):
        known = {*config["architectures"], *(a["family"] for a in config["architectures"].values())}
        problems += [
            f"{section}.{dataset}.{name}: neither an architecture nor a family{nearest(name, known)}"
            for dataset, entries in table.items()
            for name in entries
            if name not in known
        ]
    return problems


def _check_hardware(config: dict) -> list[str]:
    """Figures about quantum hardware need a QNN that every dataset has values for."""
    problems = []
    for figure in HARDWARE:
        path, name = f"beyond.{figure}.model", config["beyond"][figure]["model"]
        if (family := config["architectures"][name]["family"]) != "qnn":
            problems.append(f"{path}: '{name}' is of the family {family}; name an architecture of the family qnn")
        else:
            problems += check_variants(config, [(path, dataset, name) for dataset in config["datasets"]])
    return problems


def _check_beyond(config: dict) -> list[str]:
    """The sizes and depths of what lies beyond the paper exist; its models are QNNs where they must be."""
    problems = []
    for name in ("scaling", "gradients"):
        model = config["beyond"][name]["model"]
        known = [n for n, block in config["architectures"].items() if block["family"] == "qnn"]
        if model not in known:
            problems.append(
                f"beyond.{name}.model: no QNN '{model}'{nearest(model, known)} (defined: {', '.join(known)})"
            )
    if problems:
        return problems
    named = []
    for case in scaling_cases(config):
        knob = "train_per_class" if case["scaled"] == "samples" else "lengths"
        named.append((f"beyond.scaling.{knob}", case["data"], case["model"]))
    for dataset, depths in gradient_depths(config).items():
        named += [
            (f"beyond.gradients.{'depths' if dataset in config['datasets'] else 'lengths'}", dataset, name)
            for name in depths.values()
        ]
    return check_variants(config, named)


def _check_toy(config: dict) -> list[str]:
    """The toy's QNN has one depth and a readout qubit on its register."""
    problems, qubits = [], config["toy"]["qubits"]
    options = config["toy"]["architectures"]["qnn"]
    if isinstance(options["depth"], dict):
        problems.append("toy.architectures.qnn.depth: must be one whole number; the toy is no dataset of the list")
    if options["measure"] != "last" and options["measure"] >= qubits:
        problems.append(
            f"toy.architectures.qnn.measure: {options['measure']} is not a qubit of the toy (0 to {qubits - 1})"
        )
    return problems


def validate(config: dict) -> dict:
    """A converted copy of the configuration; raises UserError listing all problems, one per line."""
    rules = schema()
    config = coerce(copy.deepcopy(dict(config)), rules, rules)
    errors = jsonschema.Draft202012Validator(rules).iter_errors(config)
    problems = [line for error in sorted(errors, key=lambda e: str(list(e.absolute_path))) for line in word(error)]
    problems += not_finite(config)
    if not problems:
        problems = _check_names(config) + _check_alphas(config) + _check_criteria(config)
    if not problems:
        problems = _check_models(config) + _check_toy(config)
    if not problems:
        problems = _check_controls(config) + _check_hardware(config) + _check_beyond(config)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {line}" for line in dict.fromkeys(problems))
        raise UserError(f"{count} in the configuration; nothing was started.\n{lines}")
    return config


def check_folders(paths: dict) -> None:
    """Raises UserError where results or logs could not be written."""
    for key in ("results", "logs"):
        folder = next(p for p in (Path(paths[key]).absolute(), *Path(paths[key]).absolute().parents) if p.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            why = "cannot be written" if folder.is_dir() else "is not a folder"
            raise UserError(
                f"paths.{key}: {folder} {why}; change its permissions or name another folder. Nothing was started."
            )


def check_published(folder: str | None) -> None:
    """Raises UserError where the folder of published runs, if one is named, does not hold their table."""
    if folder is None:
        return
    path = Path(folder) / "resilience.csv"
    try:
        with path.open() as file:
            header = file.readline().strip().split(",")
    except OSError as error:
        raise UserError(
            f"published.dir: {path} cannot be read ({error.strerror}); name the folder that holds it, or null. "
            "Nothing was started."
        ) from None
    wanted = ("dataset", "model", "corruption", "alpha", "run", "train_accuracy", "val_accuracy")
    absent = [name for name in wanted if name not in header]
    if absent:
        raise UserError(
            f"published.dir: {path} has no column '{absent[0]}' (needed: {', '.join(wanted)}). Nothing was started."
        )
