"""Gather all audits into the table 'membership', one row per measure, model and kind of retrain."""

from qunlearn.job import job

with job("table membership", snakemake) as progress:
    from qunlearn import tables

    frame = tables.membership(snakemake.input.cells, snakemake.params.seeds, snakemake.params.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
