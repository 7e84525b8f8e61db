"""Null models beside claims: what they are, whom they replace, and what the page says of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from project import plan
from qunlearn.config.check import study_problems
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims import nulls
from qunlearn.studies.claims.beside import read_theirs
from qunlearn.studies.claims.claim import Null
from qunlearn.studies.claims.page import compared, mark, markdown
from worlds import ALPHAS, CLAIMS, ORIGIN, SETTINGS, decide, memoriser, step, table, world


@pytest.fixture(scope="module")
def right():
    tables = world(True)
    learner = table(lambda model, alpha: step(alpha), ["logistic_adam"])
    return tables | {"null_resilience": learner}


def row(tables, name, **changes):
    return decide(tables, name, **changes).iloc[0]


def test_a_constant_answer_has_no_plateau(right):
    found = row(right, "qnn_plateau")
    assert "constant answer 0.400" in found["nulls"]
    assert "constant" not in found["also_true_of"]


def test_a_majority_vote_has_plateau_transition_and_no_width(right):
    tables = {name: frame for name, frame in right.items() if name != "null_resilience"}
    for name in ("qnn_plateau", "qnn_transition_at_half", "qnn_transition_is_sharp"):
        assert "majority vote" in row(tables, name)["also_true_of"]
    vote = nulls.vote(right["resilience"].query("model == 'qnn'"))
    assert nulls.asymmetry(vote) == {("digits", "qnn"): 0}
    flipped = vote[vote["corruption"] == "label_flipping"].groupby("alpha")["train_accuracy"]
    np.testing.assert_allclose(flipped.first(), np.maximum(ALPHAS, 1 - ALPHAS))


def test_a_straight_line_has_its_middle_at_a_half_but_is_not_sharp(right):
    assert "straight line" in row(right, "qnn_transition_at_half")["also_true_of"]
    sharp = row(right, "qnn_transition_is_sharp")
    width = float(sharp["nulls"].split("straight line ")[1].split(";")[0])
    assert width == pytest.approx(0.8, abs=0.1) and "line" not in sharp["also_true_of"]


def test_the_trained_null_goes_through_the_same_measure(right):
    found = row(right, "qnn_plateau")
    assert found["null"] == pytest.approx(step(0) - step(0.4), abs=1e-9)
    assert found["null_verdict"] == "undecided" or found["null_verdict"] == "reproduced"
    assert "logistic_adam" in row(right, "qnn_beats_mlp")["also_true_of"]
    degrading = table(lambda model, alpha: memoriser(alpha), ["logistic_adam"])
    other = row(right | {"null_resilience": degrading}, "qnn_beats_mlp")
    assert other["null"] == pytest.approx(0, abs=0.01)
    assert "logistic_adam" not in other["also_true_of"]


def test_the_trained_null_is_that_of_the_dataset(right):
    other = right["null_resilience"].assign(dataset="xxz")
    assert np.isnan(row(right | {"null_resilience": other}, "qnn_plateau")["null"])
    assert np.isnan(row(world(True), "qnn_plateau")["null"])


def test_unlearning_that_does_nothing_is_sooner_nowhere(right):
    """Where the poisoned model is below the target it never arrives; where it is not, nothing is to be repaired."""
    assert row(right, "qnn_sooner_than_retrain")["also_true_of"] == ""
    healthy = right["convergence"].copy()
    is_approximate = (healthy["model"] == "qnn") & ~healthy["method"].str.startswith("retrain")
    healthy.loc[is_approximate, "val_accuracy"] = 0.97
    found = row(right | {"convergence": healthy}, "qnn_sooner_than_retrain")
    assert found["verdict"] == "undecided" and "nothing to repair" in found["remark"]
    assert found["also_true_of"] == ""


def test_nulls_replace_whole_kinds(right):
    """Of QNNs of all depths only the null is left; MLPs stay."""
    found = row(right, "advantage_at_any_size")
    best = right["capacity"].query("alpha == 0.3 and model.str.startswith('mlp')")
    expected = 1 - best.groupby("model")["val_accuracy"].mean().max()
    assert f"majority vote {expected:.3f}" in found["nulls"]


def test_every_null_of_a_claim_is_known():
    known = {*nulls.UNTRAINED, nulls.LEARNER}
    for name, claim in CLAIMS.items():
        assert claim.nulls, name
        assert all(isinstance(null, Null) or null in known for null in claim.nulls), name


def test_a_null_of_a_studys_own_takes_the_place_of_the_rows_that_the_claim_is_about():
    frame = pd.DataFrame(
        {
            "dataset": "xxz",
            "model": ["qnn", "qnn_split", "mlp"],
            "kind": ["qnn", "qnn", "mlp"],
            "quantum": [True, True, False],
            "phase": ["hidden", "seen", "seen"],
            "score": [0.9, 0.8, 0.7],
        }
    )
    half = Null("half", lambda rows: rows.assign(score=0.5))
    claim = replace(CLAIMS["unique_where_phase_seen"], nulls=(half,), model="quantum")
    ((words, is_trained, rows),) = nulls.replacements(claim, frame, None, "quantum")
    assert words == "half" and not is_trained
    assert dict(zip(rows["model"], rows["score"])) == {"qnn": 0.9, "qnn_split": 0.5, "mlp": 0.7}


def test_what_is_true_of_a_null_is_marked_where_it_is_reproduced(right):
    found = row(right, "qnn_plateau")
    assert mark(found).startswith("also true of: majority vote")
    assert mark(found.replace("reproduced", "not reproduced")) == ""
    rows = decide(right, "qnn_plateau", "qnn_beats_mlp", "mlp_memorises", "qnn_dips")
    page = markdown(rows, right, CLAIMS, SETTINGS, ORIGIN)
    marked = sum(bool(mark(line)) for _, line in rows.iterrows())
    assert page.count("; also true of: ") == marked > 0
    assert f"| {marked} " in page.split("\n\n")[1]
    assert "`logistic_adam` (digits)" in page and "digits qnn 0.0" in page


def test_published_runs_are_judged_alike(right):
    published = right["resilience"]
    worse = published.copy()
    fallen = (worse["model"] == "qnn") & (worse["alpha"] == 0.4)
    worse.loc[fallen, "val_accuracy"] -= 0.2
    same = row(right, "qnn_plateau", published={"resilience": published})
    assert same["published_verdict"] == same["verdict"]
    found = row(right, "qnn_plateau", published={"resilience": worse})
    assert found["published_verdict"] == "not reproduced"
    assert compared(found, "published").endswith("not reproduced")
    assert found["published_low"] <= found["published"] <= found["published_high"]


def test_published_curves_and_ratios_are_judged_alike(right):
    theirs = {name: right[name] for name in ("unlearning", "landscape")}
    mlp = theirs["unlearning"].query("model != 'mlp_16_4'")
    rows = decide(
        right, "mlp_needs_repair", "qnn_stays_smooth", published=theirs | {"unlearning": mlp}
    )
    assert (rows["published_verdict"] == rows["verdict"]).all()
    assert set(rows["model"]) == {"mlp", "mlp_16_4", "qnn"}


def test_tables_of_others_need_one_case_in_common(right, tmp_path):
    path = tmp_path / "resilience.csv"
    published = right["resilience"].rename(columns={"seed": "run"})
    accuracies = ["train_accuracy", "val_accuracy"]
    published[accuracies] = published[accuracies].clip(0, 1)
    published.to_csv(path, index=False)
    found = read_theirs([str(path)], right, {})
    assert set(found) == {"resilience"} and "seed" in found["resilience"]
    published.assign(dataset="letters").to_csv(path, index=False)
    with pytest.raises(UserError, match="no point in common"):
        read_theirs([str(path)], right, {})


def test_asymmetry_is_of_pairs_of_alphas():
    curve = table(lambda model, alpha: 0.9 - alpha, ["mlp"])
    assert nulls.asymmetry(curve)["digits", "mlp"] == pytest.approx(0.2)
    alone = curve[curve["alpha"].isin([0.1, 0.2])]
    assert nulls.asymmetry(alone) == {} and nulls.asymmetry(None) == {}


@pytest.mark.parametrize("name", ["logistic", "knn"])
def test_a_null_model_that_cannot_be_unlearned_is_refused_in_words(name):
    claims = {"confidence": 0.95, "resamples": 100, "null_model": name}
    problems = study_problems(plan(claims=claims), "claims")
    assert problems and all(line.startswith("claims.null_model: ") for line in problems)


def test_a_null_model_that_is_none_is_named():
    claims = {"confidence": 0.95, "resamples": 100, "null_model": {"digits": "logistik"}}
    (problem,) = study_problems(plan(claims=claims), "claims")
    assert "no architecture 'logistik'; did you mean 'logistic" in problem


def test_datasets_of_null_models_are_those_of_the_study():
    claims = {"confidence": 0.95, "resamples": 100, "null_model": {"digit": "logistic_adam"}}
    (problem,) = study_problems(plan(claims=claims), "claims")
    assert problem.startswith("claims.null_model.digit: unknown key; did you mean 'digits'?")
    none = plan(claims=claims | {"null_model": {}})
    assert study_problems(none, "claims") == []
    assert not set(type(none.study("claims")).tables) & set(
        none.study("claims").tables_needed(none)
    )


def test_rows_without_a_trained_null_say_none(right):
    empty = pd.Series({"null": np.nan, "nulls": "", "null_verdict": ""})
    assert compared(empty, "null") == "-"


def test_a_claim_on_several_kinds_is_held_against_one_null(right):
    """Of a CNN and a ResNet, which both are memorisers, and a null that stands for both."""
    found = row(right, "deep_models_degrade")
    assert found["verdict"] == "reproduced" and found["null_model"] == "logistic_adam"
    assert found["null"] == pytest.approx(step(0) - step(0.2), abs=1e-9)
