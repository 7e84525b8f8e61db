"""Draw Fig. 2. Inputs: the datasets, the resilience table and the toy's. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure 2", snakemake):
    from qunlearn import store, tables
    from qunlearn.plots import fig2, style

    p = snakemake.params
    figure = fig2.draw(
        [store.read_dataset(path) for path in snakemake.input.data],
        tables.read_csv(snakemake.input.resilience),
        tables.read_csv(snakemake.input.toy),
        p.models,
        p.corruptions,
        p.toy_architectures,
    )
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
