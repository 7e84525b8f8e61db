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
        == "results/train/xxz/qnn/label_flipping/alpha0.00-0.90/seed0-19.h5"
    )
    assert (
        g.unlearn(*cell, 0.3, "scrub", g.seeds)
        == "results/unlearn/xxz/qnn/label_flipping/alpha0.30/scrub/seed0-19.h5"
    )
    assert (
        g.landscape(*cell, g.landscape_alphas, g.seeds)
        == "results/landscape/xxz/qnn/label_flipping/alpha0.00-0.40/seed0-19.h5"
    )
    assert (
        g.table("resilience") == "results/tables/resilience.csv"
        and g.figure("fig3") == "results/figs/fig3.pdf"
    )


def test_default_grid_has_thirteen_hundred_models_in_eight_sweeps():
    assert len(grid(alphas_per_job=10).all_trained()) == 8
    assert len(grid(alphas_per_job=1, seeds_per_job=1).all_trained()) == 2 * 10 * (20 + 20 + 20 + 5)
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
    folder = "results/train/digits/qnn/label_flipping"
    files = g.trained("digits", "qnn", "label_flipping", (0.0, 0.3), (0,))
    assert files == [f"{folder}/alpha{block}/seed0-19.h5" for block in ("0.00-0.50", "0.20-0.40")]
    assert g.parse_alphas("0.00-0.50") == (0.0, 0.5) and g.parse_alphas("0.20-0.40") == (
        0.2,
        0.3,
        0.4,
    )
    assert g.parse_stage_alphas("0.00-0.40", g.landscape_alphas) == (0.0, 0.2, 0.3, 0.4)


def test_a_cell_off_the_grid_can_be_asked_for():
    g = grid()
    assert g.parse_alphas("0.37") == (0.37,) and g.parse_seeds("37") == (37,)
    assert g.trained("xxz", "qnn", "label_flipping", (0.37,), (37,)) == [
        "results/train/xxz/qnn/label_flipping/alpha0.37/seed37.h5"
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


def test_costly_models_have_the_first_few_seeds():
    g = grid()
    assert g.seeds_of("xxz", "qnn") == g.seeds == tuple(range(20))
    assert g.seeds_of("xxz", "mlp") == g.seeds_of("xxz", "mlp_16_4") == (0, 1, 2, 3, 4)
    assert g.seeds_of("digits", "mlp") == g.seeds
    assert g.seeds_of("digits~train_per_class=10", "qnn") == (0, 1, 2, 3, 4)
    assert g.seeds_of("digits", "qnn~depth=3") == (0, 1, 2, 3, 4)
    few = {"changed": None, "models": {"xxz": {"mlp": 5, "mlp_16_4": 3}}}
    g = grid(fewer_seeds=few, seeds=[7, 3, 1, 0])
    assert g.seeds_of("xxz", "mlp") == (0, 1, 3, 7) and g.seeds_of("xxz", "mlp_16_4") == (0, 1, 3)
    assert g.seeds_of("xxz", "qnn~depth=3") == (0, 1, 3, 7)


def test_seeds_beyond_a_costly_models_own_can_be_asked_for():
    g = grid()
    cell = ("xxz", "mlp", "label_flipping")
    of = [path.split("/")[-1] for path in g.trained(*cell, (0.3,), (2, 4, 5, 19, 37))]
    assert of == ["seed0-4.h5", "seed5-19.h5", "seed37.h5"]
    assert g.unlearned([(*cell, 0.3)], ["scrub"]) == [
        "results/unlearn/xxz/mlp/label_flipping/alpha0.30/scrub/seed0-4.h5"
    ]


def test_seeds_of_costly_models_are_fewer_unless_all_are_asked_for():
    fewer, whole = grid(), grid(fewer_seeds=None)
    assert len(fewer.seeds_of("xxz", "mlp")) == 5 and len(fewer.seeds_of("xxz", "qnn")) == 20
    assert whole.seeds_of("xxz", "mlp") == whole.seeds_of("xxz~length=8", "mlp") == whole.seeds
