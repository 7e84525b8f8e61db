"""Draw Fig. X "membership". Input: the table of measures. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure X membership", snakemake):
    from qunlearn import tables
    from qunlearn.plots import membership, style

    p = snakemake.params
    table = tables.read_csv(snakemake.input[0])
    figure = membership.draw(table, p.cases, p.methods, p.schedules, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
