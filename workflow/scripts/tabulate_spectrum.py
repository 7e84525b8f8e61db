"""Gather all spectra into the tables 'spectrum', one row per trained model, and 'eigenvalues', one row each."""

from qunlearn.job import job

with job("table spectrum", snakemake) as progress:
    from qunlearn import points, tables

    p = snakemake.params
    frame, eigenvalues = points.spectrum(snakemake.input.cells, snakemake.input.data, p.seeds, p.margin, p.zero)
    tables.write_csv(frame, snakemake.output.spectrum)
    tables.write_csv(eigenvalues, snakemake.output.eigenvalues)
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
