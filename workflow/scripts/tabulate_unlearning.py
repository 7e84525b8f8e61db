"""Gather all cells into the table 'unlearning', one row per unlearning step."""

from qunlearn.job import job

with job("table unlearning", snakemake) as progress:
    from qunlearn import tables

    p = snakemake.params
    frame = tables.unlearning(snakemake.input.cells, p.seeds)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
