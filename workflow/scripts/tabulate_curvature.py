"""Gather all cells into the table 'curvature', one row per trained model and part of its training set."""

from qunlearn.job import job

with job("table curvature", snakemake) as progress:
    from qunlearn import points, tables

    p = snakemake.params
    frame = points.curvature(snakemake.input.cells, snakemake.input.data, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
