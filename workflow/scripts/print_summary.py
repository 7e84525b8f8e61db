"""Say where the results are and where the time went, after a run: `python workflow/scripts/print_summary.py`, with the
options that Snakemake was given (`--configfile presets/paper.yaml`, `--directory`, `--config`, `--profile`, ...)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: Snakemake needs another `tabulate`

from qunlearn.config import called
from qunlearn.runtime import clock, timing
from qunlearn.runtime.errors import UserError

TABLES = ("resilience", "unlearning", "landscape")

sys.stdout.reconfigure(errors="backslashreplace")
try:
    folders = called.folders(called.options(sys.argv[1:]))
except UserError as error:
    sys.exit(str(error))
root, logs = Path(folders["results"]), Path(folders["logs"])
files = sorted((root / "figs").glob("*.pdf"))
files += [root / "tables" / f"{name}.csv" for name in TABLES]
files = [path for path in files if path.exists()]
if not files:
    print(f"\nno figures and tables in {root.absolute()} yet")
else:
    print("\nfigures and tables")
for path in files:
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

number, spent = clock.together(sorted(logs.rglob("*.log")))
if number:
    print(f"\n{number} jobs, by their logs: {spent}")
