"""The configuration check: what is refused, how it is worded, and that it follows the declarations."""

import copy
import subprocess
import sys

import pytest
import yaml

from project import ROOT, configuration
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.config.reference import written
from qunlearn.config.settings import TrainingSchedule, UnlearningSchedule
from qunlearn.parts.registry import shipped
from qunlearn.runtime.errors import UserError
from qunlearn.training.schedule import Schedule


@pytest.fixture
def good():
    return configuration()


def check_everything(config):
    """The configuration checked for every study, too."""
    checked = check(config)
    ask(Plan(checked), shipped("study"))
    return checked


def put(config, path, value):
    node = config
    *parents, last = path.split(".")
    for part in parents:
        node = node[part]
    node[last] = value
    return config


def test_the_configuration_as_shipped_is_valid(good):
    assert check(good)["alphas"][3] == 0.3
    preset = yaml.safe_load((ROOT / "presets" / "paper.yaml").read_text())
    assert check(good | preset)["datasets"] == ["mnist", "xxz"]


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
        ("methods", ["finetun"], "methods[0]: no method 'finetun'; did you mean 'finetune'?"),
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
        ("supplement.figures", ["slice"], "no figure 'slice'; did you mean 'slices'?"),
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
        ("claims.criteria.qnn_transition_at_half", {"above": 0.6}, "0.6 is not below `below` (0.55); exchange them"),
        ("published.margin", 0, "published.margin: 0.0 is too small (must be above 0)"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_cure(path, value, words, good):
    with pytest.raises(UserError) as refused:
        check_everything(put(good, path, value))
    assert words in str(refused.value)
    assert "1 problem in the configuration" in str(refused.value)


def test_a_missing_key_is_named(good):
    del good["unlearning"]["scrub"]["lambda_fo"]
    with pytest.raises(
        UserError, match=r"unlearning\.scrub\.lambda_fo: the key 'lambda_fo' is missing"
    ):
        check(good)


def test_all_problems_come_at_once(good):
    good["seeds"], good["precision"] = [], "quadruple"
    good["data"]["xxz"]["length"] = 3
    with pytest.raises(UserError, match="3 problems") as refused:
        check(good)
    assert all(key in str(refused.value) for key in ("seeds", "precision", "data.xxz.length"))


def test_command_line_strings_are_converted(good):
    good |= {"alphas": ["0.1", "0.3"], "seeds": "2", "datasets": "xxz", "alphas_per_job": "5"}
    put(good, "training.xxz.qnn.learning_rate", "1e-3")
    put(good, "training.xxz.qnn.batch", "16")
    put(good, "architectures.qnn.depth", {"xxz": "3"})
    found = check(good)
    assert found["alphas"] == [0.1, 0.3] and found["seeds"] == [2] and found["datasets"] == ["xxz"]
    assert Plan(found).training_schedule("xxz", "qnn") == {
        "epochs": 200,
        "batch": 16,
        "learning_rate": 1e-3,
    }
    assert Plan(found).architecture("xxz", "qnn")["depth"] == 3


def test_validation_leaves_its_input_alone_and_repeats(good):
    before = copy.deepcopy(good)
    once = check(good)
    assert good == before and check(once) == once


def test_an_architecture_overrides_its_family(good):
    plan = Plan(check(good | {"datasets": ["mnist"]}))
    assert plan.training_schedule("mnist", "mlp_16_4")["batch"] == 128
    assert plan.training_schedule("digits", "mlp_16_4")["batch"] == 32
    expected = {"epochs": 50, "batch": 0, "learning_rate": 0.001}
    assert plan.unlearning_schedule("mnist", "mlp_16_4") == expected


def test_options_of_all_studies_are_checked(good):
    """Whatever is made: what is never read would be a mistake without a word."""
    put(good, "supplement.spectrum.steps", 1)
    put(good, "benchmark.farr", True)
    with pytest.raises(UserError, match="2 problems") as refused:
        check(good)
    assert "supplement.spectrum.steps: 1 is too small (at least 2)" in str(refused.value)
    assert "benchmark.farr: unknown key; did you mean 'far'?" in str(refused.value)


def test_what_a_study_refers_to_is_checked_when_it_is_asked_for(good):
    put(good, "beyond.noise.model", "mlp")
    plan = Plan(check(good))
    ask(plan, ["resilience", "unlearning", "slices"])
    with pytest.raises(UserError, match=r"1 problem(?s:.*)beyond\.noise\.model"):
        ask(plan, ["noise"])


def test_schedules_of_engine_and_configuration_have_the_same_keys():
    keys = {*TrainingSchedule.model_fields, *UnlearningSchedule.model_fields}
    assert set(Schedule._fields) == keys


def test_what_is_made_from_declarations_is_up_to_date():
    for path, text in written().items():
        assert path.read_text() == text, f"{path.name} is stale: make docs"


def test_planning_imports_no_jax():
    """Every declaration is read, the configuration checked, every study asked for."""
    program = (
        "import sys, yaml; from qunlearn.config.check import ask, check; from qunlearn.config.plan import Plan; "
        "from qunlearn.parts.registry import PACKAGES, known; "
        "plan = Plan(check(yaml.safe_load(open('config.yaml')))); ask(plan, known('study')); plan.looks(); "
        "[part.summary() for kind in PACKAGES for part in known(kind).values()]; "
        "heavy = {'jax', 'pandas', 'scipy', 'sklearn', 'matplotlib', 'h5py', 'numba', 'flax'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_study_that_reads_anothers_broken_options_is_refused_in_the_same_words():
    """Fig. X "amenability" reads the options of "known"."""
    config = configuration()
    config["beyond"]["known"]["models"] = ["nobody"]
    with pytest.raises(
        UserError, match=r"1 problem.*nothing was started\.\n  beyond\.known\.models"
    ):
        ask(Plan(check(config)), ["amenability"])
