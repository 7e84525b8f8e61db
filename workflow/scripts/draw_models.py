"""Draw Fig. S "models". Input: the table of all comparison models. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S models", snakemake):
    from qunlearn import tables
    from qunlearn.plots import models, style

    p = snakemake.params
    figure = models.draw(tables.read_csv(snakemake.input[0]), p.datasets, p.corruptions, p.models, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
