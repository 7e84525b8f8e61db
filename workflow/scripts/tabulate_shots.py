"""Gather the QNNs trained with finite shots, with their exact readout: a table of runs, and plateaus with intervals."""

from qunlearn.job import configure_jax, job

with job("table shots", snakemake) as progress:
    p = snakemake.params
    configure_jax("double", snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import tables
    from qunlearn.experiment.readout import table
    from qunlearn.plateau import summary

    frame = table(snakemake.input.cells, snakemake.input.data, p.alphas, p.seeds, p.margin)
    columns = ["val_accuracy", "training_val_accuracy", "readout_val_accuracy"]
    short = summary(frame, ["dataset", "shots"], columns, p.plateau, p.margin, p.confidence, p.resamples)
    tables.write_csv(frame, snakemake.output.runs)
    tables.write_csv(short, snakemake.output.summary)
    progress(1, f"{len(frame)} rows, {int(frame['collapsed'].sum())} of them of collapsed runs")
