"""Say where the results are and where the time went: `python workflow/scripts/print_summary.py`, after a run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
import yaml

from qunlearn.grid import TABLES

root = Path(yaml.safe_load(Path("config.yaml").read_text())["paths"]["results"])
print("\nfigures and tables")
for path in [*sorted((root / "figs").glob("*.pdf")), *(root / "tables" / f"{name}.csv" for name in TABLES)]:
    if path.exists():
        print(f"  {path}")

rows = []
for path in sorted((root / "benchmarks").rglob("*.tsv")):
    rule, *cell = path.relative_to(root / "benchmarks").with_suffix("").parts
    run = pd.read_csv(path, sep="\t").iloc[-1]
    rows.append({"rule": rule, "job": " ".join(cell), "seconds": run["s"], "peak MiB": run["max_rss"]})
if rows:
    times = pd.DataFrame(rows)
    times["peak MiB"] = pd.to_numeric(times["peak MiB"], errors="coerce")
    total = times.groupby("rule").agg(jobs=("job", "size"), seconds=("seconds", "sum"), peak=("peak MiB", "max"))
    total = total.sort_values("seconds", ascending=False)
    print("\ntime by rule (seconds summed over jobs; peak memory of the largest job, MiB)")
    print(total.round(0).astype(int).to_string())
    print("\nlongest jobs")
    longest = times.sort_values("seconds", ascending=False).head(5)
    print(longest.to_string(index=False, float_format=lambda x: f"{x:.0f}"))
