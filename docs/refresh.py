"""Put computed results into the README: figures of the default study, and a table of the paper's beside the
published accuracies. `make numbers` runs it.

    python docs/refresh.py DEFAULT PAPER [PUBLISHED.csv]

DEFAULT and PAPER are folders of results, of `snakemake` and of `presets/paper.yaml` with `mnist_split: test`.
PUBLISHED.csv holds the authors' runs (dataset, model, corruption, alpha, run, train_accuracy, val_accuracy); without it
their means stay as they are. What the table says is kept in `docs/numbers.json` with the settings that it was computed
with, so that a test can tell when it is stale.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

NUMBERS = ROOT / "docs" / "numbers.json"
PRESET = ROOT / "presets" / "paper.yaml"
CORRUPTION = "label_flipping"
NAMES = {"mnist": "MNIST", "xxz": "XXZ"}


def settings() -> dict:
    """What the numbers depend on, of the configuration as it comes: data, models and schedules."""
    from snakemake.utils import update_config

    from qunlearn.config.check import check
    from qunlearn.config.plan import Plan

    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    update_config(config, yaml.safe_load(PRESET.read_text(encoding="utf-8")))
    update_config(config, {"mnist_split": "test"})
    plan = Plan(check(config))
    found = {"alphas": list(plan.grid.alphas), "precision": plan.config["precision"]}
    for dataset in plan.config["datasets"]:
        found[dataset] = {"data": plan.data_options(dataset)}
        for model in plan.config["models"]:
            found[dataset][model] = {
                "architecture": plan.architecture(dataset, model),
                "schedule": plan.training_schedule(dataset, model),
            }
    return json.loads(json.dumps(found))  # as it is read again


def means(runs: pd.DataFrame, seed: str) -> list[dict]:
    """Mean validation accuracy under flipped labels: a row per dataset, model and alpha."""
    flipped = runs[runs["corruption"] == CORRUPTION]
    rows = []
    for (dataset, model, alpha), part in flipped.groupby(["dataset", "model", "alpha"]):
        mean = round(float(part["val_accuracy"].mean()), 4)
        names = {"dataset": dataset, "model": model, "alpha": alpha}
        rows.append(names | {"accuracy": mean, "runs": int(part[seed].nunique())})
    return rows


def comparison(numbers: dict) -> str:
    """The table in Markdown, of what both sides have."""
    here, there = (as_table(numbers[source]) for source in ("here", "published"))
    common = [row for row in there.index if row in here.index]
    alphas = [alpha for alpha in there.columns if alpha in here.columns]
    heads = " | ".join(f"{alpha:g}" for alpha in alphas)
    lines = [f"| α | | {heads} |", "|---" * (len(alphas) + 2) + "|"]
    for dataset, model in common:
        title = f"{NAMES.get(dataset, dataset)} {model.upper()}"
        lines.append(line(title, "here", here.loc[(dataset, model), alphas]))
        lines.append(line("", "published", there.loc[(dataset, model), alphas]))
    return "\n".join(lines)


def as_table(rows: list[dict]) -> pd.DataFrame:
    """Mean accuracies with a row per dataset and model and a column per alpha."""
    return pd.DataFrame(rows).pivot(
        index=["dataset", "model"], columns="alpha", values="accuracy"
    )


def line(title: str, source: str, accuracies: pd.Series) -> str:
    values = " | ".join(f"{accuracy:.2f}" for accuracy in accuracies)
    return f"| {title} | {source} | {values} |"


def readme_with(table: str, readme: str) -> str:
    """The text of the README with this table between its marks."""
    marked = r"(<!-- comparison -->\n).*?(<!-- /comparison -->)"
    return re.sub(marked, lambda marks: f"{marks[1]}{table}\n{marks[2]}", readme, flags=re.S)


def main(default: str, paper: str, published: str = "") -> None:
    for name in ("fig2.png", "fig3.png"):
        shutil.copy(Path(default) / "figs" / name, ROOT / "docs" / name)
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    ours = pd.read_csv(Path(paper) / "tables" / "resilience.csv")
    numbers |= {"settings": settings(), "here": means(ours, "seed")}
    if published:
        numbers["published"] = means(pd.read_csv(published), "run")
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    readme = ROOT / "README.md"
    text = readme_with(comparison(numbers), readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
