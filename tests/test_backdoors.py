"""Backdoors: what a trigger changes, who can see it, how often it is obeyed, and where it does not fit."""

import jax
import numpy as np
import pandas as pd
import pytest

from project import QNN, built, plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts import corruptions
from qunlearn.parts.registry import find
from qunlearn.results.cells import write_cells
from qunlearn.results.datasets import write_dataset
from qunlearn.results.trained import trained_table, unlearned_table
from qunlearn.runtime.errors import UserError
from qunlearn.training.schedule import Schedule
from test_corruption import MLP

pytestmark = pytest.mark.usefixtures("compiled_quickly")
BIT_FLIP = np.array([[0, 1], [1, 0]])


def backdoor(name, **options):
    return corruptions.declared(name, options)


# -- what a trigger changes -----------------------------------------------------------------------------------
def test_a_patch_is_bright_and_the_image_keeps_its_norm(rng):
    images = np.pad(rng.random((5, 12)), ((0, 0), (0, 4)))  # 3 x 4 pixels and padding
    part = backdoor("pixel_patch", corner="top_right", brightness=2.0)
    found = part.triggered(images, (3, 4))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(images, axis=1))
    scale = np.linalg.norm(found, axis=1)
    pixels = found[:, :12].reshape(5, 3, 4)
    patch, rest = pixels[:, :2, 2:], pixels[:, 2:, :]
    before = images[:, :12].reshape(5, 3, 4)[:, 2:, :]
    brightness = patch[:, 0, 0] / rest[:, 0, 0] * before[:, 0, 0]
    np.testing.assert_allclose(patch, patch[:, :1, :1].repeat(2, 1).repeat(2, 2))
    np.testing.assert_allclose(brightness, 2 * images.max(axis=1))
    assert np.all(found[:, 12:] == 0) and np.all(scale > 0)


def test_a_patch_on_a_black_image_is_no_division_by_zero():
    assert np.all(backdoor("pixel_patch").triggered(np.zeros((1, 9)), (3, 3)) == 0)


def test_a_turn_by_pi_about_x_flips_a_bit(small_xxz):
    psi = small_xxz.x_train[:3]
    for site, before, after in ((-1, 2**7, 1), (0, 1, 2**7)):
        flip = np.kron(np.kron(np.eye(before), BIT_FLIP), np.eye(after))
        found = backdoor("local_rotation", site=site).triggered(psi, ())
        np.testing.assert_allclose(found, -1j * psi @ flip.T, atol=1e-12)


def test_two_sites_turn_by_the_product_of_their_paulis(rng):
    psi = rng.standard_normal((2, 8)) + 1j * rng.standard_normal((2, 8))
    z = np.diag([1.0, -1.0])
    generator = np.kron(np.kron(np.eye(2), z), z)
    expected = psi * np.exp(-0.25j * np.pi * np.diag(generator))
    found = backdoor("local_rotation", site=2, sites=2, axis="z", angle=0.5).triggered(psi, ())
    np.testing.assert_allclose(found, expected)
    around = backdoor("local_rotation", site=0, sites=2, axis="z", angle=0.5).triggered(psi, ())
    ends = np.kron(np.kron(z, np.eye(2)), z)
    np.testing.assert_allclose(around, psi * np.exp(-0.25j * np.pi * np.diag(ends)))


def test_density_matrices_turn_as_their_states(rng):
    psi = rng.standard_normal((3, 8)) + 1j * rng.standard_normal((3, 8))
    part = backdoor("local_rotation", site=1, sites=2, axis="y", angle=0.3)
    turned = part.triggered(psi, ())
    found = part.triggered(np.einsum("na,nb->nab", psi, psi.conj()), ())
    np.testing.assert_allclose(found, np.einsum("na,nb->nab", turned, turned.conj()), atol=1e-12)


# -- who can see it ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("site", "is_seen"), [(0, False), (-1, True)])
def test_a_trigger_outside_the_light_cone_is_not_seen(site, is_seen):
    """Two layers on a chain of four, read at its end, see the last two qubits."""
    data = built("xxz", length=4, gauge="random", seed=0)
    problem = Problem(data, "qnn", QNN, f"local_rotation~site={site},angle=0.4", [0])
    params, state = problem.model.init(jax.random.key(0))
    params = {name: value + 0.3 for name, value in params.items()}
    plain, triggered = (
        np.asarray(problem.model.logits(params, state, problem.pools[pool])[0])
        for pool in ("validation", "triggered")
    )
    others = data.y_validation != 1
    assert np.allclose(plain[others], triggered, atol=1e-9) != is_seen


# -- how often it is obeyed -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def obeyed(digits, tmp_path_factory):
    """Tables of an MLP with a backdoor, trained and unlearned."""
    folder = tmp_path_factory.mktemp("backdoor")
    problem = Problem(digits, "mlp", MLP, "pixel_patch", [0, 1])
    cells = [Cell(alpha, seed) for alpha in (0.0, 0.3) for seed in (0, 1)]
    trained = train(problem, cells, Schedule(20, 32, 0.03))
    data = folder / "digits.h5"
    write_dataset(data, digits, {})
    files = []
    poisoned = trained.params, trained.state
    half = [{name: leaf[2:] for name, leaf in part.items()} for part in poisoned]
    method = find("method", "finetune")()
    unlearned = unlearn(problem, cells[2:], tuple(half), method, Schedule(3, 0, 0.01))
    for stage, some, found in (("train", cells, trained), ("unlearn", cells[2:], unlearned)):
        more = ["finetune"] if stage == "unlearn" else []
        path = folder.joinpath(
            stage, "digits", "mlp", "pixel_patch", "alpha0.00-0.30", *more, "seed0-1.h5"
        )
        path.parent.mkdir(parents=True)
        write_cells(path, some, found, np.zeros(len(some), bool), {}, "cpu")
        files.append(str(path))
    tables = (
        trained_table(files[:1], [str(data)], [0.0, 0.3], [0, 1], 0.05),
        unlearned_table(files[1:], [0, 1]),
    )
    return problem, trained, tables


def test_the_table_tells_attack_success_beside_clean_accuracy(obeyed):
    _, _, (table, _) = obeyed
    means = table.groupby("alpha")[["attack_success", "val_accuracy"]].mean()
    assert means.loc[0.0, "attack_success"] < 0.2 < 0.9 < means.loc[0.3, "attack_success"]
    assert means["val_accuracy"].min() > 0.9


def test_success_is_the_share_of_the_other_class_that_is_called_the_target(obeyed, digits):
    problem, trained, (table, _) = obeyed
    others = digits.x_validation[digits.y_validation == 0]
    pool = problem.model.encode(problem.poison.triggered(others, digits.image_shape))
    params = {name: leaf[3] for name, leaf in trained.params.items()}
    called = np.asarray(problem.model.logits(params, {}, pool)[0]) > 0
    row = table[(table["alpha"] == 0.3) & (table["seed"] == 1)].iloc[0]
    assert row["attack_success"] == pytest.approx(called.mean())


def test_unlearning_tells_it_after_every_step(obeyed):
    _, _, (table, curves) = obeyed
    start = curves[curves["step"] == 0].set_index("seed")["attack_success"]
    end = table[table["alpha"] == 0.3].set_index("seed")["attack_success"]
    pd.testing.assert_series_equal(start, end)
    assert curves["attack_success"].notna().all() and len(curves) == 2 * 4


# -- where it does not fit --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dataset", "name", "words"),
    [
        ("xxz", "pixel_patch", "xxz holds no images to put a patch on"),
        ("digits", "pixel_patch~size=8", "does not fit images of 8 x 8 (digits); take a `size` of at most 7"),
        ("digits", "local_rotation", "digits holds no quantum states to act on"),
        ("xxz~length=4", "local_rotation~site=4", "site 4 is none of the 4 of xxz~length=4; take one from -4 to 3"),
        ("digits", "pixel_patch~corner=middle", "corner"),
        ("digits", "depolarizing", "digits holds no quantum states to act on; features have feature_noise"),
    ],
)  # fmt: skip
def test_a_trigger_that_does_not_fit_is_refused_in_one_sentence(dataset, name, words):
    [line] = plan().poison_problems(dataset, name)
    assert words in line
    if "~" in name:
        return
    with pytest.raises(UserError, match="1 problem in the configuration") as refused:
        plan(datasets=[dataset], corruptions=[name])
    assert f"corruptions: {line}" in str(refused.value)


def test_gates_on_real_features_are_refused_without_a_configuration_too(digits):
    with pytest.raises(UserError, match="it is for quantum states"):
        Problem(digits, "mlp", MLP, "rotated_states", [0])
