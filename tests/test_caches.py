"""Caches of compiled programs: whatever happened to their files, jobs compile anew and numbers stay."""

import itertools
import os
import shutil
import subprocess
import sys
import warnings

import pytest

from project import ROOT
from qunlearn.runtime import caches

#: A job's programs: XLA's, and the compiled loops of the QNN. Prints how many warnings came, and a sum of numbers.
JOB = """
import sys, warnings
sys.path.insert(0, sys.argv[2])
from qunlearn.runtime.job import configure_jax
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    configure_jax("single", sys.argv[1], 1)
    import jax
    import jax.numpy as jnp
    from qunlearn.quantum import foreign
    assert foreign.available()
    pool = jnp.ones((3, 16), jnp.float32)
    found = jax.jit(foreign.read)(pool, jnp.array([0, 2]), jnp.arange(16, dtype=jnp.float32))
    drawn = jax.random.normal(jax.random.key(0), (4,))
print(found.sum() + drawn.sum())
for warning in said:
    print("warning:", warning.message)
"""


def job(cache):
    """(number that a job computes, its warnings)."""
    command = [sys.executable, "-c", JOB, str(cache), str(ROOT / "workflow")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    number, *said = done.stdout.splitlines()
    return number, said


def cached(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def garble(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "one bit": garble,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"0"),
    "nonsense": lambda path: path.write_bytes(os.urandom(5000)),
}


@pytest.fixture(autouse=True)
def fresh_warnings():
    caches.warned.clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A job's cache, and what it computed."""
    folder = tmp_path_factory.mktemp("made") / "jax"
    number, said = job(folder)
    assert not said and {".xla", ".nbi", ".nbc"} == {path.suffix for path in cached(folder)}
    return folder, number


@pytest.mark.long
def test_damaged_caches_are_made_anew_with_one_warning(made, tmp_path):
    """All files, of XLA's programs and of Numba's loops, each damaged in one way; the next job warns of nothing."""
    folder = shutil.copytree(made[0], tmp_path / "jax")
    for path, damage in zip(cached(folder), itertools.cycle(DAMAGES.values())):
        damage(path)
    number, said = job(folder)
    assert number == made[1]
    assert len(said) == 1 and "are compiled anew" in said[0]
    assert job(folder) == (number, [])


@pytest.mark.long
def test_a_cache_that_cannot_be_written(made, tmp_path):
    """A file in its place: the job goes on without, with one warning."""
    (tmp_path / "file").write_text("")
    number, said = job(tmp_path / "file")
    assert number == made[1]
    assert len(said) == 1 and "programs cannot be kept in" in said[0]


# -- one file ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_no_file(damage, tmp_path):
    path = tmp_path / "program"
    caches.write(path, b"code" * 100)
    assert caches.read(path) == b"code" * 100
    DAMAGES[damage](path)
    with pytest.warns(UserWarning, match="are damaged, or another version's"):
        assert caches.read(path) is None
    assert not path.exists()


def test_files_of_other_names_and_compilers_are_not_taken(tmp_path, monkeypatch):
    caches.write(tmp_path / "one", b"code")
    shutil.copy(tmp_path / "one", tmp_path / "two")
    with pytest.warns(UserWarning, match="compiled anew"):
        assert caches.read(tmp_path / "two") is None
    monkeypatch.setattr(caches, "made_by", lambda: "numba 0")
    assert caches.read(tmp_path / "one") is None  # no second warning


def test_programs_of_another_processor_are_left_alone(tmp_path, monkeypatch):
    here = caches.Programs(tmp_path)
    here.put("key", b"code")
    assert here.get("key") == b"code"
    monkeypatch.setattr(caches, "processor", lambda: "another")
    assert here.get("key") is None
    here.put("key", b"other")
    assert len(list(tmp_path.iterdir())) == 2


def test_what_stands_in_a_files_way_is_no_error(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert caches.read(tmp_path / "gone") is None
    with pytest.warns(UserWarning) as said:
        assert caches.read(tmp_path / "folder") is None
        caches.write(tmp_path / "folder", b"code")
        caches.write(tmp_path / "file/below", b"code")
    assert "mend the folder" in str(said[-1].message)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_full_disk_is_a_warning(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="No space left"):
        caches.write(tmp_path / "program", b"code")
    assert not list(tmp_path.iterdir())


def test_numba_reads_and_writes_with_checksums(tmp_path):
    """Its index and its data, as it calls for them."""
    from numba.core import caching

    caches.check_loops()
    kind = caching.IndexDataCacheFile
    files = kind(str(tmp_path), "loop", "stamp")
    files.save("key", ("machine", "code"))
    assert files.load("key") == ("machine", "code")
    assert len(cached(tmp_path)) == 2
    for number, path in enumerate(cached(tmp_path)):
        content = path.read_bytes()
        for cut in range(0, len(content), 7):
            path.write_bytes(content[:cut])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert files.load("key") is None, (number, cut)
        path.write_bytes(content)
    assert files.load("key") == ("machine", "code")


def test_numba_compiles_anew_when_a_source_has_changed(tmp_path, monkeypatch):
    """Beside the file of the function itself, whose stamp Numba gives."""
    from numba.core import caching

    source = tmp_path / "vectors.py"
    found = []
    for content, saved in (("one", True), ("two", False), ("one", False)):
        source.write_text(content)
        with monkeypatch.context() as patch:
            patch.setattr(caching, "IndexDataCacheFile", caching.IndexDataCacheFile)
            caches.check_loops.__wrapped__(source)
            files = caching.IndexDataCacheFile(str(tmp_path / "cache"), "loop", "stamp")
            if saved:
                files.save("key", "code")
            found.append(files.load("key"))
    assert found == ["code", None, "code"]


def test_the_class_that_numba_is_given_exists():
    """`check_loops` stands on these names of Numba's, `keep_programs` on one of JAX's."""
    from jax._src import compilation_cache
    from numba.core import caching

    names = ("_load_index", "_load_data", "_open_for_write", "_data_path")
    assert all(hasattr(caching.IndexDataCacheFile, name) for name in names)
    assert callable(compilation_cache.get_file_cache)
