"""A short hash of the source a script depends on, so that editing a library module reruns what uses it and no more.

Follows imports from file to file as text: nothing is imported. Of every file counts what it does: comments, docstrings
and formatting do not.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

#: The folder that holds the package.
ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "qunlearn"
#: Fields of a statement that hold further ones.
HOLD_STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")


@cache
def _tree(path: Path) -> ast.Module:
    """What a file does: its source without comments and docstrings."""
    return _without_docstrings(ast.parse(path.read_text(encoding="utf-8")))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree in which texts that stand alone at the head of a module, class or function are gone."""
    for node in _statements(tree):
        body = getattr(node, "body", None)
        if not body or not isinstance(body[0], ast.Expr):
            continue
        first = body[0].value
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            node.body = body[1:] or [ast.Pass()]
    return tree


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """The tree and every statement in it."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for field in HOLD_STATEMENTS:
            todo.extend(getattr(node, field, ()))


def _module_file(parts: list[str], folder: Path) -> Path | None:
    """File of the module with these names below a folder, or None when there is none."""
    path = folder.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if parts and candidate.is_file():
            return candidate
    return None


def _imported(node: ast.Import | ast.ImportFrom, path: Path) -> list[Path]:
    """Files that an import statement names: modules of the library and, for a file outside it, modules beside it. Of
    `from package import module` that module, not the package around it."""
    own = [] if path.is_relative_to(LIBRARY) else [path.parent]
    if isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
        found = [_module_file(name, folder) for name in names for folder in (ROOT, *own)]
        return [file for file in found if file]
    module = node.module.split(".") if node.module else []
    folders = [path.parents[node.level - 1]] if node.level else [ROOT, *own]
    found = []
    for folder in folders:
        package = _module_file(module, folder)
        for alias in node.names:
            found.append(_module_file([*module, alias.name], folder) or package)
    return [file for file in found if file]


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of the library, and beside a user's file, that a file imports anywhere but for type checkers."""
    tree = _tree(path)
    for_checkers = set()
    for node in _statements(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            for_checkers.update(map(id, node.body))
    found = set()
    for node in _statements(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and id(node) not in for_checkers:
            found.update(_imported(node, path))
    return frozenset(found)


def sources(*files: str | Path) -> list[Path]:
    """The files and every file of the library (or beside a user's file) that they reach, sorted."""
    todo = [Path(file).resolve() for file in files]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo.extend(_imports(path))
    return sorted(seen)


@cache
def file_hash(path: Path) -> str:
    """Changes with what a file does, not with comments, docstrings and formatting."""
    return hashlib.sha256(ast.dump(_tree(path)).encode()).hexdigest()


@cache
def code_hash(*files: str) -> str:
    """Twelve hexadecimal digits that change when the files, or any that they reach, do something else.

    Read once per process: thousands of jobs share a script.
    """
    digest = hashlib.sha256()
    for path in sources(*files):
        digest.update(f"{path.name}\0{file_hash(path)}\0".encode())
    return digest.hexdigest()[:12]
