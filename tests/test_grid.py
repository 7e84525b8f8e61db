"""Cells, blocks and paths."""

import pytest

from project import plan
from qunlearn.grid.blocks import format_alpha
from qunlearn.runtime.errors import UserError


def grid(**overrides):
    return plan(**overrides).grid


def unlearned(g):
    return g.unlearned(g.unlearning_cases(), g.config["methods"])


def test_paths_are_those_of_the_interface():
    g = grid()
    assert g.data("xxz") == "results/data/xxz.h5"
    cell = ("xxz", "qnn", "label_flipping")
    assert g.train(*cell, (0.3,), (2,)) == "results/train/xxz/qnn/label_flipping/alpha0.30/seed2.h5"
    assert (
        g.train(*cell, g.alphas, g.seeds)
        == "results/train/xxz/qnn/label_flipping/alpha0.00-0.90/seed0-4.h5"
    )
    assert (
        g.unlearn(*cell, 0.3, "scrub", g.seeds)
        == "results/unlearn/xxz/qnn/label_flipping/alpha0.30/scrub/seed0-4.h5"
    )
    assert (
        g.landscape(*cell, g.landscape_alphas, g.seeds)
        == "results/landscape/xxz/qnn/label_flipping/alpha0.00-0.40/seed0-4.h5"
    )
    assert (
        g.table("resilience") == "results/tables/resilience.csv"
        and g.figure("fig3") == "results/figs/fig3.pdf"
    )


def test_default_grid_has_four_hundred_models_in_eight_jobs():
    assert len(grid().all_trained()) == 8
    assert len(grid(alphas_per_job=1, seeds_per_job=1).all_trained()) == 400
    assert len(unlearned(grid())) == 2 * 3 * 4


@pytest.mark.parametrize(("alphas", "seeds"), [(1, 1), (3, 2), (10, 5), (4, 3)])
def test_blocks_cover_every_cell_once_and_read_back(alphas, seeds):
    g = grid(alphas_per_job=alphas, seeds_per_job=seeds)
    cells = [
        (a, s)
        for path in g.trained("xxz", "qnn", "label_flipping", g.alphas, g.seeds)
        for a in g.parse_alphas(path.split("alpha")[1].split("/")[0])
        for s in g.parse_seeds(path.split("seed")[1].removesuffix(".h5"))
    ]
    assert sorted(cells) == sorted((a, s) for a in g.alphas for s in g.seeds)


def test_alphas_off_the_sweep_get_blocks_of_their_own():
    g = grid(alphas=[0.0, 0.5])
    assert g.extra_alphas == (0.2, 0.3, 0.4)
    assert g.train_blocks() == [(0.0, 0.5)]
    assert g.train_blocks((0.3,)) == [(0.2, 0.3, 0.4)]
    assert g.parse_alphas("0.00-0.50") == (0.0, 0.5) and g.parse_alphas("0.20-0.40") == (
        0.2,
        0.3,
        0.4,
    )
    assert g.parse_stage_alphas("0.00-0.40", g.landscape_alphas) == (0.0, 0.2, 0.3, 0.4)


def test_a_cell_off_the_grid_can_be_asked_for():
    g = grid()
    assert g.parse_alphas("0.37") == (0.37,) and g.parse_seeds("17") == (17,)
    assert g.trained("xxz", "qnn", "label_flipping", (0.37,), (17,)) == [
        "results/train/xxz/qnn/label_flipping/alpha0.37/seed17.h5"
    ]
    with pytest.raises(UserError, match=r"no block '0\.05-0\.25'"):
        g.parse_alphas("0.05-0.25")


def test_format_alpha():
    assert [format_alpha(a) for a in (0.0, 0.3, 0.125, 0.1 + 0.2)] == [
        "0.00",
        "0.30",
        "0.125",
        "0.30",
    ]


def test_models_of_a_stage():
    assert grid().stage_models("unlearning") == ["mlp", "mlp_16_4", "qnn"]
    assert grid(models=["qnn"]).stage_models("landscape") == ["qnn"]
