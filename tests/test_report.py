"""The page that holds a study: whole, self-contained, honest about what it leaves out."""

import html
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from pages import MERMAID, PIXEL, Page
from project import ROOT, plan, planned, snakemake
from qunlearn.parts import registry
from qunlearn.runtime import timing
from qunlearn.runtime.errors import UserError
from qunlearn.statistics.verdicts import VERDICTS
from qunlearn.studies import report as study_report
from qunlearn.studies.claims.claim import known_claims
from qunlearn.studies.controls.effects import WORDS
from qunlearn.studies.report import origins, pieces, verdicts
from qunlearn.studies.report.page import page as written
from worlds import ORIGIN, decide, world

PLAN = plan()
CONFIG = PLAN.config
CLAIMS = known_claims()
STUDIES = {kind.figure: kind for kind in registry.known("study").values() if kind.figure}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Figures, tables and claims of a world in which every claim holds, and a function that writes
    its page."""
    folder = tmp_path_factory.mktemp("results")
    frames = world(True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    decide(frames).to_csv(folder / "claims.csv", index=False)
    (folder / "benchmarks/train/digits").mkdir(parents=True)
    for i, seconds in enumerate((1.5, 4.5)):
        (folder / f"benchmarks/train/digits/{i}.tsv").write_text(
            f"s\tmax_rss\n9\t1\n{seconds}\t{['-', 70][i]}\n"
        )
    drawn = {
        "fig2": ["resilience"],
        "fig3": ["unlearning", "landscape"],
        "figS_capacity": ["capacity"],
    }
    for name in drawn:
        (folder / f"{name}.png").write_bytes(PIXEL)
    figures = []
    for name, used in drawn.items():
        kind = STUDIES[name]
        path = folder / f"{name}.png"
        figures.append(pieces.figure(path, kind.caption(), kind.group, used))

    def write(claimed=True):
        data = [pieces.table(folder / f"{name}.csv") for name in frames]
        claims = str(folder / "claims.csv") if claimed else None
        return written(figures, data, claims, CONFIG, folder, MERMAID, ORIGIN)

    return frames, figures, write


@pytest.fixture(scope="module")
def text(made):
    return made[2]()


@pytest.fixture(scope="module")
def found(text):
    return Page(text)


def test_nothing_is_loaded_from_elsewhere(text, found):
    assert all(source.startswith(("data:", "#")) for source in found.loads), found.loads
    assert "@import" not in text and not re.search(r"url\((?!['\"]?data:)", text)
    assert "fetch(" not in text and "XMLHttpRequest" not in text


def test_links_within_the_page_lead_somewhere(found):
    assert set(found.anchors) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))


def test_headings_descend_one_level_at_a_time(found):
    assert found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(found.headings, found.headings[1:]))


def test_every_figure_is_there_once_with_its_words(made, found):
    images = [image for image in found.images if image["src"].startswith("data:image/png")]
    assert [image["alt"].split(":")[0] for image in images] == [
        "Fig. 2",
        "Fig. 3",
        "Fig. S capacity",
    ]
    assert all(
        found.ids.count(figure.name) == 1 and figure.name in found.anchors for figure in made[1]
    )
    assert {(image["width"], image["height"]) for image in images} == {("1", "1")}
    assert (
        made[1][0].title == "Resilience to poisoned training data"
        and "**" not in made[1][0].caption
    )


@pytest.mark.parametrize("name", STUDIES)
def test_every_caption_is_sound_and_begins_with_a_title(name, tmp_path):
    (tmp_path / f"{name}.png").write_bytes(PIXEL)
    drawn = pieces.figure(tmp_path / f"{name}.png", STUDIES[name].caption(), "main", [])
    assert (
        drawn.title != drawn.label
        and not drawn.title.endswith(".")
        and drawn.caption.startswith("<p>")
    )


def test_a_mistake_in_a_caption_is_told_in_one_sentence(tmp_path):
    """Captions of users' studies are their docstrings."""
    (tmp_path / "figX_mine.png").write_bytes(PIXEL)
    with pytest.raises(UserError, match="the caption of figX_mine is no reStructuredText"):
        pieces.figure(tmp_path / "figX_mine.png", "**Mine.** An *open emphasis.", "beyond", [])


def test_figures_are_named_by_their_files():
    names = {"fig2": "Fig. 2", "figS_models": "Fig. S models", "figX_noise": "Fig. X noise"}
    assert {name: pieces.figure_label(name) for name in names} == names
    assert pieces.figure_label("my_figure") == "my_figure"


def test_every_claim_is_there_with_its_verdict_and_figure(made, text):
    rows = decide(made[0])
    for name, claim in CLAIMS.items():
        assert text.count(f'id="claim-{name}"') == 1
        block = re.split(
            r'<tr(?: class="first"| class="section"|)[ >]', text.split(f'id="claim-{name}"')[1]
        )
        count = (rows.claim == name).sum()
        assert (
            "".join(block[:count]).count('<span class="verdict reproduced">reproduced</span>')
            == count
        )
        drawn = {
            "resilience": "fig2",
            "unlearning": "fig3",
            "landscape": "fig3",
            "capacity": "figS_capacity",
        }
        if claim.table in drawn:
            assert f'href="#{drawn[claim.table]}"' in block[0]
    assert f"<td>{len(rows)}</td><td>0</td><td>0</td>" in text


def test_claims_left_out_are_named_and_undecided(made):
    page = made[2](claimed=False)
    words = re.sub(r"\s+", " ", page)
    assert "No claim was decided" in words
    assert words.count(verdicts.NOT_IN_REPORT) == len(CLAIMS)
    assert all(claim.sentence.replace("'", "&#39;") in words for claim in CLAIMS.values())
    assert 'class="verdict reproduced"' not in page


def test_a_claim_that_no_dataset_can_decide_says_so():
    rows = decide(world(True))
    rows = rows[rows.claim != "linear_models_degrade"]
    sections = verdicts.claim_sections(rows, CLAIMS, list(ORIGIN.words), [])
    entries = [entry for _, group in sections for entry in group]
    assert [entry["name"] for entry in entries] == list(ORIGIN.words)
    (result,) = next(e for e in entries if e["name"] == "linear_models_degrade")["results"]
    assert (result["verdict"], result["remark"]) == ("undecided", verdicts.NO_DATASET)


def test_every_table_is_there_whole_with_its_number_of_rows(made, text, found):
    for name, frame in made[0].items():
        assert f"<b>{name}</b> <span>{len(frame):,} rows, {len(frame.columns)} columns" in text
        assert found.data[name] == min(len(frame), pieces.ROWS) * len(frame.columns)
        whole = re.search(
            rf'id="table-{name}".*?<script type="application/json">(.*?)</script>', text, re.S
        )[1]
        pd.testing.assert_frame_equal(
            pd.read_csv(io.StringIO(json.loads(whole))), frame.reset_index(drop=True)
        )
    assert any(len(frame) > pieces.ROWS for frame in made[0].values())
    script = (study_report.Report.folder() / "report.js").read_text()
    assert f"const ROWS = {pieces.ROWS};" in script


def test_what_was_run_is_there(text, found):
    shown = yaml.safe_load(html.unescape(re.search(r"<pre.*?<code>(.*?)</code>", text, re.S)[1]))
    assert shown["architectures"] == CONFIG["architectures"] and shown["seeds"] == CONFIG["seeds"]
    row = re.search(r'<th scope="row">train</th>(.*?)</tr>', text)[1]
    assert re.findall(r">([\d-]+)<", row) == [
        "2",
        "6",
        "4",
        "70",
    ]  # jobs, seconds of last runs, longest, memory
    assert "No result files were found" in "".join(found.text)


def test_the_same_results_give_the_same_page(made, text):
    assert made[2]() == text


def test_markup_in_a_table_stays_text(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text('model,value\n"</script><b>",1e-7\n"qnn~depth=3,measure=0",2\n')
    odd = pieces.table(path)
    assert odd.numeric == [False, True] and odd.first == [
        ["</script><b>", "1e-07"],
        ["qnn~depth=3,measure=0", "2"],
    ]
    page = written([], [odd], None, CONFIG, tmp_path, MERMAID, ORIGIN)
    assert '<b>"' not in page and page.count("</script>") == 2


def test_numeric_columns_may_have_gaps_and_words_are_no_numbers(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,c\n1.23456789,1,\n,x,\n")
    assert pieces.table(path).numeric == [True, False, True]
    assert pieces.table(path).first == [["1.2346", "1", ""], ["", "x", ""]]


@pytest.mark.parametrize(
    ("row", "inside"),
    [
        ({"low": 0.2, "high": 0.4, "value": 0.3, "above": 0.1, "below": np.nan}, True),
        ({"low": 0.2, "high": 0.4, "value": 0.3, "above": np.nan, "below": 0.1}, False),
        ({"low": 0.5, "high": 0.5, "value": 0.5, "above": 0.45, "below": 0.55}, True),
    ],
)
def test_the_drawn_interval_lies_where_the_verdict_says(row, inside):
    drawn = verdicts.interval_svg(pd.Series(row))
    left, width = map(
        float, re.search(r'class="side" x="([\d.]+)" width="([\d.]+)"', drawn).groups()
    )
    low, high = map(
        float, re.search(r'class="interval" d="M([\d.]+) 8.0H([\d.]+)"', drawn).groups()
    )
    assert (left < low <= high < left + width) == inside
    assert 0 <= low <= high <= 132


def test_a_claim_without_a_value_is_drawn_empty():
    assert (
        verdicts.interval_svg(
            pd.Series(dict.fromkeys(("low", "high", "value", "above", "below"), np.nan))
        )
        == ""
    )


def test_origins_are_counted(tmp_path, made):
    import h5py

    for i, device in enumerate(("cpu: cpu", "cpu: cpu", "gpu: H200")):
        with h5py.File(tmp_path / f"{i}.h5", "w") as file:
            file.attrs.update(
                {
                    "git_revision": "abc",
                    "python": "3.11",
                    "device": device,
                    "versions": '{"jax": "1"}',
                }
            )
    found = origins.origins(tmp_path)
    assert [(o["files"], o["device"]) for o in found] == [(2, "cpu: cpu"), (1, "gpu: H200")]
    assert origins.package_versions(found) == {"jax": ["1"]}


# -- what the page holds ---------------------------------------------------------------------------
def test_the_page_shows_every_group_that_is_included_in_order():
    study = PLAN.study("report")
    shown = study.shown(PLAN)
    parts = [part for part, _ in shown]
    assert parts == sorted(parts, key=["main", "supplement", "beyond"].index)
    figures = [kind.figure for _, kind in shown]
    assert figures[:4] == ["fig1", "fig2", "fig3", "fig4"]
    listed = [f"figS_{name}" for name in CONFIG["supplement"]["figures"]]
    assert figures[4 : 4 + len(listed)] == listed
    assert figures[4 + len(listed)] == "figS_controls"  # in no list of figures
    main = plan(report={"include": ["main"]})
    assert [kind.figure for _, kind in main.study("report").shown(main)] == figures[:4]
    assert set(main.study("report").tables_shown(main)) == {
        "embedding",
        "resilience",
        "toy",
        "unlearning",
        "convergence",
        "landscape",
        "surface",
        "architectures",
    }


def test_every_verdict_has_a_colour():
    style = (ROOT / "workflow/qunlearn/studies/report/report.css").read_text()
    for verdict in (*VERDICTS, *WORDS.values()):
        assert re.search(rf"\.{verdict.replace(' ', '-')}[ ,]", style), verdict


def test_a_figure_without_anything_to_draw_is_left_out():
    section = CONFIG["controls"] | {"runs": []}
    bare = plan(controls=section)
    assert "figS_controls" not in [kind.figure for _, kind in bare.study("report").shown(bare)]


# -- the rule --------------------------------------------------------------------------------------
def test_times_are_those_of_the_last_run(tmp_path):
    assert timing.jobs(tmp_path).empty and len(timing.by_rule(timing.jobs(tmp_path))) == 0


@pytest.mark.workflow
def test_the_page_of_a_study_holds_its_main_figures(study):
    """Figures and tables are found by rule; captions, graph and origins are the study's own."""
    arguments = ["results/report.html", "--config", "report={include: [main]}"]
    assert planned(study, *arguments) == {"write_report": 1}
    text = snakemake(study, *arguments)
    assert re.search(r"report \| 100 % \| 4 figures, 8 tables", text)
    page = (study / "results/report.html").read_text()
    found = Page(page)
    assert set(found.anchors) <= set(found.ids) and all(
        s.startswith(("data:", "#")) for s in found.loads
    )
    assert {"fig1", "fig2", "fig3", "fig4", "table-toy", "table-architectures"} <= set(found.ids)
    assert all(
        f">{rule}</text>" in page
        for rule in ("build_dataset", "train_models", "draw_fig1", "write_report")
    )
    assert "draw_models" not in page and "No claim was decided" in page
    assert 'href="#fig2"' in page and "tensorcircuit-ng" in page
    assert planned(study, *arguments) == {}


@pytest.mark.workflow
def test_the_whole_page_needs_every_figure_and_the_claims(study):
    jobs = planned(study, "results/report.html")
    assert {f"draw_{name}" for name in CONFIG["supplement"]["figures"]} | {
        "decide_claims",
        "write_report",
    } <= set(jobs)
