"""The parts that exist: those of the project, and those that a configuration names under `parts:`.

Nothing lists parts by hand: every module of `parts/KIND` and every folder of `studies` is read, and so is every file of
a user's; each class in it that derives from a kind's base class is registered under its name.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from qunlearn.config.words import nearest
from qunlearn.parts.part import Part, shown_path
from qunlearn.runtime.errors import UserError

#: Kind -> package of the project whose modules hold its parts.
PACKAGES = {
    "dataset": "qunlearn.parts.datasets",
    "corruption": "qunlearn.parts.corruptions",
    "model": "qunlearn.parts.models",
    "circuit": "qunlearn.parts.circuits",
    "method": "qunlearn.parts.methods",
    "study": "qunlearn.studies",
}
#: Parts of users, by kind and name.
_own: dict[str, dict[str, type[Part]]] = {kind: {} for kind in PACKAGES}
#: Their files, by the module's name.
_files: dict[str, Path] = {}


class OwnParts(NamedTuple):
    """Parts of users by kind and name; their files and modules by the module's name."""

    by_kind: dict[str, dict[str, type[Part]]]
    files: dict[str, Path]
    modules: dict[str, ModuleType]


NO_PARTS = OwnParts({}, {}, {})


def _defined_in(module: ModuleType) -> list[type[Part]]:
    """Parts that a module defines, in the order in which it does; bases and imported ones are none."""
    return [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Part)
        and thing.__module__ == module.__name__
        and thing.kind
        and not thing.__name__.startswith("_")
        and "kind" not in vars(thing)
        and not vars(thing).get("is_base")
    ]


@cache
def shipped(kind: str) -> dict[str, type[Part]]:
    """Name -> part of the project's own, sorted by name."""
    package = importlib.import_module(PACKAGES[kind])
    found = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        found |= {part.name(): part for part in _defined_in(module) if part.kind == kind}
    return dict(sorted(found.items()))


def known(kind: str) -> dict[str, type[Part]]:
    """Name -> part, the project's first, then the user's."""
    return {**shipped(kind), **_own[kind]}


def find(kind: str, name: str) -> type[Part]:
    """The part of this name; raises UserError naming the nearest one."""
    parts = known(kind)
    if name not in parts:
        raise UserError(f"no {kind} '{name}'{nearest(name, parts)} (known: {', '.join(parts)})")
    return parts[name]


# -- parts of users --------------------------------------------------------------------------------------------------
def found_paths(paths: list[str], beside: tuple[str, ...] = ()) -> list[str]:
    """Absolute paths of files and folders with parts. A relative one is looked for in the working directory, then in
    the folders `beside`. Raises UserError for one that is not there."""
    found = []
    for text in paths:
        candidates = [Path(text), *(Path(folder) / text for folder in beside)]
        path = next((candidate for candidate in candidates if candidate.exists()), None)
        if path is None:
            raise UserError(
                f"parts: {text} does not exist; name a file or a folder with your parts."
            )
        found.append(str(path.resolve()))
    return list(dict.fromkeys(found))


def part_files(paths: list[str]) -> list[Path]:
    """Python files in `paths`: files, or all files of folders but those that begin with `_` or `test_`."""
    found = []
    for path in map(Path, paths):
        files = sorted(path.glob("*.py")) if path.is_dir() else [path]
        found += [file for file in files if not file.name.startswith(("_", "test_"))]
    return [file.resolve() for file in found]


def load(paths: list[str]) -> None:
    """Register the parts in the files that `paths` name, instead of those registered before.

    Raises UserError with file and line for a file that cannot be read, a part that lacks a function, a taken name.
    """
    use(NO_PARTS)
    for file in part_files(paths):
        module = _module(file)
        for part in _defined_in(module):
            part.check_definition()
            _check_name(part)
            _own[part.kind][part.name()] = part


def own_parts() -> OwnParts:
    """What `load` registered, for `use`."""
    modules = {name: sys.modules[name] for name in _files}
    return OwnParts({kind: dict(parts) for kind, parts in _own.items()}, dict(_files), modules)


def use(parts: OwnParts) -> None:
    """Register these parts instead of those registered before: a workflow that another one imports twice, as modules,
    has two configurations in one process."""
    for kind, own in _own.items():
        own.clear()
        own.update(parts.by_kind.get(kind, {}))
    _files.clear()
    _files.update(parts.files)
    sys.modules.update(parts.modules)


def _module(file: Path) -> ModuleType:
    """The module in a file, read anew; what stands beside it can be imported by it."""
    name = f"qunlearn_parts_{file.stem}"
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        place = f"{shown_path(Path(error.filename or file))}, line {error.lineno}"
        raise UserError(f"{place}: {error.msg}.") from None
    except Exception as error:
        raise UserError(f"{own_line(error, file)}: {type(error).__name__}: {error}") from None
    _files[name] = file
    return module


def own_line(error: BaseException, file: Path) -> str:
    """'FILE, line N': the last line of this file that an error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == file]
    return f"{shown_path(file)}, line {lines[-1] if lines else 1}"


def _check_name(part: type[Part]) -> None:
    taken = known(part.kind).get(part.name())
    if taken:
        raise UserError(
            f"{part.place()}: the {part.kind} '{part.name()}' exists already ({taken.place()}); "
            f"give the class another name."
        )


def own_files() -> list[Path]:
    """Files of users' parts, in the order in which they were read."""
    return list(_files.values())


def file_of(part: type[Part]) -> Path:
    """The file that defines a part."""
    return Path(sys.modules[part.__module__].__file__)
