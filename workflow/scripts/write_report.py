"""Write the page that holds the study. Inputs: figures, their captions, tables, claims. Output: HTML."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from qunlearn.job import job

with job("report", snakemake) as progress:
    from qunlearn import report, store

    i, p = snakemake.input, snakemake.params
    with TemporaryDirectory() as folder:
        effective = Path(folder) / "config.json"
        effective.write_text(json.dumps(p.config))
        command = [sys.executable, "-m", "snakemake", "--snakefile", p.snakefile, snakemake.output[0]]
        command += ["--rulegraph", "mermaid-js", "--configfile", str(effective)]
        graph = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures = [report.figure(*found) for found in zip(i.figures, i.captions, p.parts, p.tables)]
    data = [report.table(path) for path in i.tables]
    page = report.page(Path(i.page[0]).parent, figures, data, next(iter(i.claims), None), p.config, graph)
    with store.replacing(snakemake.output[0]) as temporary:
        temporary.write_text(page)
    progress(1, f"{len(figures)} figures, {len(data)} tables, {len(page) / 1e6:.1f} MB")
