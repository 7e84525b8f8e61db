"""Gather the QNNs trained under hardware noise: a table of runs, and plateaus and critical alphas with intervals."""

from qunlearn.job import job

with job("table noise", snakemake) as progress:
    from qunlearn import tables
    from qunlearn.plateau import summary

    p = snakemake.params
    frame = tables.noise(snakemake.input.cells, snakemake.input.data, p.alphas, p.seeds, p.margin)
    by = ["dataset", "depolarizing", "readout_error", "shots"]
    short = summary(frame, by, ["val_accuracy"], p.plateau, p.margin, p.confidence, p.resamples)
    tables.write_csv(frame, snakemake.output.runs)
    tables.write_csv(short, snakemake.output.summary)
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
