"""A tuned method from data to figure, in small."""

import pandas as pd
import pytest
import yaml

from project import TINY, copy_project, planned, snakemake

pytestmark = pytest.mark.long
SMALL = TINY | {
    "models": ["mlp"],
    "methods": ["retrain"],
    "beyond": {"tuned": {"learning_rates": [0.05]}},
}


def test_tuned_unlearning_from_data_to_figure(tmp_path):
    folder = copy_project(tmp_path / "study")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(SMALL), encoding="utf-8")
    target = "results/figs/figX_tuned.pdf"
    assert planned(folder, target) == {
        "build_dataset": 1, "train_models": 1, "tune_methods": 1, "tabulate_tuned": 1, "draw_tuned": 1,
    }  # fmt: skip
    snakemake(folder, target)
    table = pd.read_csv(folder / "results/tables/tuned.csv")
    assert len(table) == 3 * 2  # choices, seeds
    assert set(table["learning_rate"]) <= {0.01, 0.05} and not table["collapsed"].any()


def test_every_method_from_data_to_figure(tmp_path):
    folder = copy_project(tmp_path / "study")
    methods = ["retrain", "noisy_finetune", "ssd"]
    section = {"methods": methods, "models": ["mlp"], "learning_rates": [0.05], "passes": 3.0}
    small = SMALL | {"beyond": {"methods": section}}
    (folder / "tiny.yaml").write_text(yaml.safe_dump(small), encoding="utf-8")
    target = "results/figs/figX_methods.pdf"
    assert planned(folder, target) == {
        "build_dataset": 1, "train_models": 1, "search_methods": 3, "tabulate_methods": 1, "draw_methods": 1,
    }  # fmt: skip
    snakemake(folder, target)
    table = pd.read_csv(folder / "results/tables/best_methods.csv")
    assert len(table) == 3 * 2  # methods, seeds
    assert set(table["points"]) == {1, 3, 12}
    assert (table["passes"] <= 3).all()
