"""Gather all cells into the table 'landscape', one row per trained model and evaluation set."""

from qunlearn.job import job

with job("table landscape", snakemake) as progress:
    from qunlearn import tables

    p = snakemake.params
    frame = tables.landscape(snakemake.input.cells, snakemake.input.data, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
