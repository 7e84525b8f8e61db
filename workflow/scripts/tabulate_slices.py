"""Gather all cells into the table 'slices', one row per trained model, direction and displacement."""

from qunlearn.job import job

with job("table slices", snakemake) as progress:
    from qunlearn import points, tables

    p = snakemake.params
    frame = points.slices(snakemake.input.cells, snakemake.input.data, p.seeds, p.margin)
    tables.write_csv(frame, snakemake.output[0])
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
