"""The code that decides claims, on synthetic tables where the answer is known."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from project import ROOT, copy_project, snakemake
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.statistics.bootstrap import interval
from qunlearn.statistics.decision import CONTROLS
from qunlearn.statistics.transition import fit_transition, sigmoid
from qunlearn.statistics.verdicts import firm, verdict
from qunlearn.studies.claims import measures
from qunlearn.studies.claims.claim import Claim, known_claims
from qunlearn.studies.claims.decide import Settings, collapsed
from qunlearn.studies.claims.decide import decide as decide_claims
from qunlearn.studies.claims.page import markdown

PLAN = Plan(check(yaml.safe_load((ROOT / "config.yaml").read_text())))
SETTINGS = Settings(**PLAN.study("claims").settings(PLAN))
CLAIMS = known_claims()
ALPHAS = np.round(np.arange(0, 1, 0.1), 1)
SEEDS = range(4)
STEPS = np.arange(51)


def table(
    accuracy,
    models,
    seeds=SEEDS,
    alphas=ALPHAS,
    corruption="label_flipping",
    noise=0.0,
    train=None,
    rng=None,
):
    """Rows like 'resilience' with validation accuracy accuracy(model, alpha) plus Gaussian
    noise."""
    rng = rng or np.random.default_rng(0)
    rows = []
    for model in models:
        for alpha in alphas:
            for seed in seeds:
                values = [
                    f(model, alpha) + noise * rng.normal() for f in (train or accuracy, accuracy)
                ]
                rows.append(["digits", model, corruption, alpha, seed, *values, False])
    columns = [
        "dataset",
        "model",
        "corruption",
        "alpha",
        "seed",
        "train_accuracy",
        "val_accuracy",
        "collapsed",
    ]
    return pd.DataFrame(rows, columns=columns)


def memoriser(alpha):
    return 1 - alpha


def step(alpha, critical=0.5, scale=0.03):
    return float(sigmoid(alpha, 0.98, 0.02, critical, scale))


def curves(final, start=None, rate=0.2, dip=0.0, noise=0.01):
    """Rows like 'unlearning': method -> exponential approach of `final` from `start`, with a dip
    around step 3."""
    rng, rows = np.random.default_rng(1), []
    for model, ends in final.items():
        for method, end in ends.items():
            begin = 0.5 if method == "retrain" else (start or {}).get(model, 0.7)
            curve = end + (begin - end) * np.exp(
                -rate * (0.3 if method == "retrain" else 1) * STEPS
            )
            if method != "retrain" and isinstance(dip, dict):
                curve = curve - dip[model] * np.exp(-((STEPS - 3.0) ** 2) / 2) * (STEPS > 0)
            for seed in SEEDS:
                noisy = curve + noise * rng.normal()
                rows += [
                    ["digits", model, "label_flipping", 0.3, method, seed, s, v, False]
                    for s, v in zip(STEPS, noisy)
                ]
    columns = [
        "dataset",
        "model",
        "corruption",
        "alpha",
        "method",
        "seed",
        "step",
        "val_accuracy",
        "collapsed",
    ]
    return pd.DataFrame(rows, columns=columns)


def ratios(means, noise=0.1):
    rng = np.random.default_rng(2)
    rows = [
        [
            "digits",
            model,
            "label_flipping",
            a,
            s,
            part,
            lrr * np.exp(noise * rng.normal()) if a else 1.0,
            False,
        ]
        for model, lrr in means.items()
        for a in (0.0, 0.2, 0.4)
        for s in SEEDS
        for part in ("train", "validation")
    ]
    columns = ["dataset", "model", "corruption", "alpha", "seed", "eval_set", "lrr", "collapsed"]
    return pd.DataFrame(rows, columns=columns)


METHODS = ("retrain", "finetune", "scrub")
CAPACITY = ["mlp", "mlp_8_2", "qnn_depth2", "qnn_depth6"]
COMPARED = ["mlp", "qnn", "logistic", "svm_linear", "knn"]


def world(paper_is_right):
    """Tables of a world in which every claim holds by construction, or none does."""
    quantum, classical = (step, memoriser) if paper_is_right else (memoriser, step)

    def accuracy(model, alpha):
        return (quantum if model.startswith("qnn") else classical)(alpha)

    def train(model, alpha):
        fits = model.startswith("qnn") != paper_is_right
        return 1.0 if fits else 1 - alpha

    def randomised(model, alpha):
        good = {True: model == "qnn" or alpha < 0.6, False: model == "mlp" and alpha > 0.8}[
            paper_is_right
        ]
        return 0.97 if alpha == 0 or good else 0.6

    noise = {"noise": 0.003}
    resilience = pd.concat(
        [
            table(accuracy, ["mlp", "qnn"], train=train, **noise),
            table(randomised, ["mlp", "qnn"], corruption="feature_randomization", **noise),
        ]
    )
    low, high = (0.8, 0.97), (0.97, 0.8)  # at the end: (approximate, retrain)
    ends = {"mlp": low, "mlp_16_4": low, "qnn": (0.97, 0.95)}
    if not paper_is_right:
        ends = {"mlp": high, "mlp_16_4": high, "qnn": (0.6, 0.7)}
    final = {
        m: dict(zip(METHODS, (retrain, approximate, approximate)))
        for m, (approximate, retrain) in ends.items()
    }
    start = (
        {"mlp": 0.7, "mlp_16_4": 0.7, "qnn": 0.75}
        if paper_is_right
        else {"mlp": 0.97, "mlp_16_4": 0.97, "qnn": 0.7}
    )
    deep = (
        {"qnn": 0.4, "mlp": 0, "mlp_16_4": 0}
        if paper_is_right
        else {"qnn": 0, "mlp": 0.4, "mlp_16_4": 0.4}
    )
    lrr = (
        {"mlp": 100, "mlp_16_4": 100, "qnn": 0.9}
        if paper_is_right
        else {"mlp": 1, "mlp_16_4": 1, "qnn": 100}
    )
    tables = {
        "resilience": resilience,
        "unlearning": curves(final, start, dip=deep),
        "landscape": ratios(lrr),
        "capacity": table(accuracy, CAPACITY, **noise),
        "models": table(accuracy, COMPARED, **noise),
    }
    return tables


def decide(tables, *names, published=None, **changes):
    """Rows of the claims named, of all without a name; `changes` of the settings."""
    criteria = {name: SETTINGS.criteria[name] for name in names or CLAIMS}
    settings = SETTINGS._replace(criteria=criteria, resamples=2000, **changes)
    return decide_claims(tables, CLAIMS, settings, published)


@pytest.fixture(scope="module")
def right():
    tables = world(True)
    return tables, decide(tables)


def test_every_claim_that_holds_by_construction_is_reproduced(right):
    rows = right[1]
    failed = rows[rows.verdict != "reproduced"]
    assert failed.empty, failed[
        ["claim", "model", "value", "low", "high", "verdict", "remark"]
    ].to_string()
    assert set(rows.claim) == set(CLAIMS) == set(SETTINGS.criteria)


def test_claims_that_fail_by_construction_are_not_reproduced():
    rows = decide(world(False))
    line = rows.claim == "qnn_transition_at_half"  # a line from 1 to 0 has its middle there, too
    wrong = rows[(rows.verdict != "not reproduced") & ~line].set_index(["claim", "model"])
    assert wrong.empty, wrong[["value", "low", "high", "verdict", "remark"]].to_string()


@pytest.mark.parametrize(
    ("low", "high", "bounds", "words"),
    [
        (0.11, 0.2, {"above": 0.1}, "reproduced"),
        (0.09, 0.2, {"above": 0.1}, "undecided"),
        (0.01, 0.09, {"above": 0.1}, "not reproduced"),
        (0.01, 0.1, {"above": 0.1}, "not reproduced"),
        (0.46, 0.54, {"above": 0.45, "below": 0.55}, "reproduced"),
        (0.44, 0.54, {"above": 0.45, "below": 0.55}, "undecided"),
        (0.40, 0.60, {"above": 0.45, "below": 0.55}, "undecided"),
        (0.56, 0.60, {"above": 0.45, "below": 0.55}, "not reproduced"),
        (0.1, 1.0, {"below": 2.0}, "reproduced"),
        (np.nan, np.nan, {"below": 2.0}, "undecided"),
    ],
)
def test_verdicts_follow_from_the_interval_alone(low, high, bounds, words):
    assert verdict(low, high, **bounds) == words


@pytest.mark.parametrize(
    ("low", "high", "bounds", "same"),
    [
        (0.3, 0.4, {"above": 0.1}, True),
        (0.12, 0.4, {"above": 0.1}, False),
        (0.06, 0.09, {"above": 0.1}, False),
        (0.01, 0.07, {"above": 0.1}, True),
        (0.001, 0.02, {"above": 0.0}, True),
        (0.47, 0.51, {"above": 0.45, "below": 0.55}, True),
        (0.46, 0.51, {"above": 0.45, "below": 0.55}, False),
        (0.56, 0.59, {"above": 0.45, "below": 0.55}, False),
        (0.57, 0.80, {"above": 0.45, "below": 0.55}, True),
    ],
)
def test_a_verdict_is_firm_if_thresholds_nearby_give_the_same(low, high, bounds, same):
    assert firm(low, high, bounds) is same


def test_noise_around_the_threshold_is_undecided():
    tables = {"resilience": table(lambda m, a: 0.9 - 0.5 * a, ["mlp", "qnn"], noise=0.05)}
    samples, statistic = measures.fall(tables["resilience"], "mlp", {"alphas": [0.2]})
    low, high = interval(samples, statistic, 0.95, 2000)
    assert low < 0.1 < high and verdict(low, high, above=0.1) == "undecided"


@pytest.mark.parametrize(("seeds", "least", "most"), [(5, 0.87, 0.95), (20, 0.91, 0.98)])
def test_the_interval_covers_the_truth_as_often_as_it_says(seeds, least, most, rng):
    """For Gaussian runs 91 of 100 times with five seeds, where the plain percentile interval would
    in 83."""
    hits = 0
    for _ in range(300):
        low, high = interval(rng.normal(size=seeds), np.mean, 0.95, 400)
        hits += low <= 0 <= high
    assert least <= hits / 300 <= most


def test_the_interval_narrows_with_the_number_of_seeds(rng):
    def width(n):
        low, high = interval(rng.normal(size=n), np.mean, 0.95, 2000)
        return high - low

    assert np.median([width(40) for _ in range(10)]) < 0.5 * np.median(
        [width(5) for _ in range(10)]
    )


def test_one_seed_decides_nothing_and_agreeing_seeds_have_no_width():
    assert all(map(math.isnan, interval(np.array([0.3]), np.mean, 0.95, 100)))
    assert interval(np.full(5, 0.25), np.mean, 0.95, 100) == (0.25, 0.25)


def test_seeds_are_paired_whatever_the_order_of_rows():
    """Runs that differ much between seeds but by a constant between models: the paired difference
    has no spread."""
    frame = table(lambda m, a: {"qnn": 0.9, "mlp": 0.7}[m], ["mlp", "qnn"])
    frame["val_accuracy"] += 0.1 * (frame["seed"] - 2)
    shuffled = frame.sample(frac=1, random_state=3)
    low, high = interval(
        *measures.advantage(shuffled, "qnn", {"alphas": [0.3]}, over="mlp"), 0.95, 2000
    )
    assert low == pytest.approx(0.2) and high == pytest.approx(0.2)
    unpaired = frame.copy()
    rows = unpaired.model == "mlp"
    unpaired.loc[rows, "seed"] = 3 - unpaired.loc[rows, "seed"]
    low, high = interval(
        *measures.advantage(unpaired, "qnn", {"alphas": [0.3]}, over="mlp"), 0.95, 2000
    )
    assert high - low > 0.3


@pytest.mark.parametrize(("critical", "scale"), [(0.5, 0.08), (0.35, 0.05), (0.6, 0.15)])
def test_the_fit_recovers_a_known_transition_within_its_interval(critical, scale, rng):
    exact = sigmoid(ALPHAS, 0.97, 0.04, critical, scale)
    found, width = fit_transition(ALPHAS, exact)
    assert found == pytest.approx(critical, abs=1e-3) and width == pytest.approx(
        2 * np.log(9) * scale, rel=1e-2
    )
    frame = table(lambda m, a: step(a, critical, scale), ["qnn"], noise=0.02, rng=rng)
    for measure, truth in (
        (measures.critical_alpha, critical),
        (measures.transition_width, 2 * np.log(9) * scale),
    ):
        low, high = interval(*measure(frame, "qnn", {}), 0.95, 1000)
        assert low < truth < high and high - low < 0.25 * truth + 0.05


def test_ten_to_ninety_per_cent_width_is_what_it_says():
    scale = 0.07
    width = 2 * np.log(9) * scale
    edges = sigmoid(np.array([0.5 - width / 2, 0.5 + width / 2]), 1, 0, 0.5, scale)
    np.testing.assert_allclose(edges, [0.9, 0.1])


def test_a_line_is_wide_and_a_jump_is_narrow():
    assert fit_transition(ALPHAS, 1 - ALPHAS)[1] > 0.6
    critical, width = fit_transition(
        ALPHAS, np.where(ALPHAS < 0.5, 0.97, np.where(ALPHAS > 0.5, 0.03, 0.5))
    )
    assert critical == pytest.approx(0.5, abs=0.01) and width < 0.15


def test_what_the_tables_lack_is_named_and_undecided(right):
    tables = dict(right[0])
    part = tables["resilience"]
    tables["resilience"] = part[part.alpha.isin([0.0, 0.3])]
    tables["unlearning"] = tables["unlearning"].query("method != 'retrain'")
    names = ("mlp_degrades_at_once", "qnn_transition_at_half", "qnn_needs_repair", "mlp_memorises")
    rows = decide(tables, *names).set_index("claim")
    assert rows.loc["mlp_degrades_at_once", "remark"] == "no row with seed 0, alpha 0.2"
    assert "five alphas" in rows.loc["qnn_transition_at_half", "remark"]
    assert "retrain" in rows.loc["qnn_needs_repair", "remark"]
    assert rows.loc["mlp_memorises", "verdict"] == "reproduced"
    assert set(rows[rows.remark != ""].verdict) == {"undecided"}


def test_collapsed_runs_are_included_and_counted(right):
    tables = dict(right[0])
    broken = tables["resilience"].copy()
    hit = (broken.model == "qnn") & (broken.seed == 3)
    broken.loc[hit, ["val_accuracy", "collapsed"]] = [0.5, True]
    tables["resilience"] = broken
    row = decide(tables, "qnn_beats_mlp").iloc[0]
    before = right[1].set_index(["claim", "model"]).loc[("qnn_beats_mlp", "qnn")]
    assert row["value"] == pytest.approx(before["value"] - (step(0.3) - 0.5) / 4, abs=0.01)
    assert row["seeds"] == 4 and row["verdict"] == "undecided"
    assert collapsed(tables)["resilience"] == (hit.sum(), len(broken))
    # all steps of one unlearning run are one run
    assert collapsed(tables)["unlearning"] == (0, 3 * 3 * 4)


def test_a_ratio_that_is_not_positive_leaves_the_claim_undecided(right):
    tables = dict(right[0])
    tables["landscape"] = tables["landscape"].copy()
    tables["landscape"].loc[tables["landscape"].model == "qnn", "lrr"] *= -1
    row = decide(tables, "qnn_stays_smooth").iloc[0]
    assert row["verdict"] == "undecided" and "resamples" in row["remark"]


def test_published_runs_go_through_the_same_measure(right):
    published = right[0]["resilience"].rename(columns={"seed": "run"})
    names = (
        "mlp_degrades_at_once",
        "qnn_transition_at_half",
        "qnn_beats_mlp_on_scarce_data",
        "qnn_dips",
    )
    rows = decide(right[0], *names, published=published).set_index("claim")
    assert np.isnan(rows.published["qnn_dips"])
    rows = rows.drop("qnn_dips")
    pd.testing.assert_series_equal(rows.published, rows.value, check_names=False)
    other = decide(right[0], *names, published=published.assign(dataset="mnist"))
    assert other.published.isna().all()


def test_linear_models_are_told_from_others():
    kinds = SETTINGS.kinds
    linear = {"logistic", "logistic_strong", "logistic_free", "logistic_adam", "svm_linear"}
    assert {name for name, kind in kinds.items() if kind == "linear"} == linear
    assert kinds["svm_rbf"] == "svm" and kinds["mlp_8_2"] == "mlp" and kinds["qnn_ring"] == "qnn"
    assert {"qnn", "qnn_ring", "qnn_depth2"} <= set(SETTINGS.quantum)
    assert not {"mlp", "cnn", *linear} & set(SETTINGS.quantum)


def test_claims_are_about_every_dataset_but_those_that_cannot_tell(right):
    """A user's own data count as any; large ones have no scarce data, and no line parts random
    phases."""
    here = right[0]["resilience"]
    frames = [here.assign(dataset=name) for name in ("digits", "mine", "mnist", "xxz")]
    models = [right[0]["models"].assign(dataset=name) for name in ("mine", "xxz")]
    tables = right[0] | {"resilience": pd.concat(frames), "models": pd.concat(models)}
    names = ("qnn_plateau", "qnn_beats_mlp_on_scarce_data", "linear_models_degrade")
    found = decide(tables, *names).groupby("claim")["dataset"].agg(list)
    assert found["qnn_plateau"] == ["digits", "mine", "mnist", "xxz"]
    assert found["qnn_beats_mlp_on_scarce_data"] == ["digits", "mine", "xxz"]
    assert found["linear_models_degrade"] == ["mine"]


def test_the_best_method_is_one_of_the_papers_and_the_page_says_so(right):
    curves = right[0]["unlearning"]
    best = curves[curves["method"] == "finetune"].assign(method="oracle", val_accuracy=1.0)
    tables = right[0] | {"unlearning": pd.concat([curves, best])}
    names = ("mlp_stays_below_retrain", "mlp_needs_repair")
    pd.testing.assert_frame_equal(decide(tables, *names), decide(right[0], *names))
    assert SETTINGS.left_out == [] and set(SETTINGS.approximate) == {
        "finetune",
        "scrub",
        "gradient_ascent",
    }
    page = markdown(right[1], right[0], CLAIMS, SETTINGS._replace(left_out=["oracle"]))
    assert page.rstrip().endswith("left out, for they are others: oracle.")
    assert "left out" not in markdown(right[1], right[0], CLAIMS, SETTINGS)


@pytest.mark.parametrize(
    ("name", "criterion", "words"),
    [
        ("qnn_plateau", {"alphas": [0.1]}, "qnn_plateau.below: the key 'below' is missing"),
        (
            "qnn_dips",
            {"above": 0.1, "alphas": [0.1]},
            "qnn_dips.alphas: unknown key (allowed: above)",
        ),
        ("qnn_dipps", {"above": 0.1}, "qnn_dipps: unknown key; did you mean 'qnn_dips'?"),
        (
            "qnn_transition_at_half",
            {"above": 0.6, "below": 0.55},
            "qnn_transition_at_half.above: 0.6 is not below `below` (0.55); exchange them",
        ),
    ],
)
def test_a_mistaken_criterion_is_named(name, criterion, words):
    study = PLAN.study("claims")
    criteria = study.given() | {name: criterion}
    (problem,) = type(study)(**study.model_dump() | {"criteria": criteria}).problems(PLAN)
    assert problem.startswith(f"criteria.{words}")


def test_claims_of_the_paper_must_have_a_criterion():
    study = PLAN.study("claims")
    assert study.problems(PLAN) == []
    criteria = {name: found for name, found in study.given().items() if name != "qnn_dips"}
    (problem,) = type(study)(**study.model_dump() | {"criteria": criteria}).problems(PLAN)
    assert problem.startswith("criteria.qnn_dips: the key 'qnn_dips' is missing")


def test_a_claim_of_a_users_own_is_decided_like_the_others(right):
    mine = Claim(
        sentence="The MLP is never good.",
        section="Mine",
        table="resilience",
        model="mlp",
        measure=lambda frame, model, criterion: (frame[["val_accuracy"]].to_numpy(), np.mean),
        quantity="mean accuracy",
        keys=("below",),
    )
    settings = SETTINGS._replace(criteria={"mine": {"below": 0.99}}, resamples=100)
    row = decide_claims(right[0], {"mine": mine}, settings).iloc[0]
    assert (row["section"], row["verdict"], row["below"]) == ("Mine", "reproduced", 0.99)


def test_one_classical_model_that_resists_refutes_uniqueness(right):
    tables = dict(right[0])
    frame = tables["models"].copy()
    knn = frame.model == "knn"
    frame.loc[knn, "val_accuracy"] = frame.loc[frame.model == "qnn", "val_accuracy"].to_numpy()
    row = decide(tables | {"models": frame}, "unique_to_quantum").iloc[0]
    assert row["verdict"] == "not reproduced" and row["value"] == pytest.approx(0)


def test_the_page_holds_every_verdict_and_reads_as_a_table(right):
    tables, rows = right
    page = markdown(rows, tables, CLAIMS, SETTINGS)
    assert page.count("| reproduced") == len(rows) + 1  # the table of counts names it too
    assert CONTROLS not in page
    for sentence in rows.sentence.unique():
        assert page.count(sentence) == 1
    for section in rows.section.unique():
        assert f"## {section}" in page
    blocks = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert blocks and all(len({len(line) for line in block}) == 1 for block in blocks)
    assert "resilience 0 of 160" in page and "measured: none" in page


def test_every_quantity_names_only_what_its_criterion_has(right):
    assert not right[1].quantity.str.contains("{", regex=False).any()
    assert "0.1, 0.2, 0.3, 0.4" in right[1].set_index("claim").loc["qnn_plateau", "quantity"]


@pytest.mark.long
@pytest.mark.workflow
def test_the_rule_writes_page_and_table_and_says_what_a_reduced_study_cannot_decide(
    right, tmp_path
):
    folder = copy_project(tmp_path)
    (folder / "tiny.yaml").write_text("controls: {runs: []}")
    tables = dict(right[0])
    tables["unlearning"] = tables["unlearning"].query("method != 'retrain'")
    (folder / "results/tables").mkdir(parents=True)
    for name, frame in tables.items():
        frame.to_csv(folder / f"results/tables/{name}.csv", index=False)
    text = snakemake(folder, "results/claims.md", "--allowed-rules", "decide_claims")
    assert re.search(r"claims \| 100 % \| \d+ reproduced, \d+ undecided", text)
    rows = pd.read_csv(folder / "results/claims.csv").set_index("claim")
    page = (folder / "results/claims.md").read_text()
    assert all(sentence in page for sentence in rows.sentence)
    told = rows.remark.notna()
    assert told["qnn_sooner_than_retrain"] and "retrain" in rows.remark["qnn_sooner_than_retrain"]
    assert set(rows.verdict[told]) == {"undecided"} and set(rows.verdict[~told]) == {"reproduced"}
    assert rows.published.isna().all()
