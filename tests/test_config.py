"""The configuration check: what is refused, how it is worded, and that it agrees with the registries."""

import copy
import re

import pytest
import yaml

from project import ROOT
from qunlearn import corruption, data, models, unlearning
from qunlearn.config import architecture, training_schedule, unlearning_schedule
from qunlearn.errors import UserError
from qunlearn.schema import schema
from qunlearn.validation import validate


@pytest.fixture
def good():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def put(config, path, value):
    node = config
    *parents, last = path.split(".")
    for part in parents:
        node = node[part]
    node[last] = value
    return config


def test_the_configuration_as_shipped_is_valid(good):
    assert validate(good)["alphas"][3] == 0.3
    preset = yaml.safe_load((ROOT / "presets" / "paper.yaml").read_text())
    assert validate(good | preset)["datasets"] == ["mnist", "xxz"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("sedes", [1], "sedes: unknown key; did you mean 'seeds'?"),
        ("data.xxz.lenght", 12, "data.xxz.lenght: unknown key; did you mean 'length'?"),
        ("architectures.qnn.depht", 4, "architectures.qnn.depht: unknown key; did you mean 'depth'?"),
        ("architectures.mlp.depth", 4, "architectures.mlp.depth: unknown key"),
        ("training.xxz.mlp.epoch", 4, "training.xxz.mlp.epoch: unknown key; did you mean 'epochs'?"),
        ("training.xzx", {}, "training.xzx: unknown key; did you mean 'xxz'?"),
        ("training.xxz.mpl", {"epochs": 1, "batch": 1, "learning_rate": 1.0}, "did you mean 'mlp'?"),
        ("alphas", [0.1, 1.0], r"alphas[1]: 1.0 is too large (must be below 1)"),
        ("alphas", [-0.1], "alphas[0]: -0.1 is too small (at least 0)"),
        ("alphas", [], "alphas: must not be empty"),
        ("alphas", [0.12345], "alphas[0]: 0.12345 has more than four decimals"),
        ("alphas", "many", "alphas[0]: 'many' is not of type number"),
        ("unlearning.alphas", [0.0], "unlearning.alphas[0]: 0.0 is too small (must be above 0)"),
        ("seeds", [0, 1, 1], "seeds: 1 occurs more than once"),
        ("seeds", [0.5], "seeds[0]: 0.5 is not of type integer"),
        ("seeds", [-1], "seeds[0]: -1 is too small"),
        ("models", ["qn"], "models[0]: no architecture 'qn'; did you mean 'qnn'?"),
        ("methods", ["finetun"], "methods[0]: 'finetun' is not allowed; did you mean 'finetune'?"),
        ("corruptions", ["label_flip"], "did you mean 'label_flipping'?"),
        ("datasets", ["minst"], "did you mean 'mnist'?"),
        ("training.xxz.qnn.learning_rate", -0.1, "learning_rate: -0.1 is too small (must be above 0)"),
        ("training.xxz.qnn.batch", 0, "training.xxz.qnn.batch: 0 is too small"),
        ("training.xxz.qnn.batch", "ful", "training.xxz.qnn.batch: 'ful' is neither a whole number nor 'full'"),
        ("architectures.qnn.depth", 0, "architectures.qnn.depth: 0 is too small (at least 1)"),
        ("architectures.qnn.depth", {"digits": 4}, "architectures.qnn.depth: no depth for the dataset 'xxz'"),
        ("architectures.qnn.measure", 6, "architectures.qnn.measure: 6 is not a qubit of digits (0 to 5)"),
        ("architectures.qnn.measure", "first", "'first' is neither a whole number nor 'last'"),
        ("architectures.qnn.entangler", "rign", "did you mean 'ring'?"),
        ("architectures.knn.k", 0, "architectures.knn.k: 0 is too small (at least 1)"),
        ("architectures.svm_rbf.kernel", "rfb", "did you mean 'rbf'?"),
        ("supplement.models", ["cn"], "supplement.models[0]: no architecture 'cn'; did you mean 'cnn'?"),
        ("supplement.curvature.alphas", [0.12345], "supplement.curvature.alphas[0]: 0.12345 has more than four"),
        ("supplement.slices.alphas", [0.0], "supplement.slices.alphas[0]: 0.0 is too small (must be above 0)"),
        ("supplement.spectrum.step", 3, "supplement.spectrum.step: unknown key; did you mean 'steps'?"),
        ("supplement.figures", ["slice"], "did you mean 'slices'?"),
        ("data.xxz.length", 13, "data.xxz.length: 13 is not a multiple of 2"),
        ("alphas_per_job", 0, "alphas_per_job: 0 is too small"),
        ("precision", "half", "precision: 'half' is not allowed"),
        ("unlearning.gradient_ascent.beta", -1, "beta: -1"),
        ("landscape.architectures", {"mpl": ["mlp"]}, "no architecture 'mpl'; did you mean 'mlp'?"),
        ("paths.results", "", "paths.results: must not be empty"),
        ("alphas", [float("nan")], "alphas[0]: nan is not a finite number"),
        ("training.xxz.qnn.learning_rate", "inf", "training.xxz.qnn.learning_rate: inf is not a finite number"),
        ("data.digits.seed", 2**32, "data.digits.seed: 4294967296 is too large (at most 4294967295)"),
        ("data", None, "data: None is not of type object"),
        ("claims.criteria.qnn_plateu", {"below": 1.0}, "unknown key; did you mean 'qnn_plateau'?"),
        ("claims.criteria.qnn_transition_at_half.above", 0.6, "0.6 is not below `below` (0.55); exchange them"),
        ("published.margin", 0, "published.margin: 0.0 is too small (must be above 0)"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_cure(path, value, words, good):
    with pytest.raises(UserError) as refused:
        validate(put(good, path, value))
    assert words in str(refused.value)
    assert "1 problem in the configuration" in str(refused.value)


def test_a_missing_key_is_named(good):
    del good["unlearning"]["scrub"]["lambda_fo"]
    with pytest.raises(UserError, match=r"unlearning\.scrub\.lambda_fo: the key 'lambda_fo' is missing"):
        validate(good)


def test_all_problems_come_at_once(good):
    good["seeds"], good["precision"] = [], "quadruple"
    good["data"]["xxz"]["length"] = 3
    with pytest.raises(UserError, match="4 problems") as refused:
        validate(good)
    assert all(key in str(refused.value) for key in ("seeds", "precision", "data.xxz.length"))


def test_command_line_strings_are_converted(good):
    good |= {"alphas": ["0.1", "0.3"], "seeds": "2", "datasets": "xxz", "alphas_per_job": "5"}
    put(good, "training.xxz.qnn.learning_rate", "1e-3")
    put(good, "training.xxz.qnn.batch", "16")
    put(good, "architectures.qnn.depth", {"xxz": "3"})
    found = validate(good)
    assert found["alphas"] == [0.1, 0.3] and found["seeds"] == [2] and found["datasets"] == ["xxz"]
    assert training_schedule(found, "xxz", "qnn") == {"epochs": 200, "batch": 16, "learning_rate": 1e-3}
    assert architecture(found, "xxz", "qnn")["depth"] == 3


def test_validation_leaves_its_input_alone_and_repeats(good):
    before = copy.deepcopy(good)
    once = validate(good)
    assert good == before and validate(once) == once


def test_an_architecture_overrides_its_family(good):
    found = validate(good | {"datasets": ["mnist"]})
    assert training_schedule(found, "mnist", "mlp_16_4")["batch"] == 128
    assert training_schedule(found, "digits", "mlp_16_4")["batch"] == 32
    assert unlearning_schedule(found, "mnist", "mlp_16_4") == {
        "epochs": 50, "batch": 0, "learning_rate": 0.001,
    }  # fmt: skip


def test_registries_schema_and_readme_name_the_same_things(good):
    defs = schema()["$defs"]
    methods = schema()["properties"]["methods"]["items"]["enum"]
    assert set(defs["dataset"]["enum"]) == set(data.REGISTRY) == set(good["data"])
    assert defs["corruption"]["enum"] == list(corruption.REGISTRY)
    assert defs["architecture"]["properties"]["family"]["enum"] == list(models.REGISTRY)
    assert methods == list(unlearning.REGISTRY) == good["methods"]
    table = re.search(r"<!-- names -->(.*?)<!-- /names -->", (ROOT / "README.md").read_text(), re.S)[1]
    rows = [row for row in table.splitlines()[1:] if "`" in row.split("|")[2]]
    named = {row.split("|")[1].strip(): set(re.findall(r"`([a-z_0-9]+)`", row.split("|")[2])) for row in rows}
    named.pop("part", None)
    assert named == {
        "dataset": set(data.REGISTRY),
        "model family": set(models.REGISTRY),
        "corruption": set(corruption.REGISTRY),
        "unlearning method": set(unlearning.REGISTRY),
    }
