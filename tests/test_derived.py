"""Architectures that derive from another follow it, whichever way it was changed."""

import pytest

from project import configuration
from qunlearn.config.check import check
from qunlearn.runtime.errors import UserError


def architectures(**changes):
    config = configuration()
    for name, block in changes.items():
        config["architectures"].setdefault(name, {}).update(block)
    return check(config)["architectures"]


def test_what_derives_from_the_qnn_follows_it():
    found = architectures(qnn={"readout_scale": 2.0, "rotations": "xyz"})
    followers = ["observable", "qnn_ring", *(f"qnn_depth{depth}" for depth in range(2, 11))]
    for name in ["qnn", *followers]:
        assert found[name]["readout_scale"] == 2.0, name
        assert found[name]["rotations"] == "xyz", name
    assert found["qnn_depth3"]["depth"] == 3 and found["qnn_ring"]["entangler"] == "ring"
    assert not any("base" in block for block in found.values())


def test_a_base_may_derive_from_another():
    found = architectures(a={"base": "b", "depth": 3}, b={"base": "qnn_ring", "readout_scale": 1.0})
    assert found["a"] == {**found["qnn_ring"], "depth": 3, "readout_scale": 1.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"a": {"base": "a"}}, "a derive from one another in a circle"),
        ({"qnn": {"base": "observable"}}, "observable, qnn derive from one another in a circle"),
        ({"a": {"base": "qn"}}, "a.base: no architecture 'qn' to derive from; did you mean 'qnn'?"),
        ({"a": {"base": 3}}, "a.base: no architecture 3 to derive from"),
        ({"a": {"base": ["qnn"]}}, "a.base: no architecture .* to derive from"),
        ({"a": {"base": None}}, "a.base: no architecture None to derive from"),
        ({"a": {"hidden": [3]}}, "a.family: the key 'family' is missing; name one .* by `base`"),
        ({"a": {"base": "qnn", "depht": 3}}, "architectures.a.depht: unknown key"),
    ],
)
def test_what_cannot_be_derived_is_said_once(changes, words):
    with pytest.raises(UserError, match=words) as refused:
        architectures(**changes)
    assert "1 problem in the configuration" in str(refused.value)


def test_a_mistake_in_the_base_is_said_of_the_base_alone():
    with pytest.raises(UserError, match=r"architectures.qnn.depht: unknown key") as refused:
        architectures(qnn={"depht": 3})
    assert "1 problem in the configuration" in str(refused.value)
