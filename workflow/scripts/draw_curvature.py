"""Draw Fig. S "curvature". Input: the table 'curvature'. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S curvature", snakemake):
    from qunlearn import tables
    from qunlearn.plots import curvature, style

    p = snakemake.params
    figure = curvature.draw(tables.read_csv(snakemake.input[0]), p.models, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
