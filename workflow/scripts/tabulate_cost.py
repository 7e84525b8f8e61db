"""Gather costs and unlearning curves into the table 'cost', one row per run."""

from qunlearn.job import job

with job("table cost", snakemake) as progress:
    from qunlearn import tables

    frame = tables.cost(snakemake.input.costs, snakemake.input.cells, snakemake.params.seeds)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
