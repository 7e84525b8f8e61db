"""What every job does around its work: numerical precision, compilation cache, progress lines, readable errors."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UserError


def share_library() -> None:
    """Put this library's folder on the search path of every Python that this process starts."""
    folder = str(Path(__file__).parents[1])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, paths)])


def configure_jax(precision: str, cache: str | None, threads: int) -> str:
    """Set JAX up before its first use and return the device's name.

    On a CPU with one thread XLA's thread pool is switched off: it costs more than it gains on matrices of this size,
    and results then do not depend on scheduling.
    """
    if threads == 1:
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    import jax

    jax.config.update("jax_enable_x64", precision == "double")
    if cache:
        jax.config.update("jax_compilation_cache_dir", str(Path(cache).resolve()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    device = jax.devices()[0]
    return f"{device.platform}: {device.device_kind}"


class Progress:
    """Prints `title | percent | text` to the terminal and the log, at most every `every` seconds and at the end."""

    def __init__(self, title: str, log: Path | None, every: float = 5.0):
        self.title, self.log, self.every, self.last = title, log, every, -float("inf")

    def line(self, text: str) -> None:
        message = f"{self.title} | {text}"
        print(message, file=sys.stderr, flush=True)
        if self.log:
            with self.log.open("a") as file:
                file.write(message + "\n")

    def __call__(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if fraction >= 1 or now - self.last >= self.every:
            self.last = now
            self.line(f"{100 * fraction:3.0f} % | {text}")


@contextmanager
def job(title: str, log: str | None = None) -> Iterator[Callable[[float, str], None]]:
    """Run a job's work; a UserError ends the process with its one sentence, anything else with a traceback."""
    path = Path(log) if log else None
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    progress = Progress(title, path)
    try:
        yield progress
    except UserError as error:
        progress.line(f"error: {error}")
        raise SystemExit(1) from None
