"""The configuration: checked whole before any job starts, then asked for what one job needs.

`validate` returns a clean copy or raises UserError with every problem at once: dotted path, what is wrong, what is
allowed, and the nearest known name. Values given on the command line arrive as strings and are converted first.
"""

from __future__ import annotations

import copy
import difflib
import functools
import math
import os
from pathlib import Path

import jsonschema
import yaml

from .errors import UserError
from .models import FITTED
from .variants import base, parse, scalar

#: Sections under `supplement` that analyse the landscape at alphas of their own.
LANDSCAPES = ("spectrum", "curvature", "slices")
#: Sections under `beyond` that run one QNN on imperfect hardware.
HARDWARE = ("noise", "shots")
SCHEMA_FILE = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"


@functools.cache
def schema() -> dict:
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


def _coerce(value, node: dict, root: dict):
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
        return [_coerce(item, node.get("items", {}), root) for item in value]
    if isinstance(value, dict):
        known, other = node.get("properties", {}), node.get("additionalProperties", {})
        other = other if isinstance(other, dict) else {}
        return {str(key): _coerce(item, known.get(str(key), other), root) for key, item in value.items()}
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


def _nearest(name, known) -> str:
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def _missing(key: str) -> str:
    return f"the key '{key}' is missing; copy it from config.yaml as it came"


def _word(error: jsonschema.ValidationError) -> list[str]:
    """One line per problem, from jsonschema's account of it."""
    path, value, limit = _dotted(error.absolute_path), error.instance, error.validator_value
    prefix = "" if path == "the configuration" else f"{path}."
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = [key for key in value if key not in known]
            return [
                f"{prefix}{key}: unknown key{_nearest(key, known)} (allowed: {', '.join(known)})" for key in unknown
            ]
        case "required":
            return [f"{prefix}{key}: {_missing(key)}" for key in limit if key not in value]
        case "enum":
            if "propertyNames" in error.absolute_schema_path:
                path, what = f"{prefix}{value}", "unknown key"
            else:
                what = f"{value!r} is not allowed"
            return [f"{path}: {what}{_nearest(value, limit)} (allowed: {', '.join(map(str, limit))})"]
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


def _not_finite(value, path=()) -> list[str]:
    """Every nan and infinity, which no bound of a schema catches."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in _not_finite(item, (*path, key))]
    if isinstance(value, list):
        return [line for i, item in enumerate(value) for line in _not_finite(item, (*path, i))]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{_dotted(path)}: {value} is not a finite number"]
    return []


# -- checks that span several keys -----------------------------------------------------------------------------------
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
        f"{path}: no architecture '{name}'{_nearest(name, known)} (defined: {', '.join(known)})"
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
    ):
        problems += [
            f"{path}[{i}]: {alpha} has more than four decimals, which file names do not carry"
            for i, alpha in enumerate(alphas)
            if abs(alpha - round(alpha, 4)) > 1e-12
        ]
    largest = config["supplement"]["capacity"]["max_alpha"]
    if largest < min(config["alphas"]):
        problems.append(f"supplement.capacity.max_alpha: {largest} is below every value of alphas; raise it")
    if config["controls"]["max_alpha"] < config["controls"]["alpha"]:
        problems.append("controls.max_alpha: is below controls.alpha, where controls are compared; raise it")
    return problems


def check_variants(config: dict, named: list[tuple]) -> list[str]:
    """Problems of (path in the configuration, dataset, model), names that may carry changes."""
    problems = []
    for path, dataset, model in named:
        unknown = [
            f"{path}: no {kind} '{base(name)}'{_nearest(base(name), known)} (allowed: {', '.join(known)})"
            for kind, name, known in (
                ("dataset", dataset, config["data"]),
                ("architecture", model, config["architectures"]),
            )
            if base(name) not in known
        ]
        try:
            if not unknown:
                data_options(config, dataset)
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
        datasets = [(j, d) for j, d in enumerate(run.get("datasets", config["datasets"])) if base(d) not in other]
        for j, model in enumerate(run["models"]):
            named += [(f"{path}.models[{j}]", d, model) for d in config["datasets"]]
        if "base_model" in run:
            named += [(f"{path}.base_model", d, run["base_model"]) for d in config["datasets"]]
        named += [(f"{path}.datasets[{j}]", d, base(run["models"][0])) for j, d in datasets]
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


def _qubits(config: dict, dataset: str) -> int:
    return {"digits": 6, "mnist": 10}.get(base(dataset)) or data_options(config, dataset)["length"]


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
            if measure != "last" and measure >= _qubits(config, dataset):
                last = _qubits(config, dataset) - 1
                problems.append(f"architectures.{name}.measure: {measure} is not a qubit of {dataset} (0 to {last})")
    for section, table in (("training", config["training"]), ("unlearning.training", config["unlearning"]["training"])):
        known = {*config["architectures"], *(a["family"] for a in config["architectures"].values())}
        problems += [
            f"{section}.{dataset}.{name}: neither an architecture nor a family{_nearest(name, known)}"
            for dataset, entries in table.items()
            for name in entries
            if name not in known
        ]
    return problems


def _check_hardware(config: dict) -> list[str]:
    """Figures about quantum hardware need a QNN that every dataset has values for, and a plateau on the grid."""
    problems = []
    for figure in HARDWARE:
        study = config["beyond"][figure]
        path, name = f"beyond.{figure}.model", study["model"]
        if (family := config["architectures"][name]["family"]) != "qnn":
            problems.append(f"{path}: '{name}' is of the family {family}; name an architecture of the family qnn")
        else:
            problems += check_variants(config, [(path, dataset, name) for dataset in config["datasets"]])
        if study["plateau"] < min(config["alphas"]):
            problems.append(f"beyond.{figure}.plateau: {study['plateau']} is below every value of alphas; raise it")
    return problems


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
    config = _coerce(copy.deepcopy(dict(config)), rules, rules)
    errors = jsonschema.Draft202012Validator(rules).iter_errors(config)
    problems = [line for error in sorted(errors, key=lambda e: str(list(e.absolute_path))) for line in _word(error)]
    problems += _not_finite(config)
    if not problems:
        problems = _check_names(config) + _check_alphas(config) + _check_criteria(config)
    if not problems:
        problems = _check_models(config) + _check_toy(config)
    if not problems:
        problems = _check_controls(config) + _check_hardware(config)
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


# -- what one job needs ----------------------------------------------------------------------------------------------
def _changed(name: str, **blocks: dict) -> list[dict]:
    """The blocks, each under its definition in the schema, with the changes that `name` asks for.

    Raises UserError for a change that no block knows or that the schema does not allow.
    """
    first, changes = parse(name)
    if not changes:
        return [dict(block) for block in blocks.values()]
    rules, changed, known = schema(), [], set()
    for definition, block in blocks.items():
        node = rules["$defs"][definition]
        allowed = set(node["properties"]) - {"family"}
        block = _coerce(block | {key: value for key, value in changes.items() if key in allowed}, node, rules)
        for error in jsonschema.Draft202012Validator({**node, "$defs": rules["$defs"]}).iter_errors(block):
            raise UserError(f"{name}: {_word(error)[0]}")
        changed.append(block)
        known |= allowed
    for key in set(changes) - known:
        raise UserError(
            f"{name}: '{first}' has no '{key}' to change{_nearest(key, known)} (allowed: {', '.join(sorted(known))})"
        )
    return changed


def data_options(config: dict, dataset: str) -> dict:
    """Arguments of the dataset's build function."""
    name = base(dataset)
    [options] = _changed(dataset, **{f"{name}_data": config["data"][name]})
    if name == "mnist":
        options |= {"folder": config["paths"]["mnist"], "split": config["mnist_split"]}
    return options


def _entry(table: dict, config: dict, dataset: str, name: str) -> dict:
    entries, name = table[base(dataset)], base(name)
    return entries.get(name) or entries[config["architectures"][name]["family"]]


def _model(config: dict, dataset: str, name: str) -> tuple[dict, dict]:
    """Architecture and training values, with the changes that the name asks for."""
    options = dict(config["architectures"][base(name)])
    if isinstance(options.get("depth"), dict):
        options["depth"] = options["depth"][base(dataset)]
    family = options["family"]
    if family in FITTED:
        return *_changed(name, **{family: options}), {"epochs": 1, "batch": 0, "learning_rate": 0.0}
    return tuple(_changed(name, **{family: options}, schedule=_entry(config["training"], config, dataset, name)))


def architecture(config: dict, dataset: str, name: str) -> dict:
    """The architecture's block with the depth of this dataset."""
    return _model(config, dataset, name)[0]


def _counted(entry: dict) -> dict:
    """The entry with the word for a full batch as 0."""
    return {**entry, "batch": 0 if entry["batch"] == "full" else entry["batch"]}


def training_schedule(config: dict, dataset: str, name: str) -> dict:
    """epochs, batch (0: full) and learning_rate for training."""
    return _counted(_model(config, dataset, name)[1])


def toy_schedules(config: dict) -> dict[str, dict]:
    """As `training_schedule`, for every model of the toy."""
    return {name: _counted(entry) for name, entry in config["toy"]["training"].items()}


def unlearning_schedule(config: dict, dataset: str, name: str) -> dict:
    """As `training_schedule`, for unlearning: as many epochs as unlearning steps."""
    return {
        "epochs": config["unlearning"]["steps"],
        **_counted(_entry(config["unlearning"]["training"], config, dataset, name)),
    }


def method_options(config: dict, method: str) -> dict:
    """Weights of the method's loss; retrain and finetune have none."""
    return dict(config["unlearning"].get(method, {}))


def scan_options(config: dict, method: str) -> dict[str, list[float]]:
    """Values of every weight of the method's loss; one that is not scanned has its value under `unlearning`."""
    fixed = {name: [value] for name, value in method_options(config, method).items()}
    return fixed | config["supplement"]["scan"][method]


def relative_cost(config: dict, dataset: str, name: str, corruption: str) -> int:
    """Rough cost of training one cell, so that the longest jobs start first: epochs times first-layer weights, or times
    the Pauli strings of a QNN's light cone."""
    options = architecture(config, dataset, name)
    width = {"digits": 64, "mnist": 784}.get(base(dataset)) or 2 ** (_qubits(config, dataset) + 1)
    if base(dataset) == "xxz" and corruption == "label_flipping":
        width //= 4  # most amplitudes vanish in every ground state
    weights = width * (options.get("hidden") or [1])[0]
    if options["family"] == "qnn":
        weights = 4 ** min(options["depth"], _qubits(config, dataset))
    return training_schedule(config, dataset, name)["epochs"] * weights
