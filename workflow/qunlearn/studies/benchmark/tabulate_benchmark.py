"""Gather timed rows. Inputs: one JSON per row. Outputs: tables of speed, of growth and of the laws
that growth follows, and what they say on the terminal."""

import json
from pathlib import Path

from qunlearn.runtime.job import job

with job("table benchmark", snakemake) as progress:
    import pandas as pd

    from qunlearn.runtime.files import replacing
    from qunlearn.studies.benchmark.laws import laws, sentences
    from qunlearn.studies.benchmark.table import ratios

    tables = {}
    for name in ("speed", "growth"):
        rows = [
            json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input[name]
        ]
        tables[name] = pd.DataFrame(rows)
    tables["laws"] = laws(tables["growth"])
    for name, table in tables.items():
        with replacing(snakemake.output[name]) as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
    for line in [*ratios(tables["speed"]), *sentences(tables["laws"])]:
        progress.line(line)
