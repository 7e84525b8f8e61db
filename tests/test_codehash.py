"""What makes a rule run again: what its script and its parts do, and nothing else."""

import pytest

from project import ROOT
from qunlearn.parts.registry import file_of, find, shipped
from qunlearn.runtime import codehash
from qunlearn.runtime.codehash import LIBRARY, code_hash, file_hash, sources

SCRIPTS = ROOT / "workflow" / "scripts"
STAGES = ("build_dataset", "train_models", "unlearn_models", "analyse_landscape")


def reached(*files):
    """Modules of the library that files reach, as 'package/module.py'."""
    return {
        str(path.relative_to(LIBRARY)) for path in sources(*files) if path.is_relative_to(LIBRARY)
    }


def stage(script):
    return reached(SCRIPTS / f"{script}.py")


def jobs_of_studies():
    """(study, file) of everything that jobs of a study run."""
    found = []
    for name, study in shipped("study").items():
        folder = study.folder()
        found += [(name, folder / f"{module}.py") for module in ("table", "figure", "analysis")]
        scripts = [path for path in folder.glob("*.py") if "snakemake.params" in path.read_text()]
        found += [(name, path) for path in scripts]
    return [(name, path) for name, path in found if path.exists()]


def test_the_pipeline_knows_no_study_and_no_part():
    for script in STAGES:
        modules = stage(script)
        inside = {m for m in modules if m.startswith("studies/")} - {
            "studies/__init__.py",
            "studies/study.py",
        }
        assert not inside, (script, inside)
        parts = {m for m in modules if m.startswith("parts/") and m.count("/") == 2}
        assert {m.rpartition("/")[2] for m in parts} == {"__init__.py"}, (script, parts)
        assert not {m for m in modules if m.startswith("plots/")}, script


def test_a_study_enters_the_hash_of_no_other():
    """But for what a study says it is made of: the tables of others, and the claims, which are about all."""
    shared = {"studies/__init__.py", "studies/study.py"}
    for name, path in jobs_of_studies():
        others = {m for m in reached(path) if m.startswith("studies/")} - shared
        foreign = {m for m in others if m.split("/")[1] != name}
        if name in ("claims", "report"):
            continue
        assert not foreign, (name, path.name, foreign)


#: Shared modules, and the stages of the pipeline that run again when they do something else.
SHARED = {
    "training/minimise.py": {"train_models", "unlearn_models", "analyse_landscape"},
    "training/losses.py": {"train_models", "unlearn_models", "analyse_landscape"},
    "experiment/train.py": {"train_models"},
    "experiment/unlearn.py": {"unlearn_models"},
    "experiment/problem.py": {"train_models", "unlearn_models", "analyse_landscape"},
    "landscape/curvature.py": {"analyse_landscape"},
    "landscape/hessian.py": {"analyse_landscape"},
    "landscape/spectrum.py": set(),
    "statistics/bootstrap.py": set(),
    "statistics/transition.py": set(),
    "quantum/lightcone.py": set(),
    "plots/style.py": set(),
    "config/plan.py": set(),
    "config/check.py": set(),
    "grid/grid.py": set(),
    "results/cells.py": {"train_models", "unlearn_models", "analyse_landscape"},
    "results/datasets.py": set(STAGES),
    "results/hdf5.py": set(STAGES),
    "results/csv.py": {"build_dataset"},
    "results/trained.py": set(),
    "runtime/job.py": set(STAGES),
    "runtime/records.py": set(STAGES),
    "runtime/counts.py": {"train_models", "unlearn_models", "analyse_landscape"},
    "config/derived.py": set(),
}


@pytest.mark.parametrize("module", SHARED)
def test_a_shared_module_is_in_the_hash_of_what_uses_it(module):
    assert (LIBRARY / module).exists()
    assert {script for script in STAGES if module in stage(script)} == SHARED[module]


def test_a_part_brings_what_it_is_made_of():
    quantum = reached(file_of(find("model", "qnn")))
    assert {"quantum/lightcone.py", "quantum/kernel.py", "quantum/classifier.py"} <= quantum
    classical = reached(file_of(find("model", "mlp")))
    assert not {m for m in classical if m.startswith("quantum/")}
    assert "parts/datasets/xxz.py" in reached(file_of(find("dataset", "xxz")))


def test_comments_docstrings_and_formatting_do_not_count(tmp_path):
    def hashed(text):
        path = tmp_path / f"{abs(hash(text))}.py"
        path.write_text(text)
        return file_hash(path)

    plain = hashed('def f(a):\n    return a + "b"\n')
    assert (
        hashed(
            '"""Words."""\n\n\ndef f(a):\n    """More."""\n    # why\n    return (\n        a + "b"\n    )\n'
        )
        == plain
    )
    assert hashed('def f(a):\n    return a + "c"\n') != plain
    assert hashed("class A:\n    'x'\n") == hashed("class A:\n    pass\n")


def test_an_edited_module_changes_what_reaches_it(tmp_path, monkeypatch):
    script, helper, other = (tmp_path / name for name in ("script.py", "helper.py", "other.py"))
    script.write_text("import helper\n")
    helper.write_text("x = 1\n")
    other.write_text("y = 1\n")
    caches = (codehash.code_hash, codehash.file_hash, codehash._imports, codehash._tree)

    def hashed():
        for cache in caches:
            cache.cache_clear()
        return code_hash(str(script))

    first = hashed()
    helper.write_text("x = 1  # one\n")
    other.write_text("y = 2\n")
    assert hashed() == first
    helper.write_text("x = 2\n")
    assert hashed() != first


def test_the_library_is_read_once_however_many_jobs_there_are():
    code_hash(str(SCRIPTS / "train_models.py"))
    before = code_hash.cache_info()
    code_hash(str(SCRIPTS / "train_models.py"))
    after = code_hash.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
