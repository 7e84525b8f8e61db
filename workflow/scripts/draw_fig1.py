"""Draw Fig. 1. Inputs: the datasets and the table of t-SNE places. Outputs: PDF and PNG."""

from qunlearn.job import job

with job("figure 1", snakemake):
    from qunlearn import store, tables
    from qunlearn.plots import fig1, style

    p = snakemake.params
    datasets = [store.read_dataset(path) for path in snakemake.input.data]

    def words(names):
        return "\n".join(style.WORDS.get(name, name) for name in names)

    steps = [
        ("data", "\n".join(style.DATASETS.get(dataset.name, dataset.name) for dataset in datasets)),
        ("poison", words(p.corruptions)),
        ("train", "\n".join(style.model_label(name, p.architectures.get(name)) for name in p.models)),
        ("unlearn", words(p.methods)),
        ("evaluate", "accuracy on\nclean data,\ncurvature of the loss"),
    ]
    figure = fig1.draw(datasets, tables.read_csv(snakemake.input.table), p.corruptions, p.alpha, p.seed, steps)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
