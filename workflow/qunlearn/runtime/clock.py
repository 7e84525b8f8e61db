"""Where the time of a job goes: until its work begins, into compilation, into the work itself."""

from __future__ import annotations

import re
import time
from pathlib import Path

import psutil

WORDS = "start {:.2f} s, compilation {:.2f} s, work {:.2f} s"
_SPELT = re.compile(r"\| start ([\d.]+) s, compilation ([\d.]+) s, work ([\d.]+) s$")
#: Events of JAX that make a program: tracing, lowering, compiling or reading what was compiled before.
_COMPILATION = "/jax/core/compile/"


class Clock:
    """Of one process, from its creation on; seconds since the epoch."""

    def __init__(self):
        self.created = psutil.Process().create_time()
        self.ready = time.time()
        self._compiling: list[tuple[float, float]] = []

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

        jax.monitoring.register_event_duration_secs_listener(note)

    def words(self) -> str:
        """Seconds of each until now."""
        compilation = covered(self._compiling)
        work = time.time() - self.ready - compilation
        return WORDS.format(self.ready - self.created, compilation, max(work, 0))


def covered(spans: list[tuple[float, float]]) -> float:
    """Length of what these spans (begin, end) cover together: a program is traced inside another."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def read(log: Path) -> tuple[float, float, float] | None:
    """Start, compilation and work in a job's log; None where it does not tell."""
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        if found := _SPELT.search(line):
            return tuple(map(float, found.groups()))
    return None
