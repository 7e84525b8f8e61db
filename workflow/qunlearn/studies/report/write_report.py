"""Write the page that holds the study. Inputs: figures, tables, claims. Output: HTML."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from qunlearn.runtime.job import job


def graph_of_rules(snakefile: str, config: dict) -> str:
    """The rules that make the page, as Snakemake prints them; of this workflow, whichever one imports it."""
    with TemporaryDirectory() as folder:
        effective = Path(folder) / "config.json"
        effective.write_text(json.dumps(config), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "write_report"]
        command += ["--rulegraph", "mermaid-js", "--configfile", str(effective)]
        command += ["--workflow-profile", "none", "--cores", "1"]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


with job("report", snakemake) as progress:
    from qunlearn.runtime.files import replacing
    from qunlearn.studies.claims.criteria import Origin
    from qunlearn.studies.report.page import page
    from qunlearn.studies.report.pieces import figure, table

    files, params, output = snakemake.input, snakemake.params, snakemake.output[0]
    graph = graph_of_rules(params.snakefile, params.config)
    figures = []
    for path, (part, caption, tables) in zip(files.figures, params.words):
        figures.append(figure(path, caption, part, tables))
    tables = [table(path) for path in files.tables]
    claims = next(iter(files.get("claims", [])), None)
    origin = Origin(**params.origin)
    text = page(figures, tables, claims, params.config, Path(output).parent, graph, origin)
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    progress(1, f"{len(figures)} figures, {len(tables)} tables, {len(text) / 1e6:.1f} MB")
