"""A short hash of the source a script depends on, so that editing a library module reruns what uses it and no more.

Follows the `qunlearn` imports of a script through the library's files, as text: nothing is imported. A package whose
`REGISTRY` names its modules counts with all of them unless `only` says which are used.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).parent


def _module_file(parts: list[str]) -> Path | None:
    """File of the module qunlearn.<parts>, or None when there is none."""
    path = LIBRARY.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file() and candidate != LIBRARY / ".py":
            return candidate
    return None


def _imports(path: Path) -> set[Path]:
    package = list(path.relative_to(LIBRARY).parent.parts) if path.is_relative_to(LIBRARY) else None
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = package[: len(package) - node.level + 1]
        elif (node.module or "").split(".")[0] == "qunlearn":
            base = []
        else:
            continue
        parts = (node.module or "").split(".") if node.level else (node.module or "").split(".")[1:]
        target = base + [part for part in parts if part]
        for candidate in [target, *(target + [alias.name] for alias in node.names)]:
            file = _module_file(candidate) if candidate else None
            if file:
                found.add(file)
    return found


def sources(script: Path, plugins: list[str]) -> list[Path]:
    """The script and every library file it reaches; `plugins` are modules chosen by name ('models.qnn')."""
    todo = [script, *(_module_file(name.split(".")) for name in plugins)]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo.extend(_imports(path))
    return sorted(seen)


@cache
def code_hash(script: str | Path, *plugins: str) -> str:
    """Twelve hexadecimal digits that change when any source file that the script depends on does.

    Read once per process: thousands of jobs share a script.
    """
    digest = hashlib.sha256()
    for path in sources(Path(script).resolve(), list(plugins)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
