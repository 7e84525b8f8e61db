"""Where the time of a job goes: until its work begins, into compilation, into the work itself."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import NamedTuple

import psutil

_SPELT = re.compile(
    r"\| start ([\d.]+) s, compilation ([\d.]+) s of (\d+) programs, work ([\d.]+) s$"
)
#: Events of JAX that make a program: tracing, lowering, compiling or reading what was compiled before.
_COMPILATION = "/jax/core/compile/"
#: The last of these, once for every program.
_COMPILED = _COMPILATION + "backend_compile_duration"


class Spent(NamedTuple):
    """Seconds of a job, or of many: until its work begins, in compilation of so many programs, in the work itself."""

    start: float
    compilation: float
    programs: int
    work: float

    def __str__(self):
        return (
            f"start {self.start:.2f} s, compilation {self.compilation:.2f} s of {self.programs} programs, "
            f"work {self.work:.2f} s"
        )


class Clock:
    """Of one process, from its creation on; seconds since the epoch."""

    def __init__(self):
        self.ready = time.time()
        self._compiling: list[tuple[float, float]] = []
        self._programs = 0

    def starts_now(self) -> None:
        """The work begins: what it is done with has started."""
        self.ready = time.time()

    def watch_compilation(self) -> None:
        """Hear from JAX what it spends on programs."""
        import jax.monitoring

        def note(event: str, seconds: float, **_) -> None:
            if event.startswith(_COMPILATION):
                now = time.time()
                self._compiling.append((now - seconds, now))
                self._programs += event == _COMPILED

        jax.monitoring.register_event_duration_secs_listener(note)

    def spent(self) -> Spent:
        """Until now."""
        start = self.ready - created()
        compilation = covered(self._compiling)
        work = max(time.time() - self.ready - compilation, 0)
        return Spent(start, compilation, self._programs, work)


def created() -> float:
    """When this process, of which others may be forks, was created. The system's record counts from the machine's
    start, of which it keeps whole seconds only; where there is a finer clock of that, its time is taken."""
    moment = psutil.Process().create_time()
    if hasattr(time, "CLOCK_BOOTTIME"):
        moment += time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) - psutil.boot_time()
    return moment


def covered(spans: list[tuple[float, float]]) -> float:
    """Length of what these spans (begin, end) cover together: a program is traced inside another."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def read(log: Path) -> Spent | None:
    """What a job's log says that it spent; None where it does not tell."""
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        if found := _SPELT.search(line):
            start, compilation, programs, work = found.groups()
            return Spent(float(start), float(compilation), int(programs), float(work))
    return None


def together(logs: list[Path]) -> tuple[int, Spent]:
    """How many of these logs tell what their jobs spent, and what they spent together."""
    told = [spent for log in logs if (spent := read(log))]
    return len(told), Spent(*map(sum, zip(*told))) if told else Spent(0, 0, 0, 0)
