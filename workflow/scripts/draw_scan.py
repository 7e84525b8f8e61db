"""Draw Fig. S "scan". Input: the table of all scans. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S scan", snakemake):
    from qunlearn import tables
    from qunlearn.plots import scan, style

    p = snakemake.params
    figure = scan.draw(tables.read_csv(snakemake.input[0]), p.cases, p.headline, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
