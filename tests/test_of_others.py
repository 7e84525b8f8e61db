"""Files of others: tables in any encoding that says so, numbers within their range, locked files and damaged ones."""

import subprocess
import sys

import h5py
import pandas as pd
import pytest

from project import plan
from qunlearn.parts.datasets.file import File
from qunlearn.results.csv import read_csv_of_others
from qunlearn.results.hdf5 import read, write
from qunlearn.runtime.errors import UserError
from qunlearn.studies.reproduction.published import check_common, read_published

TABLE = """dataset,model,corruption,alpha,run,train_accuracy,val_accuracy
mnist,mlp,label_flipping,0.0,0,1.0,0.99
mnist,mlp,label_flipping,0.30000000000000004,0,1.0,0.75
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be-mark"])
def test_the_published_table_is_read_in_every_encoding_that_says_so(tmp_path, encoding):
    path = tmp_path / "resilience.csv"
    text = TABLE.replace("\n", "\r\n")
    if encoding.endswith("mark"):
        path.write_bytes(("\ufeff" + text).encode("utf-16-be"))
    else:
        path.write_bytes(text.encode(encoding))
    table = read_published(path)
    assert table["alpha"].tolist() == [0.0, 0.3] and table["run"].tolist() == [0, 0]
    study = plan(published={"dir": str(tmp_path), "margin": 0.05}).study("reproduction")
    assert study.problems(plan()) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("0.99", "99", "val_accuracy in row 2 is 99.0, which is no number from 0 to 1"),
        ("0.75", "-0.1", "val_accuracy in row 3"),
        ("0.75", "", "val_accuracy in row 3 is nan"),
        ("0.75", "0,75", "cannot be read as a table"),
        ("0.30000000000000004", "1.2", "alpha in row 3"),
        ("0.30000000000000004,0,", "0.3,-1,", "run in row 3"),
        ("0.30000000000000004", "0.0", "row 3 is a run that an earlier row has"),
        ("val_accuracy", "accuracy", "has no column 'val_accuracy'"),
        (",", ";", "not told apart by commas"),
        (TABLE, "", "cannot be read as a table"),
    ],
)
def test_what_can_be_no_run_is_named(tmp_path, old, new, words):
    path = tmp_path / "resilience.csv"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(UserError, match=words):
        read_published(path)


@pytest.mark.parametrize(
    "content", [TABLE.replace("mlp", "mlp é").encode("latin-1"), TABLE.encode("utf-16-le")]
)
def test_an_encoding_that_does_not_say_so_is_refused_by_name(tmp_path, content):
    path = tmp_path / "resilience.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"resilience\.csv is n.* UTF-8"):
        read_published(path)
    study = plan(published={"dir": str(tmp_path), "margin": 0.05}).study("reproduction")
    assert "UTF-8" in study.problems(plan())[0]


def test_a_table_that_matches_nothing_is_refused(tmp_path):
    path = tmp_path / "resilience.csv"
    path.write_text(TABLE.replace("mnist", "MNIST"))
    ours = pd.read_csv(path).assign(dataset="mnist")
    with pytest.raises(UserError, match=r"no point in common.*MNIST"):
        check_common(read_published(path), ours, path)
    check_common(read_published(path), ours.assign(dataset="MNIST"), path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_dataset_of_ones_own_may_come_from_excel(tmp_path, encoding):
    rows = [f"{i % 7 + 1},{i % 3 + 1},{'ab'[i % 2]}" for i in range(24)]
    path = tmp_path / "mine.csv"
    path.write_bytes("\r\n".join(["p,q,kind", *rows]).encode(encoding))
    source = File(file=str(path), y="kind")
    assert source.shape() == (2,)
    assert source.build().x_train.shape[1] == 2


def test_semicolons_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1,5;2\n")
    with pytest.raises(UserError):
        read_csv_of_others(tmp_path / "t.csv")


# -- locked, damaged, missing ----------------------------------------------------------------------------------------
HOLD = """
import sys, time, h5py
file = h5py.File(sys.argv[1], "r+")
print("held", flush=True)
time.sleep(60)
"""


def test_a_locked_file_is_said_to_be_locked(tmp_path, monkeypatch):
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    path = tmp_path / "r.h5"
    write(path, {"x": [1.0]}, {})
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=r"r\.h5 is locked") as refused:
            read(path)
    finally:
        holder.kill()
        holder.wait()
    assert "Delete" not in str(refused.value)


def test_only_damage_is_called_damage(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        read(tmp_path / "no.h5")
    with pytest.raises(UserError, match="is a folder"):
        read(tmp_path)
    path = tmp_path / "r.h5"
    write(path, {"x": [1.0] * 1000}, {})
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UserError, match=r"damaged.*Delete it"):
        read(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["y"] = [1]
    with pytest.raises(UserError, match="holds no 'x'"):
        read(tmp_path / "other.h5", ("x",))
