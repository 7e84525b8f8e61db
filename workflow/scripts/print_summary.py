"""Say where the results are and where the time went: `python workflow/scripts/print_summary.py`,
after a run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml

from qunlearn.runtime import timing

TABLES = ("resilience", "unlearning", "landscape")

root = Path(yaml.safe_load(Path("config.yaml").read_text())["paths"]["results"])
files = sorted((root / "figs").glob("*.pdf"))
files += [root / "tables" / f"{name}.csv" for name in TABLES]
print("\nfigures and tables")
for path in files:
    if path.exists():
        print(f"  {path}")

times = timing.jobs(root / "benchmarks")
if len(times):
    total = timing.by_rule(times)[["jobs", "seconds", "memory"]]
    total = total.rename(columns={"memory": "peak"}).round(0).astype("Int64")
    print("\ntime by rule (seconds summed over jobs; peak memory of the largest job, MiB)")
    print(total.to_string())
    longest = times.sort_values("seconds", ascending=False).head(5)
    longest = longest.rename(columns={"memory": "peak MiB"})
    print("\nlongest jobs")
    print(longest.to_string(index=False, float_format=lambda number: f"{number:.0f}"))
