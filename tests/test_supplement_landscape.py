"""The landscape beyond its trace: spectra, per-sample curvature, bounds that theory sets, the loss
along lines."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import yaml
from jax.flatten_util import ravel_pytree
from scipy.stats import wasserstein_distance

from project import QNN, planned, snakemake
from qunlearn.experiment.problem import Cell, Problem
from qunlearn.landscape import curvature, spectrum
from qunlearn.landscape.analyse import analyse as stage
from qunlearn.landscape.bound import curvature_bound
from qunlearn.landscape.hessian import Point, hessian, logits, mean_loss
from qunlearn.parts import models
from qunlearn.results import hdf5
from qunlearn.runtime.errors import UserError
from qunlearn.studies.curvature.analysis import analyse as curvatures
from qunlearn.studies.slices import analysis as slices
from qunlearn.studies.spectrum.analysis import analyse as spectra

pytestmark = pytest.mark.usefixtures("compiled_quickly")

MLP = {"family": "mlp", "hidden": [6, 4]}


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def build(options, x, rng, spread=0.4):
    """A model, and a point of random parameters on all rows with random labels."""
    model = models.build(options, [x, x])
    params, state = model.init(jax.random.key(3))
    params = jax.tree.map(lambda a: a + spread * jnp.asarray(rng.normal(size=a.shape)), params)
    labels = jnp.asarray(rng.integers(0, 2, len(x)), float)
    return model, Point(params, state, jnp.asarray(model.encode(x)), jnp.arange(len(x)), labels)


@pytest.fixture(params=["mlp", "qnn"])
def case(request, rng):
    return build({"mlp": MLP, "qnn": QNN}[request.param], unit(rng.normal(size=(12, 8))), rng)


def spectrum_of(model, point):
    return np.linalg.eigvalsh(jax.jit(partial(hessian, model))(point))


# -- spectra ---------------------------------------------------------------------------------------
def test_lanczos_reaches_every_moment_that_its_steps_promise(rng):
    """m steps reproduce v^T A^k v for k <= 2m - 1, and not the next."""
    matrix = rng.normal(size=(30, 30))
    matrix = jnp.asarray(matrix + matrix.T) / 10
    start = rng.normal(size=30)
    start = jnp.asarray(start / np.linalg.norm(start))
    m = 5
    nodes, weights = spectrum.quadrature(*spectrum.lanczos(lambda v: matrix @ v, start, m))
    powers = [float(start @ jnp.linalg.matrix_power(matrix, k) @ start) for k in range(2 * m + 1)]
    np.testing.assert_allclose(
        [weights @ nodes**k for k in range(2 * m)], powers[: 2 * m], rtol=1e-9, atol=1e-10
    )
    assert abs(weights @ nodes ** (2 * m) - powers[2 * m]) > 1e-6 * abs(powers[2 * m])


def test_lanczos_ends_where_the_krylov_space_does():
    """Three distinct eigenvalues need three steps; more change nothing."""
    matrix = jnp.diag(jnp.array([2.0, 2.0, -1.0, -1.0, 0.0, 0.0]))
    start = jnp.ones(6) / np.sqrt(6)
    nodes, weights = spectrum.quadrature(*spectrum.lanczos(lambda v: matrix @ v, start, 6))
    kept = weights > 0
    np.testing.assert_allclose(nodes[kept], [-1, 0, 2], atol=1e-10)
    np.testing.assert_allclose(weights[kept], [1 / 3] * 3, atol=1e-10)


def test_quadrature_agrees_with_the_exact_spectrum(case, rng):
    model, point = case
    exact = spectrum.Spectrometer(model, 10_000, 2, 1)(point, rng)
    probes, size = 200, ravel_pytree(point.params)[0].size
    rough = spectrum.Spectrometer(model, 1, 40, probes)(point, rng)
    assert exact.exact and not rough.exact
    for found in (exact, rough):
        np.testing.assert_allclose(found.weights.sum(axis=1), size)
    true = np.repeat(exact.eigenvalues[0], exact.weights[0].round().astype(int))
    np.testing.assert_allclose(np.sort(true), spectrum_of(*case), atol=1e-10)
    # moments, each within four standard errors of Hutchinson's estimate:
    # Var v^T A v = 2 (|A|_F^2 - |diag A|^2)
    for power in (1, 2):
        moment = np.sum(rough.weights * rough.eigenvalues**power) / probes
        error = np.sqrt(2 * np.sum(true ** (2 * power)) / probes)
        assert abs(moment - np.sum(true**power)) < 4 * error
    # distribution, and both ends
    spread = true.max() - true.min()
    distance = wasserstein_distance(true, rough.eigenvalues.ravel(), None, rough.weights.ravel())
    assert distance < 0.01 * spread
    assert rough.eigenvalues.max() == pytest.approx(true.max(), rel=1e-6)
    assert rough.eigenvalues.min() == pytest.approx(true.min(), abs=1e-6 * spread)


def test_restriction_to_the_span_of_the_samples_drops_zero_eigenvalues_only(rng):
    x = unit(rng.normal(size=(5, 3)) @ rng.normal(size=(3, 20)))
    model, point = build(MLP, x, rng)
    less, absent = spectrum.restrict(model, point)
    assert absent == (20 - 3) * 6
    np.testing.assert_allclose(logits(model, less), logits(model, point))
    whole, part = spectrum_of(model, point), spectrum_of(model, less)
    np.testing.assert_allclose(np.sort([*part, *np.zeros(absent)]), whole, atol=1e-12)


# -- curvature sample by sample --------------------------------------------------------------------
def test_sample_terms_are_those_of_each_sample_alone(case):
    model, point = case
    found = jax.jit(partial(curvature.sample_terms, model))(point)
    compute = jax.jit(partial(hessian, model))
    for i in range(0, len(point.rows), 3):
        alone = point._replace(rows=point.rows[i : i + 1], labels=point.labels[i : i + 1])
        diagonal = np.diag(compute(alone))
        assert found.gauss_newton[i] + found.residual[i] == pytest.approx(diagonal.sum(), abs=1e-9)
        assert found.largest[i] == pytest.approx(np.abs(diagonal).max(), abs=1e-9)
    np.testing.assert_allclose(found.diagonal, np.diag(compute(point)), atol=1e-10)
    terms = jax.jit(partial(curvature.split_trace, model))(point)
    assert np.mean(found.gauss_newton) == pytest.approx(float(terms[0]))
    assert np.mean(found.residual) == pytest.approx(float(terms[1]), abs=1e-12)


def test_clean_and_corrupted_contributions_add_up(digits):
    problem = Problem(digits, "mlp", {"family": "mlp", "hidden": [5]}, "label_flipping", [0, 1])
    cells = [Cell(0.0, 0), Cell(0.3, 1)]
    trained = problem.initial([0, 1])
    found = curvatures(problem, cells, trained, {"bound": np.nan})
    for cell, parts in zip(cells, found):
        for field in ("samples", "contradicted", "gauss_newton", "residual"):
            assert parts["clean"][field] + parts["corrupted"][field] == pytest.approx(
                parts["all"][field]
            )
        assert parts["corrupted"]["samples"] == round(cell.alpha * len(digits.y_train))
    samples = problem.samples(cells[1])
    params = jax.tree.map(lambda a: a[1], trained[0])
    labels = jnp.asarray(samples.labels, float)
    point = Point(params, {}, jnp.asarray(problem.pools["train"]), samples.rows, labels)
    whole = curvature.Analyser(problem.model)(point)
    assert found[1]["all"]["gauss_newton"] == pytest.approx(whole.gauss_newton, rel=1e-6)


# -- what unitarity implies ------------------------------------------------------------------------
def derivatives(model, theta, pool):
    """Logits (N,), and their first and second derivatives (N, P) in single angles."""

    def value(t):
        return model.logits({"theta": t}, {}, pool)[0]

    def along(direction):
        return jax.jvp(lambda t: jax.jvp(value, (t,), (direction,))[1], (theta,), (direction,))

    first, second = jax.vmap(along, out_axes=1)(jnp.eye(theta.size))
    return value(theta), first, second


@pytest.mark.parametrize("rotations", ["xyx", "xyz"])
def test_second_derivatives_of_a_qnn_never_leave_their_bounds(rotations, rng):
    scale = 5.0
    x = unit(rng.normal(size=(20, 8)) + 1j * rng.normal(size=(20, 8)))
    model = models.build({**QNN, "rotations": rotations}, [x, x])
    pool, compute = jnp.asarray(model.encode(x)), jax.jit(partial(derivatives, model))
    worst = 0.0
    for _ in range(30):
        theta = jnp.asarray(rng.uniform(-np.pi, np.pi, model.circuit.parameters))
        z, first, second = (np.asarray(a) for a in compute(theta, pool))
        assert np.all(first**2 + second**2 <= scale**2 * (1 + 1e-9))
        column = z[:, None]
        assert np.all(second <= (scale - column) / 2 + 1e-9) and np.all(
            second >= -(scale + column) / 2 - 1e-9
        )
        p = 1 / (1 + np.exp(-column))
        for y in (0, 1):
            loss = p * (1 - p) * first**2 + (p - y) * second
            assert np.all(loss >= -scale) and np.all(loss <= curvature_bound(scale))
            worst = max(worst, loss.max())
    assert worst > 0.05 * curvature_bound(scale)


@pytest.mark.parametrize("scale", [0.5, 2.0, 5.0, 20.0])
def test_the_bound_is_the_maximum_of_what_unitarity_allows(scale):
    """Over z' = s sin, z'' = s cos, l'' <= 1/4, |l'| <= 1; and a single rotation comes close to
    s^2/4 + its sign."""
    angle = np.linspace(0, np.pi / 2, 100_001)
    allowed = scale**2 * np.sin(angle) ** 2 / 4 + scale * np.cos(angle)
    assert curvature_bound(scale) == pytest.approx(allowed.max(), rel=1e-6)
    assert curvature_bound(scale) <= scale**2 / 4 + scale
    turn = np.linspace(-np.pi, np.pi, 10_001)
    z, p = scale * np.cos(turn), 1 / (1 + np.exp(-scale * np.cos(turn)))
    reached = p * (1 - p) * (scale * np.sin(turn)) ** 2 + (p - 1) * -z
    assert scale**2 / 4 <= reached.max() <= curvature_bound(scale)
    assert reached.min() >= -scale


def test_the_residual_of_a_saturated_readout_opposes_a_contradicting_label():
    """|0...0> at zero angles has <Z> = 1: no angle can raise it, so label 0 bends the loss down and
    label 1 up."""
    x = np.eye(8)[:1]
    model = models.build(QNN, [x, x])
    theta = jnp.zeros(model.circuit.parameters)
    pool = jnp.asarray(model.encode(x))
    z, _, second = jax.jit(partial(derivatives, model))(theta, pool)
    assert z[0] == pytest.approx(5.0)
    assert np.all(second <= 1e-12) and second.min() < -1
    wrong, right = (float((jax.nn.sigmoid(z[0]) - y) * second.sum()) for y in (0, 1))
    assert wrong < -10 and 0 < right < 1


def test_the_residual_cancels_the_gauss_newton_term_over_a_period(rng):
    """The loss is periodic in every angle: its second derivative averages to zero, sample by
    sample, for any label."""
    x = unit(rng.normal(size=(3, 8)))
    model = models.build(QNN, [x, x])
    pool = jnp.asarray(model.encode(x))
    theta = jnp.asarray(rng.uniform(-np.pi, np.pi, model.circuit.parameters))
    compute = jax.jit(jax.vmap(lambda t: derivatives(model, t, pool)))
    shifts = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    for angle in (0, 4, 13):
        z, first, second = compute(theta + np.outer(shifts, np.eye(theta.size)[angle]))
        p = np.asarray(jax.nn.sigmoid(z))
        gauss_newton = np.mean(p * (1 - p) * first[..., angle] ** 2, axis=0)
        for y in (0, 1):
            np.testing.assert_allclose(
                np.mean((p - y) * second[..., angle], axis=0), -gauss_newton, atol=1e-10
            )


def test_the_curvature_of_a_relu_network_has_no_bound(rng):
    """Scaling one layer by c and the next by 1/c keeps the loss; the curvature in the second grows
    as c^2."""
    model, point = build(MLP, unit(rng.normal(size=(12, 8))), rng)
    terms = jax.jit(partial(curvature.sample_terms, model))
    loss = jax.jit(partial(mean_loss, model))
    reference = terms(point)
    traces = []
    for c in (100.0, 1e3, 1e4):
        p = point.params
        scaled = {**p, "w1": c * p["w1"], "b1": c * p["b1"], "w2": p["w2"] / c}
        other = point._replace(params=scaled)
        assert loss(other) == pytest.approx(float(loss(point)))
        found = terms(other)
        assert np.all(found.residual == 0)
        traces.append(float(np.mean(found.gauss_newton)))
    assert traces[1] / traces[0] == pytest.approx(100, rel=0.05)
    assert traces[2] / traces[1] == pytest.approx(100, rel=1e-2)
    assert traces[0] > np.mean(reference.gauss_newton)


# -- lines -----------------------------------------------------------------------------------------
def test_filter_normalised_directions_have_the_length_of_every_filter(rng):
    params = {"w": rng.normal(size=(7, 3)), "k": rng.normal(size=(3, 3, 2, 4)), "b": np.ones(5)}
    direction = slices.filter_normalised(params, rng)
    for name, axes in (("w", 0), ("k", (0, 1, 2)), ("b", 0)):
        lengths = [
            np.sqrt(np.sum(np.square(tree[name]), axis=axes)) for tree in (params, direction)
        ]
        np.testing.assert_allclose(*lengths)
    assert not np.allclose(direction["w"], params["w"])


@pytest.mark.parametrize("dense", [True, False])
def test_the_loss_curves_along_the_top_eigenvector_as_its_eigenvalue_says(
    dense, digits, monkeypatch
):
    monkeypatch.setattr(slices, "DENSE", 10_000 if dense else 0)
    problem = Problem(digits, "mlp", {"family": "mlp", "hidden": [5]}, "label_flipping", [0])
    trained = problem.initial([0])
    options = {"extent": {"random": 1e-5, "top": 1e-5}, "points": 1, "directions": 2}
    (found,) = slices.analyse(problem, [Cell(0.3, 0)], trained, options)
    samples = problem.samples(Cell(0.3, 0))
    params = jax.tree.map(lambda a: jnp.asarray(a[0], float), trained[0])
    labels = jnp.asarray(samples.labels, float)
    point = Point(params, {}, jnp.asarray(problem.pools["train"]), samples.rows, labels)
    top = spectrum_of(problem.model, point)[-1]
    assert found["top_eigenvalue"] == pytest.approx(top, rel=1e-6)
    middle = float(mean_loss(problem.model, point))
    np.testing.assert_allclose([*found["random"][:, 1], found["top"][1]], middle)
    length = np.linalg.norm(ravel_pytree(params)[0])
    second = (found["top"][0] - 2 * found["top"][1] + found["top"][2]) / (1e-5 * length) ** 2
    assert second == pytest.approx(found["top_eigenvalue"], rel=0.02)
    assert not np.array_equal(found["random"][0], found["random"][1])


OTHERS = [{"family": "nearest_neighbours", "k": 3}, {"family": "svm", "kernel": "rbf", "C": 1.0}]


@pytest.mark.parametrize("options", OTHERS)
def test_models_without_a_loss_over_parameters_are_refused_in_one_sentence(options, digits):
    problem = Problem(digits, "other", options, "label_flipping", [0])
    asked = problem, [Cell(0.0, 0)], problem.initial([0])
    for analyse, settings in ((curvatures, {"bound": np.nan}), (spectra, {}), (slices.analyse, {})):
        with pytest.raises(UserError, match=r"has no loss landscape: name another architecture"):
            analyse(*asked, settings)
    with pytest.raises(UserError, match="has no loss landscape"):
        stage(*asked)


# -- the workflow ----------------------------------------------------------------------------------
@pytest.mark.workflow
def test_tables_and_figures_of_the_landscape(study):
    """One job per model and analysis; blocks of alphas named by a range or one by one give the same
    numbers."""
    settings = {
        "supplement": {name: {"alphas": [0.3]} for name in ("spectrum", "curvature", "slices")}
    }
    settings["supplement"]["slices"] |= {"points": 3, "directions": 1}
    settings["supplement"]["spectrum"] |= {"exact": 200, "probes": 2, "steps": 20}
    (study / "landscapes.yaml").write_text(yaml.safe_dump(settings))
    files = ["--configfile", "tiny.yaml", "landscapes.yaml"]
    figures = [f"results/figs/figS_{name}.pdf" for name in settings["supplement"]]
    plan = planned(study, *figures, *files)
    assert plan == {
        f"{verb}_{name}": 2 if verb == "analyse" else 1
        for name in settings["supplement"]
        for verb in ("analyse", "tabulate", "draw")
    }
    snakemake(study, *figures, *files)
    for name in settings["supplement"]:
        assert (study / f"results/figs/figS_{name}.png").stat().st_size > 10_000

    names = ("spectrum", "curvature", "slices", "eigenvalues")
    spectra, curvature, lines, eigenvalues = (
        pd.read_csv(study / f"results/tables/{name}.csv") for name in names
    )
    assert (
        len(spectra) == 2 * 2 * 2
        and len(curvature) == 2 * 2 * 2 * 3
        and len(lines) == 2 * 2 * 2 * 2 * 7
    )
    assert set(spectra.groupby("model").method.first().items()) == {
        ("mlp", "lanczos"),
        ("qnn", "exact"),
    }
    np.testing.assert_allclose(
        spectra[["negative", "zero", "positive"]].sum(axis=1), spectra.parameters
    )
    cell = ["model", "alpha", "seed"]
    total = eigenvalues.groupby(cell)["count"].sum()
    np.testing.assert_allclose(total, spectra.set_index(cell).parameters.reindex(total.index))

    whole = curvature[curvature.part == "all"].set_index(cell)
    parts = (
        curvature[curvature.part != "all"]
        .groupby(cell)[["samples", "gauss_newton", "residual", "trace"]]
        .sum()
    )
    pd.testing.assert_frame_equal(parts, whole[parts.columns], check_dtype=False)
    main = pd.read_csv(study / "results/tables/landscape.csv")
    main = main[main.eval_set == "train"].set_index(cell)
    np.testing.assert_allclose(whole.trace, main.trace.reindex(whole.index), rtol=1e-6)
    np.testing.assert_allclose(whole.lrr, main.lrr.reindex(whole.index), rtol=1e-6)
    quantum = whole.xs("qnn")
    assert (quantum[["largest_sample", "largest_mean"]].max(axis=1) <= quantum.bound).all()
    exact = spectra[spectra.method == "exact"].set_index(cell)
    np.testing.assert_allclose(exact.trace, whole.trace.reindex(exact.index), rtol=1e-6)

    single = "results/curvature/digits/mlp/label_flipping/alpha0.30/seed1.h5"
    snakemake(study, single, *files)
    found, _ = hdf5.read(study / single)
    values = found["cells"]["0000"]["all"]
    assert values["gauss_newton"] == pytest.approx(whole.loc["mlp", 0.3, 1].gauss_newton)
