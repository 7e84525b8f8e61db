"""What the paper says of poison, asked of poison that is chosen."""

from functools import partial

import numpy as np

from qunlearn.statistics.quantities import Extreme
from qunlearn.statistics.runs import Missing, cells
from qunlearn.studies.claims.claim import Claim, Null

#: The MLP; where it is not in the table, the one that sees no arbitrary phase.
PERCEPTRONS = ("mlp", "mlp_rho")


def attacked(frame, aims_at: str):
    """(rows, names) of the attacks of one kind."""
    here = frame[frame["aims_at"] == aims_at]
    if here.empty:
        raise Missing(f"no attack on {aims_at}" if aims_at != "backdoor" else "no backdoor")
    return here, sorted(here["corruption"].unique())


def worst_fall(frame, model, criterion):
    """Validation accuracy at alpha = 0, or the criterion's `least` where that is higher, minus that
    at the worst of its alphas under the worst of all chosen flips."""
    here, names = attacked(frame, "labels")
    axes = {"corruption": names, "alpha": [0.0, *criterion["alphas"]]}
    samples = cells(here, "val_accuracy", {"model": model}, axes)

    def falls(runs):  # (seeds, attacks, alphas) -> (attacks and alphas > 0,)
        means = runs.mean(0)
        clean = np.maximum(means[:, :1], criterion["least"])
        return (clean - means[:, 1:]).ravel()

    return samples, Extreme("max", falls)


def smallest_advantage(frame, model, criterion, rivals):
    """Validation accuracy of the model minus that of the best of its `rivals` (of the frame), mean
    over the criterion's alphas, under the attack on labels where that is smallest."""
    here, names = attacked(frame, "labels")
    axes = {"model": [model, *rivals(here)], "corruption": names, "alpha": criterion["alphas"]}
    samples = cells(here, "val_accuracy", {}, axes)

    def differences(runs):  # (seeds, models, attacks, alphas) -> (rivals and attacks,)
        ours, *theirs = runs.mean((0, 3))
        return (ours - np.stack(theirs)).ravel()

    return samples, Extreme("min", differences)


def smallest_protection(frame, model, criterion):
    """Attack success on the classical model that resists best minus that on the model, mean over
    the criterion's alphas, of the backdoor where that is smallest."""
    here, names = attacked(frame, "backdoor")
    axes = {"model": [model, *classical(here)], "corruption": names, "alpha": criterion["alphas"]}
    samples = cells(here, "attack_success", {}, axes)

    def differences(runs):  # (seeds, models, backdoors, alphas) -> (rivals and backdoors,)
        ours, *theirs = runs.mean((0, 3))
        return (np.stack(theirs) - ours).ravel()

    return samples, Extreme("min", differences)


def classical(frame) -> list[str]:
    """Models that are no circuits and see no arbitrary phase."""
    alike = frame.query("not quantum and not sees_phase")
    if alike.empty:
        raise Missing("no classical model that sees what the QNN sees")
    return sorted(alike["model"].unique())


def perceptron(frame) -> list[str]:
    """The MLP that the QNN is compared with."""
    found = [name for name in PERCEPTRONS if name in set(frame["model"])]
    if not found:
        raise Missing("no MLP")
    return found[:1]


# -- nulls -----------------------------------------------------------------------------------------
def vote(rows):
    """Every sample is answered as most labels of its class say, whichever of them are flipped."""
    alpha, is_balanced = rows["alpha"], rows["balanced"]
    first = np.where(is_balanced, alpha, np.minimum(1, 2 * alpha))
    second = np.where(is_balanced, alpha, np.maximum(0, 2 * alpha - 1))
    shares = np.stack([first, second])  # of either class's labels that are flipped
    right = (shares < 0.5) + 0.5 * (shares == 0.5)
    of_labels = rows["aims_at"] == "labels"
    return rows.assign(val_accuracy=np.where(of_labels, right.mean(0), 1.0))


def constant(rows):
    """One answer, whatever the sample; the mean of both that it may be."""
    return rows.assign(val_accuracy=0.5, attack_success=0.5)


CONSTANT = Null("constant answer", constant)
NULLS = (CONSTANT, Null("majority vote", vote))

of_attacks = partial(Claim, table="attacks", model="qnn")
OF_FLIPS = "worst of all ways to choose flips"

CLAIMS = {
    "qnn_plateau_under_attack": of_attacks(
        sentence="The QNN has its plateau whoever chooses the labels that are flipped.",
        section="Superior resilience, Fig. 2c, d",
        measure=worst_fall,
        quantity=f"largest fall of validation accuracy, worst of α = {{alphas}}, {OF_FLIPS}",
        keys=("alphas", "least", "below"),
        nulls=NULLS,
    ),
    "qnn_beats_mlp_under_attack": of_attacks(
        sentence="The QNN is more accurate than the MLP whoever chooses the labels that are flipped.",
        section="Superior resilience, Fig. 2c, d",
        measure=partial(smallest_advantage, rivals=perceptron),
        quantity=f"validation accuracy, QNN - MLP, α = {{alphas}}, {OF_FLIPS}",
        keys=("alphas", "above"),
        nulls=NULLS,
    ),
    "unique_under_attack": of_attacks(
        sentence="The resilience is unique to quantum models whoever chooses the labels that are flipped.",
        section="Discussion",
        measure=partial(smallest_advantage, rivals=classical),
        quantity="validation accuracy, QNN - best classical that sees no arbitrary phase, "
        f"α = {{alphas}}, {OF_FLIPS}",
        keys=("alphas", "above"),
        nulls=NULLS,
    ),
    "qnn_resists_backdoors": of_attacks(
        sentence="The QNN resists backdoors better than classical models.",
        section="Title",
        measure=smallest_protection,
        quantity="attack success, best classical that sees no arbitrary phase - QNN, α = {alphas}, worst backdoor",
        keys=("alphas", "above"),
        nulls=(CONSTANT,),
    ),
}
