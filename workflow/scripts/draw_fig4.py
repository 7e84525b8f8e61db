"""Draw Fig. 4. Inputs: the datasets, for their sizes. Outputs: PDF, PNG and the table of counts."""

from qunlearn.job import job

with job("figure 4", snakemake):
    from qunlearn import store, tables
    from qunlearn.plots import fig4, style

    datasets = [store.read_dataset(path) for path in snakemake.input.data]
    figure, counts = fig4.draw(datasets, snakemake.params.architectures)
    tables.write_csv(counts, snakemake.output.table)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
