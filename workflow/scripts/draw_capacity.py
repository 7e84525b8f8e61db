"""Draw Fig. S "capacity". Input: its table. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S capacity", snakemake):
    from qunlearn import tables
    from qunlearn.plots import capacity, style

    p = snakemake.params
    figure = capacity.draw(tables.read_csv(snakemake.input[0]), p.datasets, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
