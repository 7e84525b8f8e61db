"""Compiled programs that jobs keep for later jobs: what is damaged, or not of this machine, is compiled anew.

Jobs are killed, and disks run full, while such files are written. XLA and Numba would take what is left for machine
code; here every file carries its checksum, and takes its place whole. Numbers do not depend on any of this.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path

DIGEST = 32  # bytes at a file's end
#: Kinds of warnings that this process has given.
warned: set[str] = set()


# -- files with checksums --------------------------------------------------------------------------------------------
def checksum(name: str, content: bytes) -> bytes:
    """Of a file's content and name, and of what made it."""
    return hashlib.sha256(f"{made_by()}\0{name}\0".encode() + content).digest()


@cache
def made_by() -> str:
    """Compilers whose files are no use to each other."""
    found = [platform.python_version()]
    for package in ("jaxlib", "numba", "llvmlite"):
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


@cache
def processor() -> str:
    """Ten hexadecimal digits for the instructions that this machine knows."""
    try:
        from llvmlite import binding

        words = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    except Exception:  # whatever llvmlite raises where it does not run: a name is enough
        words = f"{platform.machine()} {platform.processor()}"
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def read(path: Path) -> bytes | None:
    """A file's content without its checksum; None where it is not there, or damaged: then it goes, with a warning."""
    try:
        whole = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        whole = b""
    content, digest = whole[:-DIGEST], whole[-DIGEST:]
    if digest == checksum(path.name, content):
        return content
    warn_of_damage(path.parent)
    with suppress(OSError):
        path.unlink()
    return None


def write(path: Path, content: bytes) -> None:
    """Write a file with its checksum, whole or not at all; a warning where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content + checksum(path.name, content))
            os.replace(temporary, path)
        finally:
            with suppress(OSError):
                os.unlink(temporary)
    except OSError as error:
        warn_of_folder(path.parent, error.strerror)


def warn_of_damage(folder: Path) -> None:
    warn_once(
        "damaged",
        f"compiled programs in {folder} are damaged, or another version's; they are compiled anew",
    )


def warn_of_folder(folder: Path, why: str) -> None:
    warn_once(
        "not kept",
        f"compiled programs cannot be kept in {folder} ({why}): jobs compile them again; mend the folder, or name "
        "another under paths.compilation_cache",
    )


def warn_once(kind: str, words: str) -> None:
    """A warning, unless there was one of this kind before."""
    if kind not in warned:
        warned.add(kind)
        warnings.warn(words, stacklevel=4)


# -- XLA ---------------------------------------------------------------------------------------------------------------
class Programs:
    """Programs of XLA in a folder, as JAX asks for them: one file for each, and for each kind of processor."""

    def __init__(self, folder: str):
        self._path = Path(folder)

    def _file(self, key: str) -> Path:
        return self._path / f"{key}-{processor()}.xla"

    def get(self, key: str) -> bytes | None:
        return read(self._file(key))

    def put(self, key: str, value: bytes) -> None:
        write(self._file(key), value)


def keep_programs(folder: Path) -> None:
    """Let JAX keep its compiled programs in a folder."""
    import jax
    from jax._src import compilation_cache

    compilation_cache.get_file_cache = lambda path: (Programs(path), path)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")  # carry no checksum


# -- Numba -------------------------------------------------------------------------------------------------------------
def keep_loops(folder: Path) -> None:
    """Let Numba, before it meets a loop, keep its compiled loops in a folder, or where that cannot be written in one
    that goes when the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        warn_of_folder(folder, error.strerror)
        folder = tempfile.mkdtemp(prefix="qunlearn-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if numba := sys.modules.get("numba"):  # which has read the variable
        numba.config.CACHE_DIR = str(folder)


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """A package that is not imported yet cannot be imported meanwhile."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None
    try:
        yield
    finally:
        del sys.modules[package]


@cache
def check_loops(*sources: Path) -> None:
    """Make Numba read and write its files as above, and compile anew when one of the `sources` has
    changed, as it does by itself only for the file that a function stands in; to be called before
    functions are compiled."""
    with hidden("scipy"):
        # which imports SciPy where it is, for matrix products that no loop asks for
        import_module("numba.np.arraymath")
    from numba.core import caching

    plain = caching.IndexDataCacheFile
    digests = [hashlib.sha256(source.read_bytes()).hexdigest() for source in sources]

    class Checked(plain):
        def __init__(self, cache_path, filename_base, source_stamp):
            super().__init__(cache_path, filename_base, (source_stamp, *digests))

        def _load_index(self):
            whole = read(Path(self._index_path)) is not None
            return super()._load_index() if whole else {}

        def _load_data(self, name):
            path = Path(self._data_path(name))
            if read(path) is None:
                raise FileNotFoundError(path)  # Numba then compiles
            return super()._load_data(name)

        @contextmanager
        def _open_for_write(self, path):
            content = BytesIO()
            yield content
            write(Path(path), content.getvalue())

    caching.IndexDataCacheFile = Checked
