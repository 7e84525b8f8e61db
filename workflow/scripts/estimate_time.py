"""How long the run whose results lie here would take on other numbers of cores. Takes the options that Snakemake was
given: `python workflow/scripts/estimate_time.py --configfile presets/paper.yaml`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: Snakemake needs another `tabulate`

from qunlearn.config import called
from qunlearn.runtime.cores import recorded, seconds_on
from qunlearn.runtime.errors import UserError

CORES = (1, 2, 4, 8, 16, 32)

try:
    results = Path(called.folders(called.options(sys.argv[1:]))["results"]).absolute()
except UserError as error:
    sys.exit(str(error))
jobs = recorded(Path.cwd(), results)
if not jobs:
    sys.exit(
        f"Snakemake has no record of jobs in {results}: run some first, in this working directory."
    )
longest = max(jobs, key=lambda job: job.seconds)
print(
    f"{len(jobs)} jobs, {sum(job.seconds for job in jobs):.0f} s; the longest: {longest.rule}, {longest.seconds:.0f} s"
)
for cores in CORES:
    print(f"{cores:3d} cores: {seconds_on(jobs, cores):5.0f} s")
