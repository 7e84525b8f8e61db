"""What every part is: a declaration of its options, its label, and what it can do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import ClassVar

from qunlearn.config.options import Options, option
from qunlearn.runtime.errors import UserError

__all__ = ["Part", "option", "snake_case"]


def snake_case(name: str) -> str:
    """'LabelFlipping' -> 'label_flipping', 'CNN' -> 'cnn'."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", name)
    return words.lower()


class Part(Options):
    """Base class. Fields are options (`option`), class attributes are facts; an instance holds options' values.

    A subclass is registered under its name in snake case. `label`: words for figures.
    """

    #: 'dataset', 'model', ...: set by the base class of each kind.
    kind: ClassVar[str] = ""
    label: ClassVar[str] = ""
    #: Functions that a subclass has to define, one of each group.
    must_define: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @classmethod
    def name(cls) -> str:
        return snake_case(cls.__name__)

    @classmethod
    def words(cls) -> str:
        """The label, or the name with spaces."""
        return cls.label or cls.name().replace("_", " ")

    @classmethod
    def summary(cls) -> str:
        """First paragraph of the docstring, in one line."""
        return inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].replace("\n", " ").rstrip(".")

    @classmethod
    def place(cls) -> str:
        """'my_parts/pull_back.py, line 4': where the part is defined."""
        return where(cls)

    @classmethod
    def check_definition(cls) -> None:
        """Raises UserError where a function is missing that the kind asks for."""
        base = next(c for c in reversed(cls.__mro__) if c.__dict__.get("kind"))
        for group in cls.must_define:
            if all(getattr(cls, name, None) is getattr(base, name, None) for name in group):
                functions = " or ".join(f"`{name}`" for name in group)
                raise UserError(f"{where(cls)}: {cls.__name__} must define {functions}.")

    @classmethod
    def optional(cls) -> bool:
        """Whether every option has a default, so that the name alone says all."""
        return not any(field.is_required() for field in cls.model_fields.values())


def where(thing) -> str:
    """'FILE, line N' of a class or function, the file relative to the working directory where it lies below it."""
    try:
        path = Path(inspect.getsourcefile(thing))
        line = inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return f"{getattr(thing, '__qualname__', thing)}"
    return f"{shown_path(path)}, line {line}"


def shown_path(path: Path) -> str:
    """A path as a user would write it here."""
    path = Path(path)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
