"""Draw Fig. X "noise". Input: its tables. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure X noise", snakemake):
    from qunlearn import tables
    from qunlearn.plots import noise, style

    runs, summary = (tables.read_csv(path) for path in (snakemake.input.runs, snakemake.input.summary))
    figure = noise.draw(runs, summary, snakemake.params.datasets)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
