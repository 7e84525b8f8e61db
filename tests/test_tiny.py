"""The preset that shows in a minute that all works, and Snakemake's own report of what it made."""

import json
import re

import docutils.core
import jinja2
import pytest
import yaml

from project import ROOT, configuration, copy_project, planned, snakemake
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.parts import registry

PRESET = "presets/tiny.yaml"
STUDIES = registry.known("study")
MINE = '''
from qunlearn import Study


class Gap(Study):
    """The generalisation gap."""

    figure = "figX_gap"
    reads = ("resilience",)

    def draw(self, resilience, looks):
        import matplotlib.pyplot as plt

        return plt.figure()
'''


ARGUMENTS = [
    "all",
    "results_tiny/figs/figX_gap.pdf",
    "--configfile",
    PRESET,
    "--config",
    "parts=gap.py",
]


def on_top(config, given):
    """As `--configfile` puts one configuration on another."""
    for key, value in given.items():
        both = isinstance(value, dict) and isinstance(config.get(key), dict)
        config[key] = on_top(config[key], value) if both else value
    return config


def plan_of(preset):
    given = yaml.safe_load((ROOT / preset).read_text())
    return Plan(check(on_top(configuration(), given)))


@pytest.mark.parametrize(
    ("preset", "results"), [(PRESET, "results_tiny"), ("presets/whole.yaml", "results")]
)
def test_a_preset_is_sound_for_every_study(preset, results):
    plan = plan_of(preset)
    ask(plan, STUDIES)
    assert plan.config["paths"]["results"] == results
    assert "results_*/" in (ROOT / ".gitignore").read_text().split()


@pytest.mark.parametrize("name", [name for name, kind in STUDIES.items() if kind.caption_file()])
def test_captions_are_templates_and_texts_that_snakemakes_report_can_render(name):
    text = STUDIES[name].caption_file().read_text()
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    assert environment.from_string(text).render() == text.rstrip("\n")
    settings = {"halt_level": 2, "report_level": 2, "_disable_config": True}
    docutils.core.publish_parts(text, writer="html", settings_overrides=settings)


@pytest.mark.workflow
@pytest.mark.long
def test_every_target_of_the_preset_can_be_planned(tmp_path):
    folder = copy_project(tmp_path / "project")
    jobs = planned(folder, "everything", "benchmark", "--configfile", PRESET)
    plan = plan_of(PRESET)
    figures = {name: kind for name, kind in STUDIES.items() if kind.figure}
    drawn = set()
    for name, kind in figures.items():
        if plan.study(name).applies(plan):
            drawn.add(f"draw_{kind.drawing_rule()}")
    of_ground_states = {"draw_phase", "draw_extrapolation"}
    assert len(drawn) == len(figures) - len(of_ground_states) and not drawn & of_ground_states
    assert drawn | {"decide_claims", "write_report", "time_engine"} <= set(jobs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The preset, run, with a study of a user's own on top of it."""
    folder = copy_project(tmp_path_factory.mktemp("tiny"))
    (folder / "gap.py").write_text(MINE)
    snakemake(folder, *ARGUMENTS)
    return folder


@pytest.mark.workflow
@pytest.mark.long
def test_the_preset_draws_every_main_figure_in_a_folder_of_its_own(folder):
    names = {path.name for path in (folder / "results_tiny/figs").glob("*.pdf")}
    assert names == {"fig1.pdf", "fig2.pdf", "fig3.pdf", "fig4.pdf", "figX_gap.pdf"}
    tables = {path.stem for path in (folder / "results_tiny/tables").glob("*.csv")}
    assert {"resilience", "unlearning", "landscape"} <= tables
    assert not (folder / "results").exists()


@pytest.mark.workflow
@pytest.mark.long
def test_snakemakes_report_holds_the_figures_with_captions_and_categories(folder):
    snakemake(folder, *ARGUMENTS, "--report", "page.html")
    page = (folder / "page.html").read_text()
    categories = json.loads(re.search(r"var categories = (.*);\n", page)[1])
    figures = [f"results_tiny/figs/fig{number}.pdf" for number in "1234"]
    gap = "results_tiny/figs/figX_gap.pdf"
    assert categories == {"Figures": {"Other": figures}, "Beyond the paper": {"Other": [gap]}}
    results = json.loads(re.search(r"var results = (\{\".*);\n", page)[1])
    for path in figures:
        assert results[path]["caption"].startswith("<p><strong>"), path
        assert results[path]["data_uri"].startswith("data:application/pdf"), path
    assert "Poisoning and unlearning" in re.search(r"var workflow_desc = (.*);", page)[1]
    assert not re.findall(r'(?:src|href)="https?:', page)
