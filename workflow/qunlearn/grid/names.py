"""Names with changes: `qnn~depth=3,readout_scale=2` is the architecture `qnn` with two values changed, and
`xxz~length=10` the dataset `xxz` with one.

They may stand wherever a path has a dataset, a model, a corruption or a method, so that every knob can be swept without
an entry of its own in the configuration. A change of unlearning alone begins with `unlearning.`:
`mlp~unlearning.learning_rate=0.003`. Changes do not enter random keys: a variant meets the poison and, where its shapes
allow, the initial parameters of its base.
"""

from __future__ import annotations

from qunlearn.config.options import scalar

#: Regular expression of the changes, none or some, after a name.
PATTERN = r"(~[a-zA-Z_.]+=[\w.+-]+(,[a-zA-Z_.]+=[\w.+-]+)*)?"


def parse(name: str) -> tuple[str, dict]:
    """'qnn~depth=3' -> ('qnn', {'depth': 3})."""
    first, _, text = name.partition("~")
    pairs = [change.partition("=") for change in text.split(",")] if text else []
    return first, {key: scalar(value) for key, _, value in pairs}


def base(name: str) -> str:
    """'qnn~depth=3' -> 'qnn'."""
    return name.partition("~")[0]


def spell(name: str, changes: dict) -> str:
    """('qnn', {'depth': 3}) -> 'qnn~depth=3'; the inverse of `parse`."""
    if not changes:
        return name
    words = ",".join(f"{key}={value}" for key, value in changes.items())
    return f"{name}~{words}"


def stands_for(own: str, published: str, replaced: dict[str, list[str]]) -> bool:
    """Whether a name of this study is what others call `published`: the same, the same with
    changes, or an architecture that is listed for it in `replaced`."""
    names = {own, base(own)}
    return published in names or not names.isdisjoint(replaced.get(published, ()))
