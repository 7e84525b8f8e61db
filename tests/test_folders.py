"""Folders of `paths`: one spelling for all who use them, and one sentence for those that cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from project import configuration, copy_project, snakemake
from qunlearn.config import called
from qunlearn.config.blocks import read_block
from qunlearn.config.check import check
from qunlearn.config.folders import check_folders, prefix
from qunlearn.config.plan import Plan
from qunlearn.config.settings import Paths
from qunlearn.runtime.errors import UserError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("BIG", "/big/disk/")
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("VOID", "")
    return tmp_path


USUAL = configuration()["paths"]


def paths(**changed) -> dict:
    """The section `paths` with these keys, checked."""
    read, wrong = read_block(Paths, USUAL | changed, ("paths",))
    if wrong:
        raise UserError("\n".join(wrong))
    return read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("out", "out"), ("out/", "out"), ("./out", "out"), ("out//x/./y", "out/x/y"), (" out ", "out"),
        (".", "."), ("./", "."), ("x/..", "."), ("../out/", "../out"), ("x/../out", "out"),
        ("/big/out/", "/big/out"), ("//big//out", "/big/out"), ("/", "/"),
        ("~", "/home/me"), ("~/out", "/home/me/out"), ("$BIG/out", "/big/disk/out"),
        ("${BIG}out", "/big/disk/out"), ("a b/é,c=d~e", "a b/é,c=d~e"), ("x[1]+(2)", "x[1]+(2)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["results", "logs", "mnist", "compilation_cache", "scratch"])
def test_a_folder_has_one_spelling(key, text, meant, here):
    found = paths(**{key: text})
    assert found[key] == meant
    assert paths(**found) == found


def test_a_folder_is_what_the_system_takes_it_for_where_links_lead_out_of_it(here):
    (here / "far/away").mkdir(parents=True)
    (here / "link").symlink_to(here / "far/away")
    assert paths(results="link/../out")["results"] == str(here / "far/out")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$NOWHERE/out", "holds $NOWHERE, which is not set"),
        ("${NOWHERE}/out", "holds $NOWHERE, which is not set"),
        ("$VOID/out", "holds $VOID, which is not set"),
        ("~nobody-has-this-name/out", "there is no such user"),
        ("./~me", None),
        ("out{x}", "braces, which Snakemake takes for a wildcard"),
        ("out}", "braces"),
        ("a\nb", "a line break or another control character"),
        ("s3://bucket/out", "an address"),
        ("cost$", "a '$' that names no variable"),
        ("", "must not be empty"),
        ("   ", "is empty"),
        (7, "7 is not of type string"),
    ],
)
def test_a_folder_that_cannot_be_is_one_sentence(text, words, here):
    if words is None:
        assert paths(results=text)["results"] == "~me"
        return
    with pytest.raises(UserError) as refused:
        paths(results=text)
    assert str(refused.value).startswith("paths.results: ") and words in str(refused.value)


def test_folders_are_checked_with_the_configuration(here):
    with pytest.raises(UserError, match="1 problem in the configuration; nothing was started"):
        check(configuration(paths=USUAL | {"results": "$NOWHERE"}))


@pytest.mark.parametrize("key", ["results", "logs", "mnist", "compilation_cache", "scratch"])
def test_what_stands_in_the_way_of_a_folder_is_named(key, here):
    (here / "file").write_text("")
    (here / "link").symlink_to(here / "gone")
    (here / "loop").symlink_to(here / "loop")
    for text, words in (
        ("file", "file is not a folder"),
        ("file/below", "file is not a folder"),
        ("link", f"link is a link to {here}/gone, which is not there"),
        ("link/below/this", "is a link to"),
        ("loop", "is a link to"),
        ("x" * 300, "a part of more than 255 bytes"),
        ("é" * 130, "a part of more than 255 bytes"),
        ("/".join(["x" * 200] * 20), "is longer than"),
    ):
        with pytest.raises(UserError) as refused:
            check_folders(paths(**{key: text}))
        said = str(refused.value)
        assert said.startswith(f"paths.{key}: ") and words in said and said.endswith("started.")


@pytest.mark.parametrize("key", ["results", "logs"])
@pytest.mark.parametrize(
    "text", [".snakemake", ".snakemake/x", "{project}/workflow", "{project}/docs/x"]
)
def test_results_do_not_mix_with_the_code(key, text, here):
    text = text.format(project=Path(__file__).parents[1])
    with pytest.raises(UserError, match="which is not for results"):
        check_folders(paths(**{key: text}))


def test_folders_may_be_one_and_lie_in_each_other(here):
    for results, logs in (("out", "out"), ("out/x", "out"), ("out", "out/logs"), (".", ".")):
        check_folders(paths(results=results, logs=logs, compilation_cache=results))


def test_a_folder_that_cannot_be_written(here, monkeypatch):
    closed = here / "closed"
    closed.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)
    for key in ("results", "logs", "scratch"):
        for text in ("closed", "closed/below"):
            with pytest.raises(UserError, match=f"paths.{key}: .*closed cannot be written; change"):
                check_folders(paths(**{key: text}))
    check_folders(paths(mnist="closed", compilation_cache="closed/below"))
    check_folders(paths(scratch="closed/on/the/nodes"), submits=True)


@pytest.mark.parametrize("text", ["out/", "./out", ".", "$BIG/x"])
def test_rules_and_the_grid_spell_files_alike(text, here):
    config = check(configuration(paths=USUAL | {"results": text}))
    grid = Plan(config).grid
    root = prefix(config["paths"]["results"])
    assert grid.table("resilience") == f"{root}tables/resilience.csv"
    assert grid.data("digits") == f"{root}data/digits.h5"


# -- scripts that belong to a run ----------------------------------------------------------------------------------
def test_scripts_find_the_folders_of_a_run(here):
    (here / "own.yaml").write_text("paths: {results: from_file/, logs: $BIG/logs}\n")
    (here / "elsewhere").mkdir()
    arguments = ["fig.pdf", "--configfile", "own.yaml", "-d", "elsewhere", "-c", "2", "-n"]
    found = called.folders(called.options(arguments))
    assert found["results"] == "from_file" and found["logs"] == "/big/disk/logs"
    assert Path.cwd() == here / "elsewhere"
    arguments = ["--configfile", "../own.yaml", "--config", "paths={results: ./x}", "seeds=[0]"]
    assert called.folders(called.options(arguments))["results"] == "x"
    assert called.folders(called.options([]))["results"] == "results"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--directory", "gone"], "--directory gone is not there"),
        (["--configfile", "gone.yaml"], "gone.yaml is not there"),
        (["--config", "results"], "name=value"),
        (["--config", "paths={results: $NOWHERE}"], "paths.results: '$NOWHERE' holds"),
    ],
)
def test_scripts_say_what_they_do_not_understand(arguments, words, here):
    with pytest.raises(UserError) as refused:
        called.folders(called.options(arguments))
    assert words in str(refused.value)


@pytest.mark.workflow
@pytest.mark.long
@pytest.mark.parametrize("results", [".", "ünd, ~a=[b] (c)+'d'"])
def test_a_run_elsewhere_with_odd_folders(results, tmp_path):
    """A figure's table by its name, its summary, and its recovery, from another folder than the run's."""
    project = copy_project(tmp_path / "project")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    quoted = '"' + results + '"'
    (project / "odd.yaml").write_text(
        f"paths: {{results: {quoted}, logs: {quoted}, scratch: {quoted}, compilation_cache: {quoted}}}\n",
        encoding="utf-8",
    )
    options = ["-s", "project/Snakefile", "-d", "elsewhere"]
    options += ["--configfile", "project/tiny.yaml", "project/odd.yaml"]
    target = os.path.join(results, "tables/resilience.csv")
    snakemake(tmp_path, target, "-c", "2", *options)
    assert (elsewhere / target).exists()
    assert "Nothing to be done" in snakemake(tmp_path, f"./{target}", *options)

    def script(name):
        command = [sys.executable, f"project/workflow/scripts/{name}.py", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = script("print_summary")
    assert "resilience.csv" in said and "train_models" in said
    assert "unlocked; run the same command again" in script("recover")
