"""Fig. X "attacks": which attacks fit which data, what the claims on them measure, and the figure."""

import numpy as np
import pytest

from project import configuration, plan
from qunlearn.config.check import ask
from qunlearn.plots.looks import Looks
from qunlearn.runtime.errors import UserError
from qunlearn.studies.attacks import claims
from qunlearn.studies.attacks.figure import draw, title
from worlds import ALPHAS, attacked, decide, step, table

LOOKS = Looks({}, {"local_rotation": "local rotation"}, {}, {})
LEVELS = {"qnn": 0.9, "mlp": 0.7, "svm_rbf": 0.85}


def asked(datasets=("digits", "xxz"), **changes):
    beyond = configuration()["beyond"]
    beyond["attacks"] |= changes
    whole = plan(beyond=beyond, datasets=list(datasets))
    ask(whole, ["attacks"])
    return whole.study("attacks"), whole


@pytest.fixture
def world():
    """Rows like 'attacks', in which the second way to choose flips costs every model 0.1 more."""
    runs = table(lambda model, alpha: LEVELS[model] * step(alpha), list(LEVELS), alphas=ALPHAS[:5])
    frame = attacked(runs, True)
    frame.loc[frame["corruption"] == "one_class", "val_accuracy"] -= 0.1
    return frame.assign(quantum=frame["model"] == "qnn", sees_phase=False)


def test_an_attack_is_on_the_data_that_it_fits():
    study, whole = asked()
    assert "pixel_patch" in study.attacks_on(whole, "digits")
    assert "pixel_patch" not in study.attacks_on(whole, "xxz")
    assert "local_rotation~site=0" in study.attacks_on(whole, "xxz")
    files = study.needs(whole)["cells"]
    assert "results/train/digits/qnn/nearest_flipping/alpha0.00-0.40/seed0-19.h5" in files
    assert "results/train/digits/qnn/label_flipping/alpha0.00-0.90/seed0-19.h5" in files
    assert len(files) == len(set(files))
    assert study.settings(whole)["aims"]["local_rotation~site=0"] == "backdoor"


def test_where_no_attack_fits_there_is_nothing_to_show_or_to_decide():
    study, whole = asked(datasets=["digits"], corruptions=["local_rotation"])
    assert not study.applies(whole)
    assert "attacks" not in whole.study("claims").tables_needed(whole)
    assert "attacks" in plan().study("claims").tables_needed(plan())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"corruptions": ["nobody"]}, "beyond.attacks.corruptions[0]: no corruption 'nobody'"),
        ({"corruptions": ["pixel_patch~size=9"]}, "pixel_patch~size=9: a patch of 9 x 9 pixels does not fit"),
        ({"models": {"xxy": ["qnn"]}}, "beyond.attacks.models.xxy: unknown key; did you mean 'xxz'?"),
        ({"models": ["qnm"]}, "beyond.attacks.models[0]: no architecture 'qnm'"),
        ({"max_alpha": 0.05}, "beyond.attacks.max_alpha: alphas have none above 0 up to 0.05"),
    ],
)  # fmt: skip
def test_what_cannot_be_attacked_is_refused(changes, words):
    with pytest.raises(UserError) as refused:
        asked(**changes)
    assert words in str(refused.value)


def test_claims_are_judged_under_the_worst_attack(world):
    criterion = {"alphas": [0.3, 0.4], "least": 0.95}
    samples, fall = claims.worst_fall(world, "qnn", criterion)
    assert samples.shape == (4, 2, 3)
    assert fall(samples) == pytest.approx(0.95 - (0.9 * step(0.4) - 0.1))
    samples, gap = claims.smallest_advantage(world, "qnn", criterion, claims.classical)
    expected = 0.05 * (step(0.3) + step(0.4)) / 2
    assert gap(samples) == pytest.approx(expected)
    samples, gap = claims.smallest_advantage(world, "qnn", criterion, claims.perceptron)
    assert gap(samples) == pytest.approx(4 * expected)


def test_backdoors_are_judged_against_the_classical_model_that_resists_best(world):
    world.loc[world["model"] == "svm_rbf", "attack_success"] = 0.3
    samples, difference = claims.smallest_protection(world, "qnn", {"alphas": [0.1]})
    assert difference(samples) == pytest.approx(0.3)
    rows = decide({"attacks": world.query("aims_at == 'labels'")}, "qnn_resists_backdoors")
    assert rows["verdict"].tolist() == ["undecided"] and rows["remark"].tolist() == ["no backdoor"]


def test_a_vote_over_classes_falls_where_most_labels_of_a_class_are_flipped(world):
    found = claims.vote(world).groupby(["corruption", "alpha"])["val_accuracy"].mean()
    assert found["label_flipping"].tolist() == found["patch"].tolist() == [1.0] * 5
    assert found["one_class"].tolist() == [1.0, 1.0, 1.0, 0.5, 0.5]
    assert claims.constant(world)["attack_success"].eq(0.5).all()


def test_the_figure_has_a_row_for_flips_and_one_for_the_rest(world):
    names = ["label_flipping", "one_class", "patch"]
    figure = draw(attacks=world, corruptions=names, models={"digits": list(LEVELS)}, looks=LOOKS)
    assert len(figure.axes) == 6
    lines = [line for line in figure.axes[3].lines if line.get_linestyle() == "--"]
    of_qnn = world[(world["model"] == "qnn") & (world["corruption"] == "patch")]
    means = of_qnn.groupby("alpha")["attack_success"].mean()
    np.testing.assert_allclose(lines[0].get_ydata(), means)
    flips = world[world["aims_at"] == "labels"]
    figure = draw(attacks=flips, corruptions=names, models={"digits": ["qnn"]}, looks=LOOKS)
    assert len(figure.axes) == 1


def test_a_change_is_named_in_the_legend():
    assert title("local_rotation~site=0", LOOKS) == "local rotation, site 0"
