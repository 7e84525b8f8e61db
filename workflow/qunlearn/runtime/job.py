"""What every job does around its work: numerical precision, compilation cache, progress lines, readable errors."""

from __future__ import annotations

import errno
import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qunlearn.parts import registry
from qunlearn.parts.part import shown_path
from qunlearn.runtime import records
from qunlearn.runtime.caches import keep_loops, keep_programs
from qunlearn.runtime.clock import Clock
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.surroundings import shield, start_jax

CLOCK = Clock()
#: New objects before Python looks for cycles among them. Imports and traces make hundreds of thousands, nearly none of
#: them garbage, and looking at its own pace takes a sixth of a short job.
SEVERAL = 100_000


def share_library() -> None:
    """Put this library's folder on the search path of every Python that this process starts."""
    folder = str(Path(__file__).parents[2])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, paths)])


def print_in_any_locale() -> None:
    """Let letters that the terminal's encoding does not have be printed as their numbers, not stop this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def configure_jax(precision: str, cache: str | None, threads: int) -> str:
    """Set JAX up before its first use and return the device's name.

    On a CPU with one thread XLA's operations run one after the other: handing them to a pool costs more than it gains
    at this size, and results then do not depend on scheduling.
    """
    shield(threads)
    if cache:
        keep_loops(Path(cache).resolve() / "numba")
    device = start_jax(precision)
    if cache:
        keep_programs(Path(cache).resolve())
    gc.freeze()  # what is imported stays
    CLOCK.watch_compilation()
    CLOCK.starts_now()
    return f"{device.platform}: {device.device_kind}"


class Told:
    """A stream in place of another, for which nothing that goes wrong on the way matters: a terminal that is gone, a
    full disk behind it, or characters that it does not know."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


def tell_safely() -> None:
    """Keep what is printed from failing the process. A process without streams gets none."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Told):
            setattr(sys, name, Told(stream))


class Progress:
    """Prints `title | percent | text` to the terminal and the log, at most every `every` seconds and at the end."""

    def __init__(self, title: str, log: Path, every: float = 5.0):
        self.title, self.log, self.every, self.last = title, log, every, -float("inf")

    def line(self, text: str) -> None:
        print(f"{self.title} | {text}", file=sys.stderr, flush=True)
        self.note(text)

    def note(self, text: str) -> None:
        """A line in the log alone; a full disk is reported by what needs the space."""
        with suppress(OSError), self.log.open("a", encoding="utf-8") as file:
            file.write(f"{self.title} | {text}\n")

    def __call__(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if fraction >= 1 or now - self.last >= self.every:
            self.last = now
            self.line(f"{100 * fraction:3.0f} % | {text}")


def _diagnosis(error: Exception) -> str | None:
    """One sentence for what the user or the machine's keeper can mend; None for anything else."""
    if isinstance(error, UserError):
        return str(error)
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error):
        return (
            f"the disk is full ({error}). Free space and run the same command again: finished results are kept, this "
            "one is computed anew."
        )
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{error.filename or error} cannot be written. Change its permissions, or another folder under `paths`."
    return None


def _in_own_part(error: Exception, log: Path) -> str | None:
    """One sentence with file and line for an error that passed through a part of the user's; the traceback goes into
    the log. None for anything else."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        for file in registry.own_files():
            if Path(frame.filename) == file:
                with suppress(OSError), log.open("a", encoding="utf-8") as text:
                    traceback.print_exception(error, file=text)
                place = f"{shown_path(file)}, line {frame.lineno}, in {frame.name}"
                return f"{place}: {type(error).__name__}: {error}"
    return None


def write_records(outputs) -> None:
    """What was made with what, beside outputs that cannot carry it themselves."""
    if any(Path(path).suffix != ".h5" for path in outputs):
        from qunlearn.results.provenance import origin

        records.write_records(outputs, origin())


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


@contextmanager
def job(title: str, snakemake) -> Iterator[Progress]:
    """Run a job's work with its progress in the job's log.

    What the user can mend ends the process with one sentence, anything else with a traceback. Snakemake retries without
    asking why a job failed; a retry helps against lost nodes and too little memory or time, but not against an error
    of the work itself, so a retry of a job whose log ends in an error stops at once with the same words.
    """
    gc.set_threshold(SEVERAL)
    tell_safely()
    log = Path(snakemake.log[0])
    progress = Progress(title, log)
    try:
        records.begin(snakemake.params, snakemake.input)
        registry.load(getattr(snakemake, "config", {}).get("parts", []))
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
        if snakemake.resources.get("attempt", 1) > 1 and log.exists():
            _, failed, why = log.read_text(encoding="utf-8", errors="replace").rpartition(
                "| error: "
            )
            if failed:
                raise UserError(why.strip())
        with suppress(OSError):
            log.write_text("", encoding="utf-8")
        yield progress
        write_records(snakemake.output)
        progress.note(str(CLOCK.spent()))
    except Exception as error:
        if _out_of_memory(error):
            progress.line(f"out of memory: {error}")
            raise
        sentence = _diagnosis(error) or _in_own_part(error, log)
        progress.line(f"error: {sentence or repr(error)}")
        if sentence is None:
            raise
        raise SystemExit(1) from None
