"""A corrupted fraction is one float everywhere: in the configuration, in paths, in files and in tables of others."""

import numpy as np
import pandas as pd
import pytest

from project import configuration, plan
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.grid.blocks import canonical, format_alpha, parse_alpha, parse_seed
from qunlearn.results.csv import read_csv, write_csv
from qunlearn.results.hdf5 import read, write
from qunlearn.runtime.errors import UserError


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ([0, 0.30000000000000004], [0.0, 0.3]),
        (np.arange(0, 1, 0.1).tolist(), [round(0.1 * i, 1) for i in range(10)]),
        ("[0, 0.30000000000000004]", [0.0, 0.3]),
        ([0.7 - 0.4, 1 - 0.9], [0.3, 0.1]),
    ],
)
def test_fractions_of_the_configuration_become_the_floats_of_paths(given, taken):
    checked = check(configuration(alphas=given, alphas_per_job=1))
    assert checked["alphas"] == taken
    grid = Plan(checked).grid
    files = grid.trained("digits", "mlp", "label_flipping", grid.alphas, (0,))
    assert len(files) == len(taken)
    for alpha in taken:
        assert grid.parse_alphas(format_alpha(alpha)) == (alpha,)


def test_bounds_that_alphas_are_compared_with_are_canonical_too():
    config = configuration()
    config["controls"]["max_alpha"] = 0.7 - 0.3  # below 0.4
    assert 0.4 in plan(controls=config["controls"]).study("controls").alphas(plan())


def test_two_spellings_of_one_fraction_are_one_too_many():
    with pytest.raises(UserError, match=r"0.3 occurs more than once"):
        check(configuration(alphas=[0.3, 0.1 + 0.2]))


@pytest.mark.parametrize("alpha", [0.12345, 1e-5, 0.30001])
def test_more_decimals_than_a_path_has_are_refused(alpha):
    with pytest.raises(UserError, match=r"alphas.*more than four decimals"):
        check(configuration(alphas=[0, alpha]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("0.12345", "spell it 0.1235"),
        ("0.3", "spell it 0.30"),
        ("0.300", "spell it 0.30"),
        ("3e-1", "spell it 0.30"),
        ("1.50", "from 0 to below 1"),
        ("-0.10", "from 0 to below 1"),
        ("nan", "no corrupted fraction"),
        ("word", "no corrupted fraction"),
        ("", "no corrupted fraction"),
    ],
)
def test_any_other_spelling_in_a_path_is_named(name, words):
    with pytest.raises(UserError, match=words):
        parse_alpha(name)


@pytest.mark.parametrize("name", ["00", "2_7", "-1", "1.0", "٣", ""])
def test_a_seed_has_one_spelling(name):
    with pytest.raises(UserError, match="seed"):
        parse_seed(name)


def test_a_range_has_two_ends(tmp_path):
    with pytest.raises(UserError, match="no block"):
        plan().grid.parse_alphas("0.10-0.20-0.30")


def test_files_and_tables_are_read_with_the_same_floats(tmp_path):
    write(tmp_path / "c.h5", {"alpha": [0.1 + 0.2, 0.7 - 0.4]}, {})
    content, _ = read(tmp_path / "c.h5")
    assert content["alpha"].tolist() == [0.3, 0.3]
    (tmp_path / "t.csv").write_text("alpha,x\n0.30000000000000004,1\n")
    assert read_csv(tmp_path / "t.csv")["alpha"].tolist() == [0.3]
    write_csv(pd.DataFrame({"alpha": [canonical(0.1 + 0.2)]}), tmp_path / "u.csv")
    assert (tmp_path / "u.csv").read_text() == "alpha\n0.3\n"
