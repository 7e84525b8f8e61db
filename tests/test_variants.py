"""Names with changes: what they resolve to, what is refused, and that a variant is paired with its base."""

import re

import numpy as np
import pytest

import project
from project import copy_project, planned, snakemake
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.grid.names import PATTERN, parse
from qunlearn.runtime.errors import UserError


@pytest.fixture(scope="module")
def plan():
    return project.plan()


def test_a_name_splits_into_its_base_and_typed_changes():
    assert parse("qnn") == ("qnn", {})
    name, changes = parse(
        "qnn~depth=3,readout_scale=2.5,entangler=ring,learning_rate=1e-3,batch=full"
    )
    assert name == "qnn"
    assert changes == {
        "depth": 3,
        "readout_scale": 2.5,
        "entangler": "ring",
        "learning_rate": 1e-3,
        "batch": "full",
    }


def test_a_number_has_one_spelling():
    assert parse("digits~train_per_class=27") == ("digits", {"train_per_class": 27})
    for text in ("27_", "2_7", "_27", "1_0.5"):
        assert parse(f"digits~train_per_class={text}") == ("digits", {"train_per_class": text})


def test_changes_reach_the_architecture_the_schedules_and_the_data(plan):
    name = "qnn~depth=3,readout_scale=2,epochs=7,batch=full,unlearning.learning_rate=0.003"
    changed, base = plan.architecture("xxz", name), plan.architecture("xxz", "qnn")
    assert changed == base | {"depth": 3, "readout_scale": 2.0}
    assert plan.training_schedule("xxz", name) == {"epochs": 7, "batch": 0, "learning_rate": 0.03}
    assert plan.unlearning_schedule("xxz", name) == {
        "epochs": 50,
        "batch": 0,
        "learning_rate": 0.003,
    }
    assert plan.training_schedule("xxz~length=8", "mlp") == plan.training_schedule("xxz", "mlp")
    assert plan.architecture("digits~train_fraction=0.2", "qnn")["depth"] == 6
    assert plan.data_options("xxz~length=10,gauge=fixed") == {
        "length": 10,
        "gauge": "fixed",
        "grid": "text",
        "seed": 0,
    }
    assert plan.architecture("digits", "mlp~hidden=3")["hidden"] == [3]
    assert plan.architecture("digits", "svm_rbf~gamma=0.5")["gamma"] == 0.5
    assert plan.method_options("scrub~lambda_fo=0.5") == {
        "lambda_ce": 1.0,
        "lambda_kl": 0.0,
        "lambda_fo": 0.5,
    }
    assert re.fullmatch(f"qnn{PATTERN}", name)


@pytest.mark.parametrize(
    ("dataset", "model", "words"),
    [
        (
            "xxz",
            "qnn~depht=3",
            "qnn~depht=3: 'qnn' has no 'depht' to change; did you mean 'depth'?",
        ),
        ("xxz", "qnn~depth=0", "depth: 0 is too small"),
        ("xxz", "qnn~family=mlp", "'qnn' has no 'family' to change"),
        ("xxz~length=7", "mlp", "length: 7 is not a multiple of 2"),
        ("xxz~lenght=8", "mlp", "'xxz' has no 'lenght' to change; did you mean 'length'?"),
        (
            "xyz~length=8",
            "mlp",
            "no dataset 'xyz'; did you mean 'xxz'? (allowed: digits, xxz, xxz_disordered, mnist)",
        ),
        ("xxz", "nlp~epochs=3", "no architecture 'nlp'; did you mean 'mlp'?"),
        ("mnist", "mlp~batch=some", "batch: 'some' is neither a whole number nor 'full'"),
        ("xxz~length=4", "qnn~measure=4", "measure: 4 is not a qubit of xxz~length=4 (0 to 3)"),
        ("xxz", "mlp~unlearning.epochs=3", "'mlp' has no 'unlearning.epochs' to change"),
    ],
)
def test_a_mistake_in_a_change_is_named(plan, dataset, model, words):
    [line] = plan.problems(dataset, model)
    assert words in line


def test_a_variant_meets_the_poison_and_the_parameters_of_its_base(plan, small_xxz):
    problems = [
        Problem(small_xxz, name, plan.architecture("xxz", name), "label_flipping", [0])
        for name in ("qnn", "qnn~readout_scale=2", "mlp", "mlp~epochs=3")
    ]
    cell = Cell(0.3, 0)
    for base, variant in (problems[:2], problems[2:]):
        np.testing.assert_array_equal(base.samples(cell).forget, variant.samples(cell).forget)
        for one, other in zip(
            *(sorted(p.initial([0])[0].items()) for p in (base, variant)), strict=True
        ):
            np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.long
def test_a_variant_is_a_target_like_any_other(tmp_path, plan):
    folder = copy_project(tmp_path / "project")
    path = "results/train/xxz~length=8/qnn~depth=3/label_flipping/alpha0.00-0.30/seed0-1.h5"
    assert planned(folder, path) == {"build_dataset": 1, "train_models": 1}
    text = snakemake(folder, "-n", path.replace("depth=3", "depht=3"), check=False)
    assert "'qnn' has no 'depht' to change; did you mean 'depth'?" in text
    assert "Exception" not in text and "Traceback" not in text
    with pytest.raises(UserError, match="did you mean 'length'"):
        plan.data_options("xxz~lenght=8")
