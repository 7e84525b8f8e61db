"""Draw Fig. 2. Inputs: the datasets, the tables of resilience and of the toy, the published runs if given."""

from qunlearn.job import job

with job("figure 2", snakemake):
    from qunlearn import store, tables
    from qunlearn.plots import fig2, style

    p = snakemake.params
    published = tables.read_csv(snakemake.input.published[0]) if snakemake.input.published else None
    figure = fig2.draw(
        [store.read_dataset(path) for path in snakemake.input.data],
        tables.read_csv(snakemake.input.resilience),
        tables.read_csv(snakemake.input.toy),
        p.models,
        p.corruptions,
        p.toy_architectures,
        published,
    )
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
