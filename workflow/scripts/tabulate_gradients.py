"""Gather the gradients of all datasets into one table, a row per circuit."""

from qunlearn.job import job

with job("table gradients", snakemake) as progress:
    import pandas as pd

    from qunlearn import tables

    parts = pd.concat([tables.read_csv(path) for path in snakemake.input.parts])
    frame = tables.gradients(parts, snakemake.input.data, snakemake.params.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
