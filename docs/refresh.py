"""Put computed results into the README: figures of the default run, and a table beside the
published accuracies.

python docs/refresh.py PUBLISHED.csv RESULTS [RESULTS ...]

PUBLISHED.csv holds the authors' runs (dataset, model, corruption, alpha, run, train_accuracy,
val_accuracy); the first RESULTS folder gives the figures; all give the table.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
NAMES = {"mnist": "MNIST", "xxz": "XXZ"}


def mean_accuracies(runs: pd.DataFrame) -> pd.DataFrame:
    """Validation accuracy under flipped labels: a row per dataset and model, a column per alpha."""
    flipped = runs[runs["corruption"] == "label_flipping"]
    means = flipped.groupby(["dataset", "model", "alpha"])["val_accuracy"].mean()
    return means.unstack("alpha")


def comparison(published: pd.DataFrame, ours: pd.DataFrame) -> str:
    """A table in Markdown, of what both have."""
    here, there = mean_accuracies(ours), mean_accuracies(published)
    common = [row for row in there.index if row in here.index]
    alphas = [alpha for alpha in there.columns if alpha in here.columns]
    heads = " | ".join(f"{alpha:g}" for alpha in alphas)
    lines = [f"| α | | {heads} |", "|---" * (len(alphas) + 2) + "|"]
    for dataset, model in common:
        title = f"{NAMES.get(dataset, dataset)} {model.upper()}"
        lines.append(line(title, "here", here.loc[(dataset, model), alphas]))
        lines.append(line("", "published", there.loc[(dataset, model), alphas]))
    return "\n".join(lines)


def line(title: str, source: str, accuracies: pd.Series) -> str:
    values = " | ".join(f"{accuracy:.2f}" for accuracy in accuracies)
    return f"| {title} | {source} | {values} |"


def main(published: str, *folders: str) -> None:
    for name in ("fig2.png", "fig3.png"):
        shutil.copy(Path(folders[0]) / "figs" / name, ROOT / "docs" / name)
    tables = [pd.read_csv(Path(folder) / "tables" / "resilience.csv") for folder in folders]
    ours = pd.concat(tables).drop_duplicates(["dataset", "model", "corruption", "alpha", "seed"])
    table = comparison(pd.read_csv(published), ours)
    readme = ROOT / "README.md"
    pattern = r"(<!-- comparison -->\n).*?(<!-- /comparison -->)"
    text = re.sub(
        pattern, lambda m: f"{m[1]}{table}\n{m[2]}", readme.read_text(encoding="utf-8"), flags=re.S
    )
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
