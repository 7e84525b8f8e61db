"""Gather all scans of weights into the table 'scan', one row per combination of weights and seed."""

from qunlearn.job import job

with job("table scan", snakemake) as progress:
    from qunlearn import tables

    frame = tables.scan(snakemake.input.cells, snakemake.input.retrained, snakemake.params.seeds)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
