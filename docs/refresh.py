"""Put computed results into the README: figures of the default run, and a table beside the published accuracies.

    python docs/refresh.py PUBLISHED.csv RESULTS [RESULTS ...]

PUBLISHED.csv holds the authors' runs (dataset, model, corruption, alpha, run, train_accuracy, val_accuracy); the first
RESULTS folder gives the figures; all give the table.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
NAMES = {"mnist": "MNIST", "xxz": "XXZ"}


def comparison(published: pd.DataFrame, ours: pd.DataFrame) -> str:
    key = ["dataset", "model", "alpha"]
    here, there = (
        frame[frame.corruption == "label_flipping"].groupby(key).val_accuracy.mean().unstack("alpha")
        for frame in (ours, published)
    )
    common = [row for row in there.index if row in here.index]
    alphas = [alpha for alpha in there.columns if alpha in here.columns]
    lines = ["| α | | " + " | ".join(f"{a:g}" for a in alphas) + " |", "|---" * (len(alphas) + 2) + "|"]
    for dataset, model in common:
        for name, frame in (("here", here), ("published", there)):
            title = f"{NAMES.get(dataset, dataset)} {model.upper()}" if name == "here" else ""
            values = " | ".join(f"{frame.loc[(dataset, model), a]:.2f}" for a in alphas)
            lines.append(f"| {title} | {name} | {values} |")
    return "\n".join(lines)


def main(published: str, *folders: str) -> None:
    for name in ("fig2.png", "fig3.png"):
        shutil.copy(Path(folders[0]) / "figs" / name, ROOT / "docs" / name)
    ours = pd.concat(pd.read_csv(Path(folder) / "tables" / "resilience.csv") for folder in folders)
    ours = ours.drop_duplicates(["dataset", "model", "corruption", "alpha", "seed"])
    table = comparison(pd.read_csv(published), ours)
    readme = ROOT / "README.md"
    pattern = r"(<!-- comparison -->\n).*?(<!-- /comparison -->)"
    readme.write_text(re.sub(pattern, lambda m: f"{m[1]}{table}\n{m[2]}", readme.read_text(), flags=re.S))


if __name__ == "__main__":
    main(*sys.argv[1:])
