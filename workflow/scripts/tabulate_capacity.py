"""Gather the models of the capacity study into a table, one row per trained model."""

from qunlearn.job import job

with job("table capacity", snakemake) as progress:
    from qunlearn import tables

    p = snakemake.params
    frame = tables.capacity(snakemake.input.cells, snakemake.input.data, p.alphas, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
