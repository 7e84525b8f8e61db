"""Gather trained cells into a table, one row per trained model."""

from pathlib import Path

from qunlearn.job import job

with job(f"table {Path(snakemake.output[0]).stem}", snakemake) as progress:
    from qunlearn import tables

    p = snakemake.params
    frame = tables.resilience(snakemake.input.cells, snakemake.input.data, p.alphas, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
