"""A result says what it was made with, and one that was made with other settings is never taken for the study's."""

import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from project import copy_project, snakemake
from qunlearn.results.cells import check_seeds
from qunlearn.results.csv import write_csv
from qunlearn.results.hdf5 import read, write
from qunlearn.results.trained import asked_cells, check_complete
from qunlearn.runtime import records
from qunlearn.runtime.errors import UserError


@pytest.fixture
def told():
    """A process whose job was told something."""
    records.begin({"seeds": [0, 2], "schedule": {"epochs": 5}, "code": "abc"}, ["b.h5", "a.h5"])
    yield {"seeds": [0, 2], "schedule": {"epochs": 5}}
    records.begin({}, [])


def test_a_result_carries_what_it_was_made_with(told, tmp_path):
    write(tmp_path / "c.h5", {"x": [1.0]}, {})
    write_csv(pd.DataFrame({"x": [1.0]}), tmp_path / "t.csv")
    records.write_records([tmp_path / "c.h5", tmp_path / "t.csv"], {"git_revision": "abc"})
    for name in ("c.h5", "t.csv"):
        assert records.disagreement(tmp_path / name, told, ["a.h5", "b.h5"]) is None
        why = records.disagreement(tmp_path / name, told | {"seeds": (0, 1, 2)}, ["a.h5", "b.h5"])
        assert why == "it was made with seeds [0, 2], and [0, 1, 2] is asked for"
        why = records.disagreement(tmp_path / name, {"schedule": {"epochs": 6}}, ["a.h5", "b.h5"])
        assert why == "it was made with schedule.epochs 5, and 6 is asked for"
    record = json.loads((tmp_path / ".t.csv.json").read_text())
    assert record["git_revision"] == "abc" and "code" not in record["made_with"]


def test_a_table_is_also_of_the_files_that_it_was_made_from(told, tmp_path):
    write_csv(pd.DataFrame({"x": [1.0]}), tmp_path / "t.csv")
    records.write_records([tmp_path / "t.csv"], {})
    assert "without c.h5" in records.disagreement(
        tmp_path / "t.csv", told, ["a.h5", "b.h5", "c.h5"]
    )
    assert "from b.h5, too" in records.disagreement(tmp_path / "t.csv", told, ["a.h5"])
    (tmp_path / ".t.csv.json").write_text("{")
    assert "nothing says" in records.disagreement(tmp_path / "t.csv", told, ["a.h5", "b.h5"])


def test_files_without_a_record_are_known_by_their_settings_and_cells(tmp_path):
    settings = {"schedule": {"epochs": 5}, "parameters": 7}
    cells = {"alpha": [0.0, 0.0, 0.3, 0.3], "seed": [0, 2, 0, 2]}
    write(tmp_path / "c.h5", cells, {"settings": json.dumps(settings)})
    asked = {"schedule": {"epochs": 5}, "alphas": [0.0, 0.3], "seeds": [0, 2], "data": {}}
    assert records.disagreement(tmp_path / "c.h5", asked, []) is None
    assert "seeds [0, 2]" in records.disagreement(
        tmp_path / "c.h5", asked | {"seeds": [0, 1, 2]}, []
    )
    assert "alphas" in records.disagreement(tmp_path / "c.h5", asked | {"alphas": [0.0]}, [])


def test_what_is_absent_or_cannot_be_read_is_left_to_the_job(tmp_path):
    assert records.disagreement(tmp_path / "no.h5", {}, []) is None
    (tmp_path / "c.h5").write_bytes(b"x")
    assert records.disagreement(tmp_path / "c.h5", {"seeds": [0]}, []) is None


def frame(cells):
    names = {"dataset": "digits", "model": "qnn", "corruption": "label_flipping"}
    return pd.DataFrame(cells, columns=["alpha", "seed"]).assign(**names)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([(0.0, 0), (0.0, 1), (0.3, 0)], "no run at alpha 0.3, seed 1"),
        ([(0.0, 0), (0.0, 1), (0.3, 0), (0.3, 1), (0.3, 1)], "more than one run"),
    ],
)
def test_a_table_holds_just_the_cells_asked_for(cells, words):
    files = ["results/train/digits/qnn/label_flipping/alpha0.00-0.30/seed0-1.h5"]
    asked = {"alpha": [0.0, 0.3], "seed": [0, 1]}
    check_complete(frame([(a, s) for a in (0.0, 0.3) for s in (0, 1)]), asked, files)
    with pytest.raises(UserError, match=f"digits qnn label_flipping: {words}.*seed0-1.h5"):
        check_complete(frame(cells), asked, files)


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_a_file_without_any_run_asked_for_is_no_empty_table(seeds, tmp_path):
    path = tmp_path / "digits/qnn/label_flipping/alpha0.00/seed0-2.h5"
    path.parent.mkdir(parents=True)
    cells = {"alpha": [0.0] * len(seeds), "seed": seeds}
    write(path, cells, {})
    content, _ = read(path)
    with pytest.raises(UserError, match=r"seed0-2\.h5 holds none of the runs asked for"):
        asked_cells(path, content, [0.0], [0, 2])
    with pytest.raises(UserError, match=r"seed0-2\.h5 holds (no run at all|0 runs of seed 0)"):
        check_seeds(path, content, [0, 2])


@pytest.fixture(scope="module")
def tabulated(tmp_path_factory):
    """A folder in which the resilience of an MLP was tabulated, for the seeds 0 and 2."""
    folder = copy_project(tmp_path_factory.mktemp("records"))
    config = yaml.safe_load((folder / "tiny.yaml").read_text())
    config |= {"models": ["mlp"], "seeds": [0, 2]}
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    snakemake(folder, TABLE, "--cores", "1")
    return folder


TABLE = "results/tables/resilience.csv"


def planned_after_loss(tabulated, *changes):
    """What a dry run says after Snakemake's own record was lost."""
    shutil.rmtree(tabulated / ".snakemake", ignore_errors=True)
    return snakemake(tabulated, TABLE, "-n", "--config", *changes, "--cores", "1")


@pytest.mark.long
@pytest.mark.workflow
def test_what_changed_is_made_again_though_snakemakes_record_is_lost(tabulated):
    assert "Nothing to be done" in planned_after_loss(tabulated, "seeds=[0,2]")
    said = planned_after_loss(tabulated, "seeds=[0,1,2]")
    assert "seed0-2.h5 is made again: it was made with seeds [0, 2], and [0, 1, 2]" in said
    assert f"{TABLE} is made again" in said
    said = planned_after_loss(tabulated, "training={digits: {mlp: {epochs: 11}}}")
    assert "made with schedule.epochs 10, and 11 is asked for" in said
    said = planned_after_loss(tabulated, "statistics={collapsed_margin: 0.1}")
    assert f"{TABLE} is made again: it was made with settings.margin 0.05" in said
    assert "train_models  " not in said.partition("Job stats")[2]


@pytest.mark.long
@pytest.mark.workflow
def test_a_file_of_another_study_is_never_tabulated(tabulated):
    [path] = (tabulated / "results/train").rglob("*.h5")
    good = path.read_bytes()
    with h5py.File(path, "r+") as file:
        record = json.loads(file.attrs[records.MADE_WITH])
        record["schedule"]["epochs"] = 999
        file.attrs[records.MADE_WITH] = json.dumps(record)
    said = snakemake(tabulated, TABLE, "-n", "--cores", "1")
    assert "schedule.epochs 999, and 10 is asked for" in said
    path.write_bytes(good)
    with h5py.File(path, "r+") as file:
        file["seed"][...] = np.where(file["seed"][()] == 2, 1, file["seed"][()])
    said = snakemake(tabulated, TABLE, "--cores", "1", check=False)
    assert "no run at alpha 0.0, seed 2" in said
    path.write_bytes(good)
