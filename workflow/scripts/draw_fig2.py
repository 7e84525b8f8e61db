"""Draw Fig. 2. Inputs: the datasets and the resilience table. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure 2", snakemake):
    from qunlearn import store, tables
    from qunlearn.plots import fig2, style

    datasets = [store.read_dataset(path) for path in snakemake.input.data]
    figure = fig2.draw(
        datasets, tables.read_csv(snakemake.input.resilience), snakemake.params.models, snakemake.params.corruptions
    )
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
