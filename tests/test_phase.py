"""Fig. X "phase": models that see the same of a state's phase stand in the same panel, and their best are compared."""

import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError
from qunlearn.studies.claims.decide import marked
from qunlearn.studies.claims.measures import advantage_over_classical
from qunlearn.studies.phase.claims import best_against_best
from worlds import SETTINGS, step, table

ALPHAS = {"alphas": [0.3, 0.4]}


def asked(**changes):
    """The study with other lists of models."""
    beyond = configuration()["beyond"]
    beyond["phase"] |= changes
    study = plan(beyond=beyond)
    ask(study, ["phase"])
    return study.study("phase"), study


def test_cases_are_of_data_whose_phase_can_be_chosen():
    study, whole = asked()
    cases = study.cases(whole)
    assert {case.dataset for case in cases} == {"xxz"}
    runs = {(case.phase, case.run_dataset) for case in cases}
    assert runs == {("seen", "xxz"), ("hidden", "xxz"), ("fixed", "xxz~gauge=fixed")}
    cells = study.needs(whole)["cells"]
    assert "results/train/xxz/logistic_rho/label_flipping/alpha0.00-0.90/seed0-19.h5" in cells


def test_data_in_a_fixed_gauge_are_turned_where_the_phase_is_to_be_seen():
    config = configuration(datasets=["xxz"])
    config["data"]["xxz"]["gauge"] = "fixed"
    whole = Plan(check(config))
    cases = whole.study("phase").cases(whole)
    runs = {(case.phase, case.run_dataset) for case in cases}
    assert runs == {("seen", "xxz~gauge=random"), ("hidden", "xxz~gauge=random"), ("fixed", "xxz")}


def test_without_such_data_there_is_nothing_to_show_or_to_decide():
    study = plan(datasets=["digits"])
    assert not study.study("phase").applies(study)
    assert "phase" not in study.study("claims").tables_needed(study)
    assert "phase" in plan().study("claims").tables_needed(plan())


@pytest.mark.parametrize(
    ("key", "model", "words"),
    [
        ("seen", "qnn", "beyond.phase.seen: 'qnn' does not see the phase of a state; list it under `hidden`"),
        ("hidden", "mlp", "beyond.phase.hidden: 'mlp' sees the phase of a state; list it under `seen`"),
        ("fixed", "mlq", "beyond.phase.fixed[0]: no architecture 'mlq'; did you mean 'mlp'?"),
    ],
)  # fmt: skip
def test_a_model_in_the_wrong_list_is_refused(key, model, words):
    with pytest.raises(UserError) as refused:
        asked(**{key: [model]})
    assert words in str(refused.value)


def test_the_best_of_either_kind_are_compared():
    levels = {"qnn": 0.8, "qnn_ring": 0.9, "mlp_rho": 0.7, "svm_fidelity": 0.95}
    runs = table(lambda model, alpha: levels[model], list(levels))
    runs["quantum"] = runs["model"].str.startswith("qnn")
    seen = runs.assign(phase="seen", val_accuracy=np.where(runs["quantum"], 1.0, 0.5))
    frame = pd.concat([runs.assign(phase="hidden"), seen])
    for phase, difference in (("hidden", -0.05), ("seen", 0.5)):
        samples, statistic = best_against_best(frame, "qnn", ALPHAS, phase)
        assert samples.shape == (4, 4, 2) and statistic(samples) == pytest.approx(difference)


def test_unique_to_quantum_leaves_out_models_that_see_an_arbitrary_phase():
    """On other data every classical model counts."""
    levels = {"qnn": 0.9, "logistic": 0.95, "logistic_rho": 0.6}
    runs = table(lambda model, alpha: levels[model] * step(alpha), list(levels))
    both = pd.concat([runs, runs.assign(dataset="xxz~length=10")])
    frame = marked(both, SETTINGS)
    found = {}
    for dataset, rows in frame.groupby("dataset"):
        samples, statistic = advantage_over_classical(rows, "qnn", ALPHAS)
        found[dataset] = statistic(samples)
    assert found["digits"] < 0 < 0.2 < found["xxz~length=10"]
