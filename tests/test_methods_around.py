"""Unlearning methods around the loop: which parameters move, what labels and teachers are read, what is refused."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from project import plan
from qunlearn.experiment.around import Around
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.experiment.unlearn import streams, unlearn
from qunlearn.parts import registry
from qunlearn.parts.methods import UnlearningMethod
from qunlearn.parts.part import option
from qunlearn.parts.registry import find, known
from qunlearn.runtime.errors import UserError
from qunlearn.training.schedule import Schedule
from qunlearn.training.streams import Batch
from test_extending import recipes
from unlearned import MLP, flat, sample_set

pytestmark = pytest.mark.usefixtures("compiled_quickly")

STEPS = Schedule(5, 0, 0.02)


def method(name, **options):
    return find("method", name)(**options)


# -- parts of the parameters -------------------------------------------------------------------------
@pytest.fixture(scope="module")
def network(digits):
    jax.config.update("jax_enable_x64", True)
    problem = Problem(digits, "mlp", {"family": "mlp", "hidden": [6, 4]}, "label_flipping", [0, 1])
    return problem, problem.initial([0, 1])


CELLS = [Cell(0.3, 0), Cell(0.3, 1)]


def test_only_the_last_layers_move(network):
    problem, start = network
    done = unlearn(problem, CELLS, start, method("finetune_last", layers=2), STEPS).params
    moved = {name: bool(np.any(done[name] != start[0][name])) for name in done}
    assert moved == {name: name[1] in "23" for name in ("w1", "w2", "w3", "b1", "b2", "b3")}
    untrained, _ = problem.initial([0, 1], "retrain")
    fixed = Schedule(1, 0, 1e-12)
    done = unlearn(problem, CELLS, start, method("retrain_last"), fixed).params
    np.testing.assert_allclose(done["w3"], untrained["w3"], atol=1e-9)
    np.testing.assert_array_equal(done["w2"], start[0]["w2"])


def test_an_untrained_layer_is_that_of_retraining_in_single_precision_too(digits):
    """What stands around the loop is computed in double precision, in which other numbers would be drawn."""
    jax.config.update("jax_enable_x64", False)
    problem = Problem(digits, "mlp", MLP, "label_flipping", [0])
    start, untrained = problem.initial([0]), problem.initial([0], "retrain")[0]
    around = Around(problem, CELLS[:1], CELLS[:1], start, method("retrain_last"), {})
    begun = around.apply("before", start[0])
    last = max(begun)
    np.testing.assert_array_equal(begun[last], untrained[last])


def test_the_layers_of_a_circuit_are_those_of_its_gates(digits):
    block = {
        "family": "qnn", "depth": 3, "entangler": "chain", "rotations": "xyx", "readout_scale": 5.0, "measure": "last",
    }  # fmt: skip
    problem = Problem(digits, "qnn", block, "label_flipping", [0])
    start = problem.initial([0])
    done = unlearn(problem, CELLS[:1], start, method("finetune_last"), Schedule(2, 0, 0.1))
    moved = np.flatnonzero(done.params["theta"][0] != start[0]["theta"][0])
    last = [g.parameter for g in problem.model.circuit.layer(2) if g.parameter is not None]
    assert len(moved) and set(moved) <= set(last)


def test_saliency_is_by_the_gradient_of_the_forget_set(network):
    problem, start = network
    part = method("salun", share=0.25)
    around = Around(problem, CELLS, CELLS, start, part, {})
    mask = flat(jax.tree.map(lambda leaf: leaf[1], around.apply("mask", start[0])))
    first = jax.tree.map(lambda leaf: jnp.asarray(leaf[1], float), start[0])
    sizes = np.abs(flat(sample_set(problem, "forget", CELLS[1]).gradient(first)))
    assert mask.mean() == pytest.approx(0.25, abs=0.01)
    assert sizes[mask == 1].min() >= sizes[mask == 0].max()
    done = unlearn(problem, CELLS, start, part, STEPS).params
    moved = flat(jax.tree.map(lambda leaf: leaf[1], done)) != flat(first)
    assert moved.any() and not moved[mask == 0].any()
    assert around.count("mask", start[0]) == problem.samples(CELLS[0]).forget.sum()


@pytest.mark.parametrize(
    "name, function",
    [("ssd", "before"), ("newton", "before"), ("fisher_forgetting", "before"), ("salun", "mask")],
)
def test_sets_of_any_size_share_a_program(network, monkeypatch, name, function):
    problem, start = network
    plain, traced = Around._of_one, []

    def noted(self, *arguments):
        traced.append(arguments)
        return plain(self, *arguments)

    monkeypatch.setattr(Around, "_of_one", noted)
    cells = [Cell(0.1, 0), Cell(0.4, 1)]
    assert len({problem.samples(cell).forget.sum() for cell in cells}) == 2
    Around(problem, cells, cells, start, method(name), {}).apply(function, start[0])
    assert len(traced) == 1


# -- labels and teachers -----------------------------------------------------------------------------
def test_random_labels_are_drawn_once_and_the_other_label_is_the_true_one(network):
    problem, start = network
    samples = problem.samples(CELLS[0])
    drawn, again, others, plain = (
        streams(problem, CELLS, start, part)["forget"].labels
        for part in (
            method("random_labels"),
            method("salun"),
            method("random_labels", labels="other"),
            method("gradient_ascent", beta=0.2),
        )
    )
    np.testing.assert_array_equal(drawn, again)
    assert 0.2 < np.mean(drawn != plain) < 0.8 and set(np.unique(drawn)) == {0, 1}
    np.testing.assert_array_equal(others[0], samples.clean_labels[samples.forget])


def test_the_bad_teacher_is_untrained_and_the_good_one_poisoned(network):
    problem, start = network
    found = streams(problem, CELLS, start, method("bad_teacher"))["forget"]
    new, _ = problem.initial([0, 1], "retrain")
    for teacher, params in ((found.teacher, start[0]), (found.untrained, new)):
        one = jax.tree.map(lambda leaf: leaf[1], params)
        expected, _ = problem.model.logits(one, {}, jnp.asarray(problem.pools["train"]))
        np.testing.assert_allclose(teacher[1], np.asarray(expected)[found.rows[1]], atol=1e-6)
    with pytest.raises(
        UserError, match="untrained model's outputs: set `untrained_teacher = True`"
    ):
        Batch(*[jnp.ones(2)] * 4).divergence(teacher="untrained")


# -- what a user may write, and what is refused -----------------------------------------------------
class Backwards(UnlearningMethod):
    """Gives something else than parameters."""

    def before(self, params):
        return {"w1": params["w1"]}


class Scaled(UnlearningMethod):
    """A factor that differs from replica to replica."""

    factor: float = option(1.0, says="what parameters are multiplied by")

    def before(self, params):
        return jax.tree.map(lambda leaf: self.factor * leaf, params)


def test_a_transformation_has_weights_of_the_replicas_and_curves_of_two_points(network):
    problem, start = network
    weights = {"factor": np.array([0.0, 2.0])}
    done = unlearn(problem, CELLS, start, Scaled(), STEPS, weights=weights)
    np.testing.assert_allclose(done.params["w1"][0], 0)
    np.testing.assert_allclose(done.params["w1"][1], 2 * start[0]["w1"][1], rtol=1e-12)
    curves = done.learning_curves
    assert curves["validation_loss"].shape == (2, 2)
    assert curves["validation_loss"][0, 1] == pytest.approx(np.log(2))
    with pytest.raises(UserError, match=r"Backwards.before returns .* arrays like the parameters"):
        unlearn(problem, CELLS, start, Backwards(), STEPS)


def test_definitions_that_cannot_be_are_named():
    class Curious(UnlearningMethod):
        """Asks for what there is not."""

        def mask(self, validation):
            return validation

        def loss(self, retain):
            return retain.cross_entropy()

    class Mistaken(Scaled):
        """Scans what is no option."""

        scan: ClassVar = {"gamma": (1.0,)}

    class Empty(UnlearningMethod):
        """Does nothing."""

    with pytest.raises(UserError, match="mask of Curious asks for 'validation'; it can ask for"):
        Curious.check_definition()
    with pytest.raises(UserError, match="Mistaken scans 'gamma'"):
        Mistaken.check_definition()
    with pytest.raises(UserError, match="Empty must define `loss` or `before`"):
        Empty.check_definition()


def test_every_method_of_the_project_is_sound_and_says_where_it_is_from():
    for name, part in known("method").items():
        part.check_definition()
        published = part.of_paper or part.for_controls or name == "scrub_alternating"
        assert published or part.source, name
        assert set(part.scan) <= set(part.weights())
    beside = [name for name, part in known("method").items() if part.source]
    assert len(beside) >= 12


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        ("knn", "newton", "nearest_neighbours is fitted in one call.*'newton'"),
        ("knn", "ssd", "nearest_neighbours is fitted in one call.*'ssd'"),
        ("cnn", "retrain_last", "cnn does not say which layer a parameter is of"),
        ("mlp", "finetune_last~layers=9", "last 9 layers, and mlp has 3"),
    ],
)
def test_what_a_model_cannot_follow_is_said_before_any_work(model, name, words):
    study = plan()
    with pytest.raises(UserError, match=words):
        study.require_method("digits", model, name)
    study.require_method("digits", "qnn", "finetune_last~layers=6")
    config = plan(models=[model], methods=["retrain", name.partition("~")[0]])
    refused = config.study("unlearning").pipeline_problems(config)
    assert bool(refused) == ("~" not in name)


def test_the_recipe_halves_what_the_forget_set_pulls_at_and_finetunes_the_last_layer(
    network, tmp_path
):
    problem, start = network
    file = tmp_path / "shrink.py"
    file.write_text(recipes()["more_parts/shrink.py"])
    try:
        registry.load([str(file)])
        shrink = find("method", "shrink")(share=0.25)
    finally:
        registry.use(registry.NO_PARTS)
    done = unlearn(problem, CELLS, start, shrink, STEPS).params
    ratio = flat(
        {
            name: done[name] / np.where(start[0][name], start[0][name], np.nan)
            for name in ("w1", "w2")
        }
    )
    assert set(np.unique(ratio[np.isfinite(ratio)])) == {0.5, 1.0}
    assert np.any(done["w3"] != start[0]["w3"])
