"""Fig. X "scale": models that differ in the largest logit, at seeds beside the study's."""

import pytest

from project import configuration, plan
from qunlearn.config.check import ask
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims.decide import marked
from qunlearn.studies.scale.claims import CLAIMS
from qunlearn.studies.scale.table import quantities
from worlds import SETTINGS, table


def asked(**changes):
    """The study with other options."""
    beyond = configuration()["beyond"]
    beyond["scale"] |= changes
    whole = plan(beyond=beyond, seeds=[0, 1, 4], seeds_per_job=3)
    ask(whole, ["scale"])
    return whole.study("scale"), whole


def test_models_are_varied_by_what_bounds_their_logit():
    study, whole = asked(models=["qnn", "mlp_rho"], scales=[10, 2.5], seeds=6)
    assert list(study.varied(whole, study.models_of("xxz"))) == [
        "qnn~readout_scale=2.5", "qnn~readout_scale=10", "mlp_rho~logit_bound=2.5", "mlp_rho~logit_bound=10",
    ]  # fmt: skip
    for name, of in study.varied(whole, study.models_of("xxz")).items():
        model = whole.model("xxz", name)
        assert getattr(model, type(model).bound_option) == of["scale"]
        assert model.last_qubits == 4 if of["model"] == "mlp_rho" else True


def test_models_may_differ_by_dataset():
    study, whole = asked(models={"xxz": ["qnn"]}, scales=[2], seeds=6)
    assert study.datasets(whole) == ["xxz"] and study.all_models(whole) == ["qnn"]
    needs = study.needs(whole)
    assert needs["data"] == ["results/data/xxz.h5"]
    assert all("/xxz/qnn~readout_scale=2/" in path for path in needs["cells"])


def test_seeds_beside_the_studys_are_trained_in_blocks_of_their_own():
    study, whole = asked(models=["qnn"], scales=[2], seeds=6)
    cells = [path for path in study.needs(whole)["cells"] if "/xxz/" in path]
    folder = "results/train/xxz/qnn~readout_scale=2/label_flipping/alpha0.00-0.40"
    assert cells == [f"{folder}/seed0-4.h5", f"{folder}/seed2-5.h5"]
    found = [whole.grid.parse_seeds(path) for path in ("0-4", "2-5")]
    assert found == [(0, 1, 4), (2, 3, 5)]


def test_more_seeds_than_a_variant_has_elsewhere_are_trained_in_one_block():
    whole = plan(seeds=[0, 1, 2, 3], seeds_per_job=20, fewer_seeds={"changed": 2})
    case = "xxz", "qnn~readout_scale=2", "label_flipping", (0.0,)
    assert [path.split("/")[-1] for path in whole.grid.trained(*case, range(6))] == [
        "seed0-3.h5",
        "seed4-5.h5",
    ]
    assert [path.split("/")[-1] for path in whole.grid.trained(*case, range(2))] == ["seed0-1.h5"]


def test_a_range_of_seeds_that_no_study_has_is_still_refused():
    with pytest.raises(UserError, match="no block '2-5'"):
        asked(models=["qnn"], scales=[2], seeds=2)[1].grid.parse_seeds("2-5")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": ["qnn", "knn"]}, "beyond.scale.models: the logit of 'knn' has no bound to set; leave it out"),
        ({"models": {"xzx": ["qnn"]}}, "beyond.scale.models.xzx: unknown key; did you mean 'xxz'?"),
        ({"plateau": 0.05}, "beyond.scale.plateau: alphas must hold 0 and another one up to 0.05; add them"),
        ({"scales": [0]}, "beyond.scale.scales[0]: 0.0 is too small"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_is_refused(changes, words):
    with pytest.raises(UserError) as refused:
        asked(**changes)
    assert words in str(refused.value)


def test_a_fall_is_to_the_worst_alpha_of_the_mean_curve():
    levels = {0.0: 1.0, 0.1: 0.8, 0.2: 0.9}
    part = table(lambda model, alpha: levels[alpha], ["qnn"], alphas=list(levels))
    found = {name: statistic(samples) for name, (samples, statistic) in quantities(part).items()}
    assert found == pytest.approx({"fall": 0.2, "clean_accuracy": 1.0, "train_accuracy": 0.9})


def test_claims_take_the_worst_qnn_and_the_best_classical_model():
    steepness = {
        "qnn~readout_scale=1": 0.1,
        "qnn~readout_scale=9": 0.5,
        "mlp~logit_bound=1": 0.3,
        "mlp~logit_bound=9": 0.7,
    }
    frame = table(lambda model, alpha: 1 - steepness[model] * alpha, list(steepness))
    frame = marked(frame, SETTINGS)
    criterion = {"alphas": [0.2, 0.4], "least": 0.9}
    for name, slope in (("qnn_plateau_at_any_scale", 0.5), ("no_plateau_by_scale_alone", 0.3)):
        samples, statistic = CLAIMS[name].measure(frame, "", criterion)
        assert statistic(samples) == pytest.approx(0.4 * slope)
