"""Published unlearning curves and roughening ratios beside ours: which numbers are compared, runs
that are one run, names that stand for others, files that cannot be what they should."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from project import configuration, copy_project, plan, snakemake
from qunlearn.config.check import ask
from qunlearn.grid.names import stands_for
from qunlearn.plots.looks import Looks
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.verdicts import one_against_many
from qunlearn.studies.reproduction.compare_all import Pair, compare_all
from qunlearn.studies.reproduction.curves import compare_curves, compared_steps, dip_of_each
from qunlearn.studies.reproduction.layouts import LANDSCAPE, RESILIENCE, UNLEARNING
from qunlearn.studies.reproduction.published import check_common, read_published
from qunlearn.studies.reproduction.ratios import compare_ratios, with_ratios
from qunlearn.studies.unlearning import figure as fig3

CASE = {"dataset": "mnist", "model": "qnn", "corruption": "label_flipping", "alpha": 0.3}
PLAIN = Looks({}, {}, {}, {})


def curves(name, steps=50, noise=0.01, seed=0, runs=5, method="finetune", dip=0.2, **case):
    """Curves from 0.9 that dip to 0.9 - `dip` at step 3 and end at 0.95; a row per run and step."""
    rng = np.random.default_rng(seed)
    mean = np.full(steps, 0.95)
    mean[:4] = 0.9, 0.9, 0.9 - dip / 2, 0.9 - dip
    values = mean + noise * rng.normal(size=(runs, steps))
    rows = [
        {**CASE, **case, "method": method, name: run, "step": step, "val_accuracy": values[run, step]}
        for run in range(runs)
        for step in range(steps)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def ratios(name, values, eval_set="validation", **case):
    rows = [
        {**CASE, **case, "eval_set": eval_set, name: run, "lrr": value}
        for run, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def at(frame, quantity, **names):
    """The only row of a quantity."""
    found = frame[frame.quantity == quantity]
    for name, value in names.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


# -- curves ----------------------------------------------------------------------------------------
def test_a_few_steps_are_compared_and_the_last_that_both_have():
    assert compared_steps(list(range(50))) == [0, 1, 2, 5, 10, 20, 49]
    assert compared_steps(list(range(51))) == [0, 1, 2, 5, 10, 20, 50]
    assert compared_steps([1, 3, 7]) == [1, 7] and compared_steps([]) == []
    frame = compare_curves(curves("seed", 51), curves("run", 50, seed=1), 0.05, 0.05, {})
    steps = frame[frame.quantity == "accuracy"].step
    assert list(steps) == [0, 1, 2, 5, 10, 20, 49]
    assert list(frame.quantity[-2:]) == ["dip", "end"] and set(frame.figure) == {"Fig. 3ab"}


def test_dip_and_end_of_a_curve_by_hand():
    curve = np.array(
        [[0.9, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0], [0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9]]
    )
    np.testing.assert_allclose(dip_of_each(curve), [0.3, 0.0])
    ours, theirs = curves("seed", dip=0.2, noise=1e-3), curves("run", dip=0.0, noise=1e-3, seed=1)
    frame = compare_curves(ours, theirs, 0.05, 0.05, {})
    assert at(frame, "dip").difference == pytest.approx(0.2, abs=0.01)
    assert at(frame, "dip").verdict == "different" and at(frame, "end").verdict == "equivalent"
    assert at(frame, "end").ours == pytest.approx(0.95, abs=0.01)


def test_accuracies_that_both_tables_have_are_compared():
    ours = curves("seed").assign(forget_accuracy=0.4, retain_accuracy=0.9)
    theirs = curves("run", seed=1).assign(forget_accuracy=0.7)
    frame = compare_curves(ours, theirs, 0.05, 0.05, {})
    assert set(frame.accuracy) == {"validation", "forget"}
    assert at(frame, "end", accuracy="forget").difference == pytest.approx(-0.3)


def test_a_run_without_a_step_that_others_have_is_named():
    theirs = curves("run").drop(index=3 * 50 + 7)
    words = "mnist qnn label_flipping 0.3 finetune: run 3 has no val_accuracy at step 7"
    with pytest.raises(UserError, match=words):
        compare_curves(curves("seed"), theirs, 0.05, 0.05, {})


# -- runs that are one run -------------------------------------------------------------------------
def five_times(frame):
    """Every run as the first one."""
    first = frame[frame.run == 0]
    return pd.concat([first.assign(run=run) for run in range(5)], ignore_index=True)


def test_identical_published_runs_are_one_run_with_the_spread_of_ours():
    ours, theirs = curves("seed", noise=0.05), five_times(curves("run", seed=1, noise=0.05))
    row = at(compare_curves(ours, theirs, 0.05, 0.05, {}), "accuracy", step=10)
    assert (row.runs_published, row.independent_published, row.distinct_published) == (5, 1, 1)
    assert "5 published runs are identical: one run" in row.remark
    own = ours[ours.step == 10].val_accuracy
    one = theirs[theirs.step == 10].val_accuracy.iloc[0]
    # the dual of a prediction interval for one more run
    half = stats.t.ppf(0.975, 4) * own.std(ddof=1) * np.sqrt(1 + 1 / 5)
    assert (row.p_different < 0.05) == (abs(one - own.mean()) > half)
    assert row.verdict == "undecided"  # one run and such a spread cannot show it
    far = five_times(curves("run", seed=1, noise=0.03).assign(val_accuracy=0.5))
    assert at(compare_curves(ours, far, 0.05, 0.05, {}), "end").verdict == "different"


def test_one_run_against_many_is_a_test_that_keeps_its_level():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        one, *many = rng.normal(size=6)
        found.append(one_against_many(one, np.array(many), 0.5)[1])
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_two_bands_of_identical_runs_are_not_tested():
    ours, theirs = (
        five_times(curves("run")).rename(columns={"run": "seed"}),
        five_times(curves("run", seed=1)),
    )
    frame = compare_curves(ours, theirs, 0.05, 0.05, {})
    assert set(frame.verdict) == {"undecided"} and frame.p_equivalent.isna().all()
    assert frame.remark.str.contains("no spread to test").all()


def test_runs_that_share_their_start_are_one_run_there_and_several_later():
    theirs = curves("run", seed=1)
    theirs.loc[theirs.step == 0, "val_accuracy"] = 0.9
    frame = compare_curves(curves("seed"), theirs, 0.05, 0.05, {})
    start, later = at(frame, "accuracy", step=0), at(frame, "accuracy", step=10)
    assert (start.independent_published, later.independent_published) == (1, 5)
    assert "published spread unknown" in start.remark and later.remark == ""


# -- names -----------------------------------------------------------------------------------------
def test_a_name_stands_for_the_one_that_it_changes_or_replaces():
    listed = {"mlp": ["mlp", "mlp_16_4"]}
    assert stands_for("qnn", "qnn", {}) and stands_for("qnn~depth=3", "qnn", {})
    assert stands_for("mlp_16_4", "mlp", listed) and not stands_for("mlp_16_4", "mlp", {})
    assert not stands_for("qnn", "qnn~depth=3", {}) and not stands_for("qnn", "mlp", listed)


def test_a_published_model_is_compared_with_the_architectures_that_stand_for_it():
    own = [curves("seed", model=name, seed=i) for i, name in enumerate(("mlp", "mlp_16_4", "qnn"))]
    own = pd.concat(own)
    listed = {"mlp": ["mlp", "mlp_16_4"]}
    theirs = curves("run", model="mlp", seed=9)
    frame = compare_curves(own, theirs, 0.05, 0.05, listed)
    assert set(frame.model) == {"mlp", "mlp_16_4"} and set(frame.published_as) == {"mlp"}
    both = pd.concat([theirs, curves("run", model="mlp_16_4", seed=8)])
    frame = compare_curves(own, both, 0.05, 0.05, listed)
    assert (frame.model == frame.published_as).all()
    changed = own.assign(method="scrub~divergence=one_sided")
    frame = compare_curves(changed, theirs.assign(method="scrub"), 0.05, 0.05, {})
    assert set(frame.method) == {"scrub~divergence=one_sided"} and set(frame.model) == {"mlp"}


# -- ratios ----------------------------------------------------------------------------------------
def test_ratios_are_compared_by_a_factor():
    ours, theirs = ratios("seed", [90, 100, 110, 105, 95]), ratios("run", [80, 85, 75, 82, 78])
    row = compare_ratios(ours, theirs, 2.0, 0.05, {}).iloc[0]
    assert row.verdict == "equivalent" and row.quantity == "lrr" and row.eval_set == "validation"
    assert row.ours == pytest.approx(stats.gmean([90, 100, 110, 105, 95]))
    assert row.difference == pytest.approx(np.log10(row.ours / row.published))
    assert row.margin == pytest.approx(np.log10(2))
    assert compare_ratios(ours, theirs, 1.1, 0.05, {}).iloc[0].verdict == "different"


def test_a_ratio_without_a_logarithm_is_counted_not_dropped():
    row = compare_ratios(ratios("seed", [1, 2, -1]), ratios("run", [1, 2, 3]), 2.0, 0.05, {}).iloc[
        0
    ]
    assert row.verdict == "undecided" and row.runs_ours == 3
    assert row.remark == "1 of 3 own ratios are not positive"


def test_traces_become_ratios_to_the_clean_run_of_the_same_number():
    traces = ratios("run", [6.0, 8.0]).rename(columns={"lrr": "trace"})
    clean = traces.assign(alpha=0.0, trace=[2.0, 4.0])
    table = with_ratios(pd.concat([traces, clean]), "landscape.csv")
    assert list(table[table.alpha > 0].lrr) == [3.0, 2.0]
    with pytest.raises(UserError, match="no trace at alpha 0 of dataset mnist"):
        with_ratios(traces, "landscape.csv")


# -- files -----------------------------------------------------------------------------------------
CURVE = "dataset,model,corruption,alpha,method,run,step,val_accuracy\n" + "".join(
    f"mnist,qnn,label_flipping,0.3,finetune,{run},{step},0.9\n" for run in (0, 1) for step in (0, 1)
)
RATIO = "dataset,model,corruption,alpha,run,lrr\nmnist,qnn,label_flipping,0.3,0,1.5\n"


def written(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


WITH_SET = RATIO.replace(",run,", ",eval_set,run,").replace("0.3,0", "0.3,test,0")
MISTAKES = [
    (UNLEARNING, "0,0.9", "0,90", "val_accuracy in row 2 is 90.*fractions, not per cent"),
    (UNLEARNING, ",1,0.9", ",0,0.9", "row 3 is a run that an earlier row has, too"),
    (UNLEARNING, "0,0,0.9", "0,x,0.9", "step in row 2 is x, which is no number of 0 and more"),
    (UNLEARNING, "method,", "", "has no column 'method'"),
    (LANDSCAPE, "lrr", "ratio", "has neither column of trace and lrr"),
    (LANDSCAPE, "1.5", "inf", "lrr in row 2 is inf, which is no number"),
    (LANDSCAPE, RATIO, WITH_SET, "eval_set in row 2 is test, which is neither of train and"),
]


@pytest.mark.parametrize(("layout", "old", "new", "words"), MISTAKES)
def test_what_cannot_be_a_run_is_refused_in_one_sentence(layout, old, new, words, tmp_path):
    text = {UNLEARNING: CURVE, LANDSCAPE: RATIO}[layout]
    path = written(tmp_path, layout.file, text.replace(old, new, 1))
    with pytest.raises(UserError, match=words) as error:
        read_published(path, layout)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_come_from_excel_too(encoding, tmp_path):
    text = CURVE.replace("qnn", " qnn ").replace("\n", "\r\n")
    table = read_published(written(tmp_path, "unlearning.csv", text, encoding), UNLEARNING)
    assert set(table.model) == {"qnn"} and list(table.step) == [0, 1, 0, 1]
    table = read_published(written(tmp_path, "landscape.csv", RATIO, encoding), LANDSCAPE)
    assert set(table.eval_set) == {"validation"}


def test_a_table_without_a_common_case_is_passed_over_only_beside_one_that_has_some():
    far = Pair(LANDSCAPE, "landscape.csv", ratios("seed", [1, 2]), ratios("run", [1], dataset="X"))
    near = Pair(UNLEARNING, "unlearning.csv", curves("seed"), curves("run", seed=1))
    frame, lines = compare_all([near, far], 0.05, 2.0, 0.05, {})
    assert set(frame.figure) == {"Fig. 3ab"}
    assert "landscape.csv has no point in common with this study: its datasets are X" in lines[0]
    with pytest.raises(UserError, match="no point in common"):
        compare_all([far], 0.05, 2.0, 0.05, {})
    with pytest.raises(UserError, match=r"unlearning\.csv holds no runs"):
        check_common(near.published[:0], near.ours, near.path, UNLEARNING)


@pytest.mark.parametrize("names", [["unlearning.csv"], ["resilience.csv", "landscape.csv"]])
def test_tables_that_are_at_hand_are_compared_and_no_others(names, tmp_path):
    resilience = ",".join(RESILIENCE.needed) + "\n"
    texts = {"unlearning.csv": CURVE, "landscape.csv": RATIO, "resilience.csv": resilience}
    for name in names:
        written(tmp_path, name, texts[name])
    study = plan(published=configuration()["published"] | {"dir": str(tmp_path)})
    ask(study, ["reproduction"])
    files = study.study("reproduction").compared(study)
    tables = {name.removesuffix(".csv") for name in names}
    assert set(files) == tables | {f"published_{name}" for name in tables}


def test_a_wrong_head_is_refused_before_anything_is_computed(tmp_path):
    written(tmp_path, "unlearning.csv", CURVE.replace("step", "epoch"))
    study = plan(published=configuration()["published"] | {"dir": str(tmp_path)})
    with pytest.raises(UserError, match=r"published\.dir: .*unlearning\.csv has no column 'step'"):
        ask(study, ["reproduction"])


# -- the figure and the workflow -------------------------------------------------------------------
def test_published_curves_are_dotted_in_the_colours_of_their_methods():
    table = curves("seed").assign(collapsed=False)
    published = pd.concat([curves("run", seed=1), curves("run", seed=1, model="mlp")])
    figure = plt.figure()
    letters = iter("abc")
    shown = ["mnist"], ["qnn"], ["finetune"], letters, PLAIN
    fig3.draw_unlearning(figure, table, table[:0], published, {}, *shown)
    solid, dotted, *_ = figure.axes[0].get_lines()
    assert dotted.get_linewidth() == fig3.PUBLISHED["lw"]
    assert dotted.get_color() == solid.get_color()
    expected = published[published.model == "qnn"].groupby("step").val_accuracy.mean()
    np.testing.assert_allclose(dotted.get_ydata(), expected)
    assert "published" in figure.axes[0].get_legend_handles_labels()[1]


@pytest.mark.workflow
@pytest.mark.long
def test_the_workflow_compares_curves_and_ratios(tmp_path):
    folder = copy_project(tmp_path / "project")
    (folder / "results/tables").mkdir(parents=True)
    own = {
        "unlearning": curves("seed", dataset="digits").assign(collapsed=False),
        "landscape": ratios("seed", [1.0, 1.1, 0.9], dataset="digits").assign(collapsed=False),
    }
    (folder / "published").mkdir()
    for name, table in own.items():
        table.to_csv(folder / f"results/tables/{name}.csv", index=False)
        published = table.rename(columns={"seed": "run"}).drop(columns="collapsed")
        published.to_csv(folder / f"published/{name}.csv", index=False)
    arguments = ["--allowed-rules", "compare_published", "--config", "published={dir: published}"]
    text = snakemake(folder, "results/tables/reproduction.csv", *arguments)
    assert "9 points of Fig. 3ab: 9 equivalent; 1 points of Fig. 3d: 1 equivalent" in text
    table = pd.read_csv(folder / "results/tables/reproduction.csv")
    assert len(table) == 10 and np.allclose(table.difference, 0)
