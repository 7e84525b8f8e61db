"""Names with changes: `qnn~depth=3,readout_scale=2` is the architecture `qnn` with two values changed, and
`xxz~length=10` the dataset `xxz` with one. They may stand wherever a path has a model or a dataset, so that every knob
can be swept without an entry of its own in the configuration.

Changes do not enter random keys: a variant meets the poison and, where its shapes allow, the initial parameters of
its base. Standard library and PyYAML only: the Snakefile imports this module before any job starts.
"""

from __future__ import annotations

import yaml

#: Regular expression of the changes, none or some, after a name.
PATTERN = r"(~[a-z_]+=[\w.+-]+(,[a-z_]+=[\w.+-]+)*)?"


def scalar(text: str):
    """The number, boolean, null or word that `text` spells; a list or mapping in YAML too. An underscore makes no
    number (27_ is a word): one value would have many names."""
    try:
        value = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    return text if isinstance(value, (int, float)) and "_" in text else value


def parse(name: str) -> tuple[str, dict]:
    """'qnn~depth=3' -> ('qnn', {'depth': 3})."""
    base, _, text = name.partition("~")
    pairs = [change.partition("=") for change in text.split(",")] if text else []
    return base, {key: scalar(value) for key, _, value in pairs}


def base(name: str) -> str:
    """'qnn~depth=3' -> 'qnn'."""
    return name.partition("~")[0]


def spell(name: str, changes: dict) -> str:
    """('qnn', {'depth': 3}) -> 'qnn~depth=3'; the inverse of `parse`."""
    return f"{name}~{','.join(f'{key}={value}' for key, value in changes.items())}" if changes else name
