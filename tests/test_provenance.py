"""What is recorded of a result's origin is true of this project, whatever folder it lies in."""

import shutil
import subprocess

import pytest

from qunlearn.results import provenance


def git(folder, *arguments):
    options = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder that stands for the project's, with a file of each kind that decides a number."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path / "outer" / "project"
    for name in ("Snakefile", "config.yaml", "workflow/rules/a.smk", "workflow/scripts/a.py",
                 "workflow/qunlearn/a.py", "presets/a.yaml", "docs/a.md"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a")
    monkeypatch.setattr(provenance, "ROOT", root)
    return root


def revision():
    provenance.git_revision.cache_clear()
    try:
        return provenance.git_revision()
    finally:
        provenance.git_revision.cache_clear()


def commit(folder):
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


def test_another_repository_around_the_project_is_not_its_revision(project, monkeypatch):
    assert revision() == "none"
    commit(project.parent)
    assert revision() == "none"
    monkeypatch.setenv("GIT_DIR", str(project.parent / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(project))
    assert revision() == "none"
    own = commit_without_environment(project, monkeypatch)
    assert revision() == own


def commit_without_environment(project, monkeypatch):
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    return commit(project)


def test_a_folder_without_a_commit_has_no_revision(project):
    git(project, "init", "-q")
    assert revision() == "none"


@pytest.mark.parametrize(
    "changed",
    ["Snakefile", "config.yaml", "workflow/rules/a.smk", "workflow/scripts/a.py",
     "workflow/qunlearn/a.py", "workflow/qunlearn/new.py", "presets/new.yaml"],
)  # fmt: skip
def test_every_change_that_decides_a_number_is_marked(project, changed):
    own = commit(project)
    (project / "docs/a.md").write_text("other words")
    assert revision() == own
    (project / changed).write_text("b")
    assert revision() == f"{own}+changes"
    git(project, "add", ".")
    assert revision() == f"{own}+changes"


def test_a_part_of_a_users_own_is_a_change(project, monkeypatch):
    own = commit(project)
    monkeypatch.setattr(provenance.registry, "own_files", lambda: [project / "mine.py"])
    assert revision() == f"{own}+changes"


def test_git_may_be_missing(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert revision() == "none"
