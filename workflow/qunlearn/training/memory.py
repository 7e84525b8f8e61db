"""How much memory there is for a program, and how much it takes."""

from __future__ import annotations

import os
from pathlib import Path

import jax

#: Part of a device's free memory that one program may take, which is not all in one piece.
OF_DEVICE = 0.9
GIB = 2**30
ROOT = Path("/")


def device():
    """The device that programs run on."""
    (one,) = jax.device_put(0).devices()
    return one


def budget() -> int:
    """Bytes that a program may take now: of the device's memory where it tells how much is free, else of the host's
    within the limits of the container or job that this process is in."""
    stats = device().memory_stats() or {}
    if "bytes_limit" in stats:
        free = stats["bytes_limit"] - stats.get("bytes_in_use", 0)
        return int(OF_DEVICE * free)
    return host_memory()


def needed(program) -> int:
    """Bytes that a compiled program takes beside its arguments; 0 where it does not tell."""
    found = program.memory_analysis()
    if found is None:
        return 0
    results = found.output_size_in_bytes - found.alias_size_in_bytes
    return results + found.temp_size_in_bytes


def require(size: int, what: str) -> None:
    """Raises MemoryError unless there are so many bytes."""
    free = budget()
    if size > free:
        raise MemoryError(
            f"{what} need {size / GIB:.2g} GiB of memory and {free / GIB:.2g} GiB are free: give "
            "the job more, run fewer jobs at once, or choose fewer samples."
        )


def host_memory(root: Path = ROOT) -> int:
    """Bytes of the host's memory that are free for this process, and of what it may swap; `root` is where its file
    system begins."""
    found = [_available(root)]
    groups = root / "proc/self/cgroup"
    if groups.exists():
        for group in groups.read_text(encoding="utf-8").splitlines():
            found += _left_in(root / "sys/fs/cgroup", group)
    return max(0, min(found))


def _available(root: Path) -> int:
    """Bytes that the system could give out; where it does not say, all it has."""
    try:
        lines = (root / "proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sizes = dict(line.split(":") for line in lines)
    names = "MemAvailable", "SwapFree"
    return 1024 * sum(int(sizes.get(name, "0").split()[0]) for name in names)


def _left_in(mount: Path, group: str) -> list[int]:
    """Bytes left below each limit on one of this process's control groups, a line '0::/PATH' (version 2) or
    'N:memory:/PATH' (version 1), and on those that it is in."""
    number, controllers, path = group.split(":", 2)
    if number == "0" and not controllers:
        names = "memory.max", "memory.current", "inactive_file"
    elif "memory" in controllers.split(","):
        mount = mount / "memory"
        names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    else:
        return []
    inside = Path(path.lstrip("/"))
    found = []
    for folder in (inside, *inside.parents):  # a container sees its own group as the root
        left = _left(mount / folder, *names)
        if left is not None:
            found.append(left)
    return found


def _left(folder: Path, limit: str, usage: str, cached: str) -> int | None:
    """Bytes left in one control group; None where it has no limit. Cached files make room when asked to."""
    try:
        most = (folder / limit).read_text(encoding="utf-8").strip()
        used = int((folder / usage).read_text(encoding="utf-8"))
        stat = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    if most == "max":
        return None
    cache = dict(line.split() for line in stat).get(cached, 0)
    return int(most) - used + int(cache)
