"""What one job needs of the validated configuration: the settings of a dataset, a model or a method by its name."""

from __future__ import annotations

import math

import jsonschema

from .errors import UserError
from .models import FITTED
from .schema import coerce, nearest, schema, word
from .variants import base, parse


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
        block = coerce(block | {key: value for key, value in changes.items() if key in allowed}, node, rules)
        for error in jsonschema.Draft202012Validator({**node, "$defs": rules["$defs"]}).iter_errors(block):
            raise UserError(f"{name}: {word(error)[0]}")
        changed.append(block)
        known |= allowed
    for key in set(changes) - known:
        raise UserError(
            f"{name}: '{first}' has no '{key}' to change{nearest(key, known)} (allowed: {', '.join(sorted(known))})"
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


def scaling_cases(config: dict) -> list[dict]:
    """What Fig. X "scaling" trains: of each (dataset, what is scaled, size) the names of data and model.

    A smaller training set is trained for more epochs: as many updates as the largest has by the model's own schedule.
    """
    study = config["beyond"]["scaling"]
    model, counts, cases = study["model"], sorted(study["train_per_class"]), []
    for dataset in config["datasets"]:
        schedule = training_schedule(config, dataset, model)
        steps = [math.ceil(2 * n / (schedule["batch"] or 2 * n)) for n in counts]
        for n, step in zip(counts, steps):
            epochs = round(schedule["epochs"] * steps[-1] / step)
            name = model if epochs == schedule["epochs"] else f"{model}~epochs={epochs}"
            data = f"{dataset}~train_per_class={n}"
            cases.append({"dataset": dataset, "scaled": "samples", "size": 2 * n, "data": data, "model": name})
    if "xxz" in config["datasets"]:
        cases += [
            {"dataset": "xxz", "scaled": "length", "size": n, "data": xxz_chain(config, n), "model": model}
            for n in sorted(study["lengths"])
        ]
    return cases


def xxz_chain(config: dict, length: int) -> str:
    """Name of the XXZ dataset of this length."""
    return "xxz" if length == config["data"]["xxz"]["length"] else f"xxz~length={length}"


def deep(config: dict, dataset: str, model: str, depth: int) -> str:
    """Name of a QNN with this depth on a dataset."""
    return model if architecture(config, dataset, model)["depth"] == depth else f"{model}~depth={depth}"


def gradient_depths(config: dict) -> dict[str, dict[int, str]]:
    """What Fig. X "gradients" measures: dataset -> depth -> the model's name."""
    study = config["beyond"]["gradients"]
    found = {dataset: {*study["depths"], *study["trained_depths"]} for dataset in config["datasets"]}
    if "xxz" in found:
        own = architecture(config, "xxz", study["model"])["depth"]
        for length in study["lengths"]:
            found.setdefault(xxz_chain(config, length), set()).update({own, length})
    return {d: {depth: deep(config, d, study["model"], depth) for depth in sorted(ds)} for d, ds in found.items()}


def qubits(config: dict, dataset: str) -> int:
    """Width of the register that holds a sample of this dataset."""
    return {"digits": 6, "mnist": 10}.get(base(dataset)) or data_options(config, dataset)["length"]


def relative_cost(config: dict, dataset: str, name: str, corruption: str) -> int:
    """Rough cost of training one cell, so that the longest jobs start first: epochs times first-layer weights, or times
    the Pauli strings of a QNN's light cone."""
    options = architecture(config, dataset, name)
    width = {"digits": 64, "mnist": 784}.get(base(dataset)) or 2 ** (qubits(config, dataset) + 1)
    if base(dataset) == "xxz" and corruption == "label_flipping":
        width //= 4  # most amplitudes vanish in every ground state
    weights = width * (options.get("hidden") or [1])[0]
    if options["family"] == "qnn":
        weights = 4 ** min(options["depth"], qubits(config, dataset))
    return training_schedule(config, dataset, name)["epochs"] * weights
