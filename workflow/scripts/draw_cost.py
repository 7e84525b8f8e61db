"""Draw Fig. S "cost". Input: the table of costs. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S cost", snakemake):
    from qunlearn import tables
    from qunlearn.plots import cost, style

    p = snakemake.params
    figure = cost.draw(tables.read_csv(snakemake.input[0]), p.cases, p.methods, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
