"""Files are UTF-8 and sentences are printed, whatever the locale says."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT, copy_project

FILES = [
    path
    for place in ("workflow", "docs", "tests/project.py")
    for path in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
]
#: What has an `open` of another kind.
ELSEWHERE = ("archive",)
#: How one begins a process, whose output is text where `text` is asked for.
RUNS = ("run", "Popen", "check_output")


def without_encoding(tree: ast.Module) -> list[int]:
    """Lines of calls that leave a text's encoding to the locale."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = {keyword.arg for keyword in node.keywords}
        module = getattr(getattr(node.func, "value", None), "id", "")
        mode = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        texts = [part.value for part in mode if isinstance(part, ast.Constant)]
        binary = any(
            isinstance(text, str) and re.fullmatch("[rwax+]*b[rwax+]*", text) for text in texts
        )
        opens = name in ("read_text", "write_text") or (name in ("open", "fdopen") and not binary)
        runs = name in RUNS and given & {"text", "universal_newlines"}
        if ((opens and module not in ELSEWHERE) or runs) and "encoding" not in given:
            found.append(node.lineno)
    return found


def test_no_text_is_read_or_written_in_the_locales_encoding():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    found = {str(path): without_encoding(tree) for path, tree in trees.items()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("open(x)", True), ("open(x, 'w')", True), ("path.open('a')", True), ("path.read_text()", True),
        ("path.write_text(y)", True), ("subprocess.run(c, text=True)", True), ("os.fdopen(n, 'w')", True),
        ("open(x, 'rb')", False), ("path.open('wb')", False), ("path.read_text(encoding='utf-8')", False),
        ("subprocess.run(c)", False), ("os.fdopen(n, 'wb')", False), ("path.write_text('b')", True),
    ],
)  # fmt: skip
def test_such_calls_are_found(line, is_found):
    assert bool(without_encoding(ast.parse(line))) == is_found


def test_what_is_started_in_any_locale_is_ascii():
    """Snakemake reads these itself, in the locale's encoding where it does not say which."""
    for path in [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]:
        assert path.read_bytes().isascii(), path


LOCALES = {
    "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1 output": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.workflow
@pytest.mark.long
@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_and_a_summary_in_another_locale(locale, tmp_path):
    """Of a configuration with letters that the locale does not have."""
    folder = copy_project(tmp_path / "project")
    (folder / "letters.yaml").write_text(
        "seeds: [0]  # é…\npaths: {results: out}\n", encoding="utf-8"
    )
    (folder / "folder.yaml").write_text("paths: {results: ünd}\n", encoding="utf-8")
    (folder / "wrong.yaml").write_text("models: [ünd]\n", encoding="utf-8")

    def said(*command):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env=os.environ | LOCALES[locale],
            capture_output=True,
        )
        text = (done.stdout + done.stderr).decode("latin-1")
        assert "Traceback" not in text and "codec" not in text, text
        return done.returncode, text

    files = ["--configfile", "tiny.yaml", "letters.yaml"]
    code, text = said("-m", "snakemake", "-c1", "out/data/digits.h5", *files)
    assert code == 0 and (folder / "out/data/digits.h5").exists(), text
    log = next(Path(folder, "logs").rglob("digits.log")).read_text(encoding="utf-8")
    assert "217 training" in log
    code, text = said("-m", "snakemake", "-n", *files, "wrong.yaml")
    assert code == 1 and "models[0]: no architecture" in text
    code, text = said("-m", "snakemake", "-n", *files, "folder.yaml")
    assert code == 1 and "holds letters that files cannot have in this locale" in text
    code, text = said("workflow/scripts/print_summary.py", *files)
    assert code == 0 and "build_dataset" in text
