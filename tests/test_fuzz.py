"""Thousands of generated bad configurations: each is refused with its key named, before anything is touched."""

import copy
import math

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snakemake.api import SnakemakeApi
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

from project import ROOT, copy_project, snapshot
from qunlearn.config.check import ask, check
from qunlearn.config.plan import Plan
from qunlearn.parts import registry
from qunlearn.runtime.errors import UserError

GOOD = yaml.safe_load((ROOT / "config.yaml").read_text())


def nodes(value, path=()):
    """Every (path, value) below the root."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield (*path, key), item
        yield from nodes(item, (*path, key))


NODES = list(nodes(GOOD))
#: Mappings by dataset that need not name them all.
PER_DATASET = [("beyond", "attacks", "models"), ("beyond", "scale", "models")]


def may_lack(path):
    """True for entries that a user names (architectures and what refers to them), that a family's can stand for, or
    that have a default."""
    named = (
        (path[0] == "architectures" and len(path) == 2)
        or "depth" in path
        or "architectures" in path[1:]
    )
    optional = (
        path[0] == "controls" and path[-1] not in ("name", "panel", "models") and len(path) == 4
    )
    bridged = path[:3] == ("beyond", "bridge", "switches") and path[-1] != "name"
    scanned = (
        path[:2] == ("supplement", "scan") and len(path) in (3, 4) and isinstance(path[2], str)
    )
    of_architecture = path[0] == "architectures" and len(path) > 1
    derived = of_architecture and "base" in GOOD["architectures"][path[1]]
    return (
        (scanned and path[2] not in ("corruption", "alpha"))
        or named
        or derived
        or optional
        or bridged
        or ("training" in path and len(path) - path.index("training") in (2, 3))
        or path[0] in ("fewer_seeds", "poisoning")
        or path[:3] == ("beyond", "extrapolation", "beside")
        or path[:2] in [("claims", "looks"), ("claims", "criteria")]
        or (path[:2] == ("claims", "null_model") and len(path) == 3)
        or (path[:3] in PER_DATASET and len(path) == 4)
        or path[-1] in ("gamma", "record", "factor", "grid", "shared_start", "full")
        or (path[0] == "landscape" and path[-1] in ("samples", "trace", "ratio", "drop_dead"))
    )


def may_be_null(path):
    """True for mappings that may as well be left empty."""
    return path[0] == "poisoning" or path == ("fewer_seeds",) or "last_qubits" in path


def free(path):
    """True for texts that may be anything."""
    return path[0] == "paths" or "mirrors" in path or path[-1] in ("name", "panel")


@st.composite
def mistakes(draw):
    """(what is done, path, configuration): one mistake in the configuration as it comes."""
    path, value = draw(st.sampled_from(NODES))
    config = copy.deepcopy(GOOD)
    parent = config
    for key in path[:-1]:
        parent = parent[key]
    kinds = ["type"]
    if isinstance(path[-1], str):
        kinds += ["rename"] + ["delete"] * (not may_lack(path))
    if (
        isinstance(value, (list, str))
        and path[-1] not in ("mirrors", "hidden", "runs", "extras", "switches")
        and path != ("beyond", "forgotten", "models")  # []: those of `unlearning`
        and value != []
    ):
        kinds.append("empty")
    if isinstance(value, list) and value and path[-1] not in ("hidden", "channels"):
        kinds.append("double")
    if isinstance(value, str) and not free(path):
        kinds.append("misspell")
    if isinstance(value, (int, float)):
        kinds += ["not finite", "negative", "word"]
        kinds += ["truth"] * (not isinstance(value, bool))
    if isinstance(value, int):
        kinds += ["fraction", "huge"]
    kind = draw(st.sampled_from(kinds))
    letters = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=6)
    match kind:
        case "type":
            other = ["word", [1]] + [None] * (not may_be_null(path))
            # one depth, or one number of qubits, may serve all datasets
            other += [7] * (path[-1] not in ("depth", "last_qubits"))
            wrong = {"surprise": 1} if not isinstance(value, dict) else draw(st.sampled_from(other))
            parent[path[-1]] = wrong
        case "rename":
            parent[path[-1] + draw(letters)] = parent.pop(path[-1])
        case "delete":
            del parent[path[-1]]
        case "empty":
            parent[path[-1]] = type(value)()
        case "double":
            parent[path[-1]] = [*value, value[0]]
        case "misspell":
            parent[path[-1]] = value + draw(letters)
        case "not finite":
            parent[path[-1]] = draw(
                st.sampled_from([math.nan, math.inf, -math.inf, ".nan", "-inf"])
            )
        case "negative":
            parent[path[-1]] = draw(st.integers(-(10**9), -1))
        case "word":
            parent[path[-1]] = "qz" + draw(letters)  # no word that means something, as 'full'
        case "truth":
            parent[path[-1]] = draw(st.booleans())
        case "fraction":
            parent[path[-1]] = draw(st.floats(0.01, 0.99))
        case "huge":
            parent[path[-1]] = draw(st.integers(10**12, 10**30))
    return kind, path, config


#: Things that a value may have become, whatever it should be.
INSTEAD = [None, True, 7, 1.5, "word", "", [], [1], [{}], {}, {"surprise": 1}]
#: Things that YAML takes for a key.
KEYS = [0, None, True, "", 1.5, "a.b", "a b", "ä"]


def said(config):
    """What is said of a configuration with every study asked for; None where it is taken."""
    try:
        ask(Plan(check(config)), registry.shipped("study"))
    except UserError as error:
        return str(error)
    return None


def assert_names(mistake, message):
    kind, path, _ = mistake
    key = [part for part in path if isinstance(part, str)][-1]
    assert message, (kind, path)
    assert "nothing was started" in message and "Traceback" not in message, (kind, path, message)
    assert key in message, (kind, path, message)


@pytest.mark.long
@settings(max_examples=2000, deadline=None, derandomize=True, database=None)
@given(mistakes())
def test_every_mistake_is_refused_with_its_key(mistake):
    assert_names(mistake, said(mistake[-1]))


@pytest.mark.long
@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(st.sampled_from([((), GOOD), *NODES]), st.sampled_from(INSTEAD), st.sampled_from(KEYS))
def test_whatever_stands_somewhere_is_taken_or_refused_in_words(node, instead, key):
    path, value = node
    config = {"whole": copy.deepcopy(GOOD)}
    parent, last = config, "whole"
    for step in path:
        parent, last = parent[last], step
    if isinstance(value, dict):
        parent[last][key] = instead
    else:
        parent[last] = instead
    said(config["whole"])  # raises for a traceback


@pytest.mark.long
@pytest.mark.workflow
def test_a_mistake_touches_nothing(tmp_path, capfd):
    folder = copy_project(tmp_path / "project")
    before = snapshot(folder)

    @settings(max_examples=80, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(mistakes())
    def refuse(mistake):
        with (
            pytest.raises((WorkflowError, SystemExit)) as error,
            SnakemakeApi(OutputSettings()) as api,
        ):
            workflow = api.workflow(
                ResourceSettings(cores=1),
                config_settings=ConfigSettings(config=mistake[-1], replace_workflow_config=True),
                snakefile=folder / "Snakefile",
                workdir=folder,
            )
            workflow.dag(DAGSettings(targets={"everything"})).execute_workflow(executor="dryrun")
        assert_names(mistake, str(error.value))

    refuse()
    assert snapshot(folder) == before
