"""Gather timed rows. Inputs: one JSON per row. Outputs: speed and growth tables, and the ratios on
the terminal."""

import json
from pathlib import Path

from qunlearn.runtime.job import job

with job("table benchmark", snakemake) as progress:
    import pandas as pd

    from qunlearn.runtime.files import replacing
    from qunlearn.studies.benchmark.table import ratios

    tables = {}
    for name in ("speed", "growth"):
        rows = [
            json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input[name]
        ]
        tables[name] = pd.DataFrame(rows)
        with replacing(snakemake.output[name]) as temporary:
            tables[name].to_csv(temporary, index=False, float_format="%.6g")
    for line in ratios(tables["speed"]):
        progress.line(line)
