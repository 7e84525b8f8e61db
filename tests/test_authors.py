"""The study as the authors' code ran it: every switch by hand on small cases, and all of them together."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import yaml

from project import ROOT, built, configuration
from qunlearn.config.check import ask, cell_problems, check
from qunlearn.config.plan import Plan
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.train import train
from qunlearn.experiment.unlearn import unlearn
from qunlearn.parts import corruptions
from qunlearn.parts.datasets import normalised_images
from qunlearn.parts.datasets.xxz import Anisotropies
from qunlearn.parts.registry import find
from qunlearn.plots import style
from qunlearn.runtime.errors import UserError
from qunlearn.studies.reproduction.compare import identical_runs
from qunlearn.training.losses import clipped, cross_entropy
from qunlearn.training.minimise import _program
from qunlearn.training.plan import grouped, planned, segments
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import BUFFER, Stream, across_epochs, shuffled_buffer, updates_made
from qunlearn.training.workload import Workload
from test_tiny import on_top

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [5]}
XXZ = {"length": 4, "gauge": "fixed", "seed": 0}
MNIST = {"train_per_class": 3, "validation_per_class": "all", "seed": 0, "mirrors": []}


# -- data ----------------------------------------------------------------------------------------------------------
def test_every_column_of_pixels_has_unit_norm():
    image = np.array([[3.0, 0.0, 1.0], [4.0, 0.0, 0.0]])  # 2 rows, 3 columns
    expected = [[0.6, 0.0, 1.0], [0.8, 0.0, 0.0]]
    train, validation = normalised_images(image.reshape(1, 6), 7 * image.reshape(1, 6), "column", 3)
    np.testing.assert_allclose(train.reshape(2, 3), expected)
    np.testing.assert_allclose(validation, train)
    assert np.sum(train**2) == pytest.approx(2)  # columns that are not blank


def test_mnist_as_the_authors_have_it(mnist_dir, tmp_path):
    given = {"folder": str(tmp_path), "split": "test"}
    options = MNIST | {"selection": "first", "normalisation": "column", "padded": True}
    found = built("mnist", given, **options)
    assert found.x_train.shape == (6, 1024) and not np.any(found.x_train[:, 784:])
    assert found.y_train.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.bincount(found.y_validation).tolist() == [1135 - 3, 1009 - 3]
    image = found.image(found.x_train[0])
    assert image.shape == (28, 28)
    norms = np.linalg.norm(image, axis=0)
    np.testing.assert_allclose(norms[norms > 0], 1)
    other = built("mnist", given, **options | {"seed": 1})
    np.testing.assert_array_equal(other.x_train, found.x_train)  # nothing is drawn
    raw = built("mnist", given, **MNIST | {"selection": "first"})
    assert raw.x_train.shape == (6, 784)
    assert raw.image(raw.x_train[0]).argmax() in np.flatnonzero(image)


def test_padding_is_not_for_convolutions():
    source = find("dataset", "mnist")(**MNIST, padded=True)
    assert source.shape() == (1024,) and source.sample_counts() == (6, 2144)
    cnn = find("model", "cnn")(channels=[2], kernel=3, dense=4)
    [line] = cnn.problems(source, "mnist")
    assert line.startswith("family: mnist has zeros after the pixels")
    assert not cnn.problems(find("dataset", "mnist")(**MNIST), "mnist")


def test_states_of_the_authors_grid():
    found = built("xxz", **XXZ, grid="authors")
    assert len(found.y_train) == 82 and len(found.y_validation) == 84
    assert np.bincount(found.y_train).tolist() == [41, 41]
    assert np.bincount(found.y_validation).tolist() == [42, 42]
    gapless, gapped = np.split(found.coordinate_train, 2)
    assert gapless[-1] == 0.87 and gapped[0] == 1.0
    np.testing.assert_allclose(np.diff(gapless), 0.02)
    assert not set(found.coordinate_train) & set(found.coordinate_validation)
    text = built("xxz", **XXZ)
    assert (len(text.y_train), len(text.y_validation)) == (197, 199)
    assert np.bincount(text.y_train).tolist() == [97, 100]


def test_a_grid_of_ones_own():
    mine = Anisotropies(train=[[0.2, 0.4, 0.1], [1.0, 1.5, 0.5]], validation=[[0.3, 1.3, 1.0]])
    source = find("dataset", "xxz")(**XXZ, grid="mine", grids={"mine": mine})
    assert source.sample_counts() == (5, 2) and not source.problems()
    found = source.build()
    np.testing.assert_allclose(found.coordinate_train, [0.2, 0.3, 0.4, 1.0, 1.5])
    assert found.y_train.tolist() == [0, 0, 0, 1, 1] and found.y_validation.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grid": "mine"}, "data.xxz.grid: no grid 'mine'"),
        (
            {"train_per_class": 98},
            "data.xxz.train_per_class: 98 is too large (at most 97 on the grid",
        ),
        ({"grid": "authors", "train_per_class": 42}, "(at most 41 on the grid 'authors')"),
        (
            {"grids": {"mine": {"train": [[0.5, 0.1, 0.1]], "validation": [[0.1, 0.2, 0.1]]}}},
            "data.xxz.grids.mine.train[0]: [0.5, 0.1, 0.1] is no range",
        ),
        (
            {"grids": {"mine": {"train": [[0.1, 0.5]], "validation": [[0.1, 0.2, 0.1]]}}},
            "[first, last, step] is asked for",
        ),
        (
            {
                "grid": "mine",
                "grids": {"mine": {"train": [[0.1, 0.5, 0.1]], "validation": [[0.1, 0.2, 0.1]]}},
            },
            "data.xxz.grid: 'mine' trains on no state of one of the phases",
        ),
    ],
)
def test_grids_that_cannot_be_are_refused_in_words(options, words):
    config = configuration(datasets=["xxz"])
    config["data"]["xxz"] |= options
    with pytest.raises(UserError) as refused:
        check(config)
    assert words in str(refused.value)


# -- poison --------------------------------------------------------------------------------------------------------
def mask(name, alpha, labels, seed=0):
    return corruptions.forget_mask("xxz", None, labels, name, alpha, seed)


def test_an_even_number_of_flips_half_in_either_class():
    labels = np.repeat([0, 1], 41)
    wanted = {0.1: 8, 0.3: 24, 0.5: 40, 0.6: 48, 0.7: 56, 0.9: 72}  # int(alpha 82), made even
    for alpha, count in wanted.items():
        flipped = mask("label_flipping~even=true", alpha, labels)
        assert np.bincount(labels[flipped], minlength=2).tolist() == [count // 2, count // 2]
    assert mask("label_flipping", 0.6, labels).sum() == 49
    with pytest.raises(UserError, match="none of them"):
        mask("label_flipping~even=true", 0.02, labels)


def test_flips_drawn_anew_for_every_alpha():
    labels = np.repeat([0, 1], 41)
    small, large = (mask("label_flipping~nested=false", alpha, labels) for alpha in (0.2, 0.4))
    assert np.any(small & ~large)
    again = mask("label_flipping~nested=false", 0.2, labels)
    np.testing.assert_array_equal(small, again)
    assert np.any(small != mask("label_flipping~nested=false", 0.2, labels, seed=1))


def test_options_of_corruptions_stand_in_a_section_and_in_names():
    plan = Plan(check(configuration(poisoning={"label_flipping": {"even": True}})))
    assert plan.corruption("label_flipping").even
    assert not plan.corruption("label_flipping~even=false").even
    assert plan.corruption_options("label_flipping~nested=false") == {"even": True, "nested": False}
    assert plan.corruption("feature_randomization").nested
    with pytest.raises(
        UserError, match=r"poisoning\.label_flipping\.evn: unknown key; did you mean"
    ):
        check(configuration(poisoning={"label_flipping": {"evn": True}}))
    with pytest.raises(UserError, match=r"poisoning\.label_fliping: unknown key"):
        check(configuration(poisoning={"label_fliping": {}}))


def test_a_problem_is_poisoned_as_its_options_say(digits):
    usual = Problem(digits, "mlp", MLP, "label_flipping", [0])
    named = Problem(digits, "mlp", MLP, "label_flipping~even=true,nested=false", [0])
    told = Problem(digits, "mlp", MLP, "label_flipping", [0], {"even": True, "nested": False})
    masks = [problem.samples(Cell(0.3, 0)).forget for problem in (usual, named, told)]
    assert np.any(masks[0] != masks[1])
    np.testing.assert_array_equal(masks[1], masks[2])


# -- training ------------------------------------------------------------------------------------------------------
def test_a_buffer_reads_everything_once_per_epoch_and_nothing_before_its_time(rng):
    size, epochs = 500, 4
    left = shuffled_buffer(rng, epochs, size)
    assert len(left) == epochs * size
    assert np.all(np.bincount(left) == epochs)
    # what leaves as number n was read by then: among the first n + BUFFER
    for n in (0, 50, 300):
        assert left[: n + 1].max() < n + BUFFER
    assert np.any(left[:100] != np.arange(100))
    assert np.all(np.sort(shuffled_buffer(rng, 3, 5)) == np.repeat(np.arange(5), 3))


def test_the_updates_of_a_hundred_epochs():
    made = updates_made(100, 500, 256)
    assert made[0] == 0 and made[-1] == 196  # ceil(100 * 500 / 256)
    order = across_epochs(np.tile(np.arange(500), 100), made, 256)
    assert order.shape == (100, 2, 256)
    read = order[order >= 0]
    np.testing.assert_array_equal(read, np.tile(np.arange(500), 100))  # in turn, none left out
    used = (order >= 0).sum(axis=2)
    assert set(used[used > 0].tolist()) == {256, 50_000 - 195 * 256}


def test_batches_larger_than_the_set_leave_epochs_without_an_update():
    made = updates_made(5, 20, 48)
    assert made.tolist() == [0, 1, 1, 2, 2, 3]
    order = across_epochs(np.arange(100), made, 48)
    assert [(epoch >= 0).any() for epoch in order] == [True, False, True, False, True]


def test_a_plan_runs_across_epochs(rng):
    rows = np.tile(np.arange(50), (2, 1))
    stream = Stream(rows, np.zeros((2, 50)))
    schedule = Schedule(20, 32, 0.01, stream="shuffled_buffer")
    workload = Workload(None, (), {}, {"train": stream}, {}, schedule, [rng, rng])
    plan = planned(workload)
    assert plan.updates.sum() == 32 and plan.steps == 2  # ceil(20 * 50 / 32)
    [group] = grouped(2, 2)
    calls = list(segments(plan, group, workload.generators))
    orders = np.concatenate([call.orders["train"] for call in calls[1:]], axis=1)
    assert orders.shape == (2, 20, 2, 32)
    for order, updates in zip(orders[0], plan.updates.ravel()):
        assert (order >= 0).any(axis=1).sum() == updates
    assert np.all(np.bincount(orders[1][orders[1] >= 0]) == 20)


def test_losses_see_clipped_probabilities():
    logits = jnp.array([-40.0, 0.3, 40.0])
    labels = jnp.array([1.0, 1.0, 0.0])
    bounded = clipped(logits, 1e-7)
    found = cross_entropy(bounded, labels)
    np.testing.assert_allclose(found[0], -np.log(1e-7), rtol=1e-6)
    np.testing.assert_allclose(found[1], cross_entropy(logits, labels)[1])
    gradient = jax.grad(lambda z: clipped(z, 1e-7).sum())(logits)
    np.testing.assert_array_equal(gradient, [0.0, 1.0, 0.0])


@pytest.mark.long
def test_clip_and_stream_reach_the_training(digits):
    problem, cells = Problem(digits, "mlp", MLP, "label_flipping", [0]), [Cell(0.3, 0)]

    def weights(**changes):
        return train(problem, cells, Schedule(2, 200, 0.01, **changes)).params["w1"]

    base = weights()
    for change in ({"clip": 0.49}, {"stream": "shuffled_buffer"}):
        assert np.abs(weights(**change) - base).max() > 1e-6, change


def test_epsilon_reaches_the_optimiser():
    workload = Workload(None, ({}, {}), {}, {}, {}, Schedule(1, 0, 0.5, epsilon=3.0), [])
    update = _program(None, workload).optimiser
    gradient = jnp.array([1.0])
    step, _ = update.update(gradient, update.init(gradient), gradient)
    np.testing.assert_allclose(step, [-0.5 / (1 + 3.0)])  # -rate m / (sqrt(v) + epsilon)


# -- unlearning ----------------------------------------------------------------------------------------------------
@pytest.mark.long
def test_all_seeds_restart_from_one_model(digits):
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    first, cells = Cell(0.3, 0), [Cell(0.3, 0), Cell(0.3, 7)]
    trained = train(problem, [first], Schedule(3, 32, 0.01))
    start = {name: np.repeat(values, 2, axis=0) for name, values in trained.params.items()}
    origins = [first, first]

    def curves(name, batch):
        method, schedule = find("method", name)(), Schedule(2, batch, 0.01)
        done = unlearn(problem, cells, (start, {}), method, schedule, origins=origins)
        return done.learning_curves["retain_loss"]

    minibatches, fresh = curves("finetune", 80), curves("retrain", 0)
    assert minibatches[0, 0] == minibatches[1, 0] and minibatches[0, 1] != minibatches[1, 1]
    assert fresh[0, 0] != fresh[1, 0]
    full = curves("finetune", 0)
    np.testing.assert_array_equal(full[0], full[1])  # nothing is left that could differ


def test_the_table_and_the_figure_say_that_runs_share_a_start():
    table = pd.DataFrame({"seed": [0, 1, 0, 1], "val_accuracy": [0.5, 0.5, 0.7, 0.7]})
    table = table.assign(dataset="xxz", model="qnn", method="finetune", step=[0, 0, 1, 1])
    shared = table.assign(start_seed=0)
    assert style.number_of_seeds(table) == "2"
    assert style.number_of_seeds(shared) == "2 restarts of one model"
    assert style.seeds_beside(shared, shared) == ""
    assert identical_runs(shared) == ["xxz qnn finetune: 0, 1"]


def test_what_needs_independent_starts_is_refused():
    config = configuration()
    config["unlearning"]["shared_start"] = True
    plan = Plan(check(config))
    assert plan.start_seed() == 0 and plan.study("unlearning").settings(plan)["start_seed"] == 0
    with pytest.raises(UserError, match=r"unlearning\.shared_start: membership is audited seed by"):
        ask(plan, ["membership"])


# -- all of it -----------------------------------------------------------------------------------------------------
def with_presets(*names):
    config = configuration()
    for name in names:
        config = on_top(config, yaml.safe_load((ROOT / "presets" / name).read_text()))
    return Plan(check(config))


@pytest.fixture(scope="module")
def preset():
    return with_presets("authors.yaml")


def test_the_preset_turns_every_switch_on(preset):
    ask(preset, ["resilience", "unlearning", "landscape", "reproduction"])
    assert not cell_problems(preset, "unlearning", preset.grid.stage_models("unlearning"))
    assert preset.config["mnist_split"] == "test"
    mnist, xxz = preset.source("mnist"), preset.source("xxz")
    assert (mnist.normalisation, mnist.selection, mnist.padded) == ("column", "first", True)
    assert sum(xxz.sample_counts()) == 82 + 84
    for name in ("label_flipping", "feature_randomization"):
        assert preset.corruption(name) == find("corruption", name)(nested=False, even=True)
    assert preset.architecture("mnist", "qnn")["entangler"] == "ring"
    assert preset.architecture("xxz", "qnn_split")["split"] is True
    assert preset.architecture("mnist", "qnn_split")["split"] is False
    for dataset in preset.config["datasets"]:
        for model in ("mlp", "qnn"):
            for schedule in (preset.training_schedule, preset.unlearning_schedule):
                found = schedule(dataset, model)
                assert (found["epsilon"], found["clip"]) == (1e-7, 1e-7)
            assert preset.unlearning_schedule(dataset, model)["whole_forget"] is True
    assert preset.training_schedule("mnist", "qnn")["stream"] == "shuffled_buffer"
    assert preset.method_options("scrub")["divergence"] == "one_sided"
    assert preset.start_seed() == 0
    assert preset.model("mnist", "qnn").circuit_on(10).parameters == 240


def test_defaults_are_the_texts():
    plan = Plan(check(configuration()))
    assert plan.source("xxz").grid == "text" and plan.source("mnist").normalisation == "image"
    assert plan.corruption("label_flipping").nested and not plan.corruption("label_flipping").even
    assert plan.start_seed() is None


def test_the_notebooks_preset_turns_its_switches_on():
    plan = with_presets("authors.yaml", "authors_landscape.yaml")
    ask(plan, ["landscape"])
    assert plan.source("mnist").sample_counts() == (350, 150)
    assert plan.corruption("label_flipping").classes == "any"
    circuit = plan.model("mnist", "qnn").circuit_on(10)
    assert (circuit.depth, circuit.parameters) == (5, 100)
    section = plan.config["landscape"]
    keys = ("samples", "trace", "ratio", "drop_dead")
    assert [section[key] for key in keys] == [100, "complexified", "of_means", True]
    assert plan.grid.stage_models("landscape") == ["mlp", "qnn"]
    assert plan.training_schedule("mnist", "qnn")["epochs"] == 50
