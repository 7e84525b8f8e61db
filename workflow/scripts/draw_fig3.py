"""Draw Fig. 3. Inputs: the tables of unlearning, landscape and surfaces. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure 3", snakemake):
    from qunlearn import tables
    from qunlearn.plots import fig3, style

    p = snakemake.params
    figure = fig3.draw(
        tables.read_csv(snakemake.input.unlearning),
        tables.read_csv(snakemake.input.landscape),
        tables.read_csv(snakemake.input.surface),
        p.datasets,
        p.models,
        p.surface_models,
        p.landscape_models,
        p.methods,
        p.architectures,
    )
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
