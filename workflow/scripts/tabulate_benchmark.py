"""Gather timed rows. Inputs: one JSON per row. Outputs: speed and growth tables, and the ratios on the terminal."""

import json
from pathlib import Path

from qunlearn.job import job

with job("table benchmark", snakemake) as progress:
    import pandas as pd

    from qunlearn import store
    from qunlearn.benchmark import tasks

    tables = {}
    for name in ("speed", "growth"):
        tables[name] = pd.DataFrame([json.loads(Path(path).read_text()) for path in snakemake.input[name]])
        with store.replacing(snakemake.output[name]) as temporary:
            tables[name].to_csv(temporary, index=False, float_format="%.6g")
    for (task, replicas), rows in tables["speed"].groupby(["task", "replicas"], sort=False):
        each = rows.set_index("engine")["seconds_per_update_per_replica"]
        own = next(engine for engine in each.index if engine in tasks.OWN)
        others = ", ".join(f"{each[e] / each[own]:.3g} times faster than {e}" for e in each.index if e != own)
        floor = rows.set_index("engine")["floor_ratio"][own]
        progress.line(f"{task}, {replicas} replicas: {1e6 * each[own]:.3g} µs, {floor:.2g} times the floor; {others}")
