"""Synthetic tables of a world in which every claim of the paper holds, or none does."""

import numpy as np
import pandas as pd
import yaml

from project import ROOT
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.statistics.transition import sigmoid
from qunlearn.studies.claims.claim import known_claims
from qunlearn.studies.claims.criteria import Origin
from qunlearn.studies.claims.decide import Settings
from qunlearn.studies.claims.decide import decide as decide_claims

PLAN = Plan(check(yaml.safe_load((ROOT / "config.yaml").read_text())))
SETTINGS = Settings(**PLAN.study("claims").deciding(PLAN))
ORIGIN = Origin(**PLAN.study("claims").origin())
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


def curves(final, start=None, rate=0.2, dip=0.0, noise=0.01, wobble=0.0):
    """Rows like 'unlearning': method -> exponential approach of `final` from `start`, with a dip
    around step 3; retraining goes up and down by `wobble`, all others by 0.002. Accuracy on the forget set is
    validation accuracy."""
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
                noisy = noisy + (wobble if method == "retrain" else 0.002) * (-1.0) ** STEPS
                rows += [
                    ["digits", model, "label_flipping", 0.3, method, seed, s, v, v, False]
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
        "forget_accuracy",
        "collapsed",
    ]
    return pd.DataFrame(rows, columns=columns)


def ratios(means, noise=0.1, residual=0.0):
    """Rows like 'landscape', with the residual term in units of the Gauss-Newton term."""
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
    return pd.DataFrame(rows, columns=columns).assign(gauss_newton=2.0, residual=2.0 * residual)


def trainings(paper_is_right, noise=0.02):
    """Rows like 'roughening': three networks of either kind whose fall follows the ratio, or goes
    against it; and three models along the training, whose ratio settles, or grows."""
    rng = np.random.default_rng(3)
    rows = []
    sizes = {"mlp": 20.0, "mlp_16_4": 40.0, "mlp_8_2": 80.0}
    sizes |= {"qnn": 0.5, "qnn_depth2": 0.7, "qnn_depth3": 0.9}
    for place, (model, ratio) in enumerate(sizes.items()):
        fall = 0.05 * (place % 3) + 0.3 * model.startswith("mlp")
        fall = fall if paper_is_right else -fall
        rows.append([model, model, np.nan, ratio, np.nan, np.nan, fall])
    ends = {"mlp": 1000, "qnn": 0.9, "logistic_adam": 0.9}
    for model, ratio in ends.items():
        for epochs in (10, 100):
            grown = ratio if paper_is_right else 1e4 * (epochs / 100)
            same_loss = ratio if paper_is_right else 1.0
            name = f"{model}~epochs={epochs}"
            rows.append([name, model, epochs, grown, same_loss, 1 / epochs, 0.1])
    columns = ["model", "architecture", "epochs", "lrr_own", "lrr_matched", "loss_own", "fall"]
    runs = []
    for seed in SEEDS:
        for row in rows:
            run = dict(zip(columns, row))
            run["lrr_own"] *= np.exp(noise * rng.normal())
            run["lrr_matched"] *= np.exp(noise * rng.normal())
            names = {"dataset": "digits", "corruption": "label_flipping", "alpha": 0.3}
            runs.append(names | {"seed": seed, **run, "collapsed": False})
    return pd.DataFrame(runs)


def converged(final, start, end):
    """Rows like 'convergence': those of `curves`, and retraining for as long as training, which ends at end[model]."""
    short = curves(final, start).assign(passes=lambda table: 100 * table["step"])
    long = short[short["method"] == "retrain"].assign(method="retrain_as_trained")
    ends = long["model"].map(end)
    approach = 1 - np.exp(-long["step"] / 20)
    long = long.assign(
        step=4 * long["step"],
        passes=400 * long["step"],
        val_accuracy=0.5 + (ends - 0.5) * approach + 0.001 * long["seed"],
    )
    return pd.concat([short, long], ignore_index=True)


def tuned(final):
    """Rows like 'tuned': method -> accuracy, the lowest loss where the accuracy is highest."""
    rng, rows = np.random.default_rng(3), []
    for model, ends in final.items():
        for method, end in ends.items():
            for seed in SEEDS:
                accuracy = end + 0.005 * rng.normal()
                names = ["digits", model, "label_flipping", 0.3, method, "tuned", seed]
                rows.append([*names, accuracy, 1 - end, False])
    columns = ["dataset", "model", "corruption", "alpha", "method", "choice", "seed"]
    table = pd.DataFrame(rows, columns=[*columns, "val_accuracy", "set_aside_loss", "collapsed"])
    return table.assign(begun_val_accuracy=0.5)


METHODS = ("retrain", "finetune", "scrub")
CAPACITY = ["mlp", "mlp_8_2", "qnn_depth2", "qnn_depth6"]
COMPARED = ["mlp", "qnn", "logistic", "svm_linear", "knn", "cnn", "resnet"]


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
        {"mlp": 1000, "mlp_16_4": 1000, "qnn": 0.9}
        if paper_is_right
        else {"mlp": 1, "mlp_16_4": 1, "qnn": 100}
    )
    longer = {model: end if paper_is_right else 0.9 for model, (_, end) in ends.items()}
    tables = {
        "resilience": resilience,
        "unlearning": curves(final, start, dip=deep, wobble=0.008 if paper_is_right else 0.0),
        "convergence": converged(final, start, longer),
        "tuned": tuned(final),
        "landscape": ratios(lrr, residual=-0.3 if paper_is_right else 0.3),
        "capacity": table(accuracy, CAPACITY, **noise),
        "models": table(accuracy, COMPARED, **noise),
        "scale": table(
            accuracy, ["qnn~readout_scale=1", "mlp~logit_bound=1"], alphas=ALPHAS[:5], **noise
        ),
        "memory": remembered(1.0 if paper_is_right else 0.6),
        "detection": pointed(
            {"qnn": 0.9, "mlp": 0.6} if paper_is_right else {"qnn": 0.6, "mlp": 0.9}
        ),
        "known": regained(
            {"qnn": 0.2, "mlp": 0.05} if paper_is_right else {"qnn": 0.05, "mlp": 0.2}
        ),
        "barriers": climbed(0.3 if paper_is_right else 0.0),
        "extrapolation": table(accuracy, ["qnn", "mlp"], **noise),
        "phase": sights(table(accuracy, ["qnn", "mlp"], **noise)),
        "roughening": trainings(paper_is_right),
        "attacks": attacked(
            table(accuracy, ["qnn", "mlp"], alphas=ALPHAS[:5], **noise), paper_is_right
        ),
    }
    return tables


def attacked(runs, paper_is_right):
    """Rows like 'attacks': the same runs whoever chooses the flips, and a backdoor that takes hold of one model."""
    flips = [
        runs.assign(corruption=name, aims_at="labels", balanced=name != "one_class")
        for name in ("label_flipping", "one_class")
    ]
    caught = (runs["model"] == "mlp") == paper_is_right
    success = np.where(caught & (runs["alpha"] > 0), 0.9, 0.0)
    backdoor = runs.assign(corruption="patch", aims_at="backdoor", balanced=True)
    backdoor["attack_success"] = success
    return pd.concat([*flips, backdoor], ignore_index=True)


def sights(runs):
    """Rows like 'phase': the same runs for every sight of the phase."""
    runs = runs.assign(quantum=runs["model"].str.startswith("qnn"))
    return pd.concat(runs.assign(phase=phase) for phase in ("seen", "hidden", "fixed"))


def remembered(accuracy):
    """Rows like 'memory'."""
    runs = table(lambda model, alpha: 0.5, ["qnn~epochs=9", "mlp"], alphas=[0.5])
    return runs.assign(train_accuracy=accuracy - 0.001 * runs["seed"])


def pointed(areas):
    """Rows like 'detection': model -> area under the ROC curve."""
    runs = table(lambda model, alpha: 0.5, list(areas), alphas=[0.3])
    return runs.assign(score="loss", auroc=runs["model"].map(areas) + 0.001 * runs["seed"])


def regained(gains):
    """Rows like 'known': model -> accuracy that it regains, from an equal start, told a half or all."""
    runs = table(lambda model, alpha: 0.7, list(gains), alphas=[0.3])
    runs = runs.assign(
        told="known",
        share=1.0,
        method="scrub",
        attack_success=np.nan,
        begun_val_accuracy=runs["val_accuracy"],
    )
    ends = runs["begun_val_accuracy"] + runs["model"].map(gains) + 0.001 * runs["seed"]
    runs = runs.assign(val_accuracy=ends)
    return pd.concat([runs, runs.assign(share=0.5)], ignore_index=True)


def climbed(rise):
    """Rows like 'barriers'."""
    runs = table(lambda model, alpha: 0.5, ["qnn"], alphas=[0.3])
    return runs.assign(method="finetune", rise=rise + 0.001 * runs["seed"])


def null_tables(tables):
    """Tables of a null model that does what the QNN of these tables does."""
    return {
        f"null_{name}": tables[name].query("model == 'qnn'").assign(model="logistic_adam")
        for name in ("resilience", "unlearning", "landscape")
    }


def decide(tables, *names, published=None, **changes):
    """Rows of the claims named, of all without a name; `changes` of the settings."""
    criteria = {name: SETTINGS.criteria[name] for name in names or CLAIMS}
    settings = SETTINGS._replace(criteria=criteria, resamples=2000, **changes)
    return decide_claims(tables, CLAIMS, settings, published)
