"""Which jobs used most: python tests/cluster/measured.py FOLDER... > tests/cluster/measured.csv

Folders of benchmark files of whole runs (results/benchmarks). Of every rule the job with the largest memory and the one
that took longest; of the first folder, whose jobs were chosen for their size, all jobs.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

import pandas as pd

from qunlearn.runtime import timing

chosen, *others = (timing.jobs(Path(folder)) for folder in sys.argv[1:])
runs = pd.concat(others)
runs = runs.dropna(subset=["memory"]).reset_index(drop=True)
largest = [runs.groupby("rule")[column].idxmax() for column in ("memory", "seconds")]
rows = pd.concat([chosen, *(runs.loc[index] for index in largest)])
rows = rows.drop_duplicates(["rule", "job"]).sort_values(["rule", "job"])
print("# MiB at most and seconds of jobs on two shared cores; made by tests/cluster/measured.py.")
print(rows.round({"seconds": 0, "memory": 0}).to_csv(index=False), end="")
