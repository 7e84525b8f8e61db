"""Draw Fig. S "spectrum". Inputs: the tables of models and of eigenvalues. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure S spectrum", snakemake):
    from qunlearn import tables
    from qunlearn.plots import spectrum, style

    p = snakemake.params
    frames = (tables.read_csv(snakemake.input[name]) for name in ("spectrum", "eigenvalues"))
    figure = spectrum.draw(*frames, p.models, p.architectures)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
