"""Draw Fig. X "gradients". Input: the table of all circuits. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure X gradients", snakemake):
    from qunlearn import tables
    from qunlearn.plots import gradients, style

    p = snakemake.params
    figure = gradients.draw(tables.read_csv(snakemake.input[0]), p.datasets, p.chains)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
