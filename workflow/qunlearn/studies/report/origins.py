"""Where results come from, by what their files say of themselves."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from qunlearn.results.provenance import ORIGIN, read_origin


def origins(folder: Path) -> list[dict]:
    """Distinct origins of the result files (HDF5) below `folder`, with the number of files of
    each."""
    counts: Counter = Counter()
    for path in sorted(Path(folder).rglob("[!.]*.h5")):
        found = read_origin(path)
        values = [found.get(key, "") for key in ORIGIN]
        counts[tuple(values)] += 1
    distinct = []
    for values, files in sorted(counts.items()):
        origin = dict(zip(ORIGIN, values))
        distinct.append({**origin, "files": files})
    return distinct


def package_versions(found: list[dict]) -> dict[str, list[str]]:
    """Package -> versions that the files name, usually one."""
    versions: dict[str, set] = {}
    for origin in found:
        named = json.loads(origin["versions"] or "{}")
        for name, version in named.items():
            known = versions.setdefault(name, set())
            known.add(version)
    return {name: sorted(found) for name, found in sorted(versions.items())}
