"""Draw Fig. S "slices". Input: the table 'slices'. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S slices", snakemake):
    from qunlearn import tables
    from qunlearn.plots import slices, style

    p = snakemake.params
    figure = slices.draw(tables.read_csv(snakemake.input[0]), p.models, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
