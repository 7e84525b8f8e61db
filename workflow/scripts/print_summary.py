"""Say where the results are and where the time went: `python workflow/scripts/print_summary.py`, after a run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml

from qunlearn import timing
from qunlearn.grid import TABLES

root = Path(yaml.safe_load(Path("config.yaml").read_text())["paths"]["results"])
print("\nfigures and tables")
for path in [*sorted((root / "figs").glob("*.pdf")), *(root / "tables" / f"{name}.csv" for name in TABLES)]:
    if path.exists():
        print(f"  {path}")

times = timing.jobs(root / "benchmarks")
if len(times):
    total = timing.by_rule(times)[["jobs", "seconds", "memory"]].rename(columns={"memory": "peak"})
    print("\ntime by rule (seconds summed over jobs; peak memory of the largest job, MiB)")
    print(total.round(0).astype("Int64").to_string())
    print("\nlongest jobs")
    longest = times.sort_values("seconds", ascending=False).head(5).rename(columns={"memory": "peak MiB"})
    print(longest.to_string(index=False, float_format=lambda x: f"{x:.0f}"))
