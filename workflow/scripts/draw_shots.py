"""Draw Fig. X "shots". Input: its tables. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure X shots", snakemake):
    from qunlearn import tables
    from qunlearn.plots import shots, style

    runs, summary = (tables.read_csv(path) for path in (snakemake.input.runs, snakemake.input.summary))
    figure = shots.draw(runs, summary, snakemake.params.datasets)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
