"""t-SNE maps of clean and corrupted training sets. Inputs: the datasets. Output: the table of places, as CSV."""

from qunlearn.job import job

with job("embedding", snakemake) as progress:
    import pandas as pd

    from qunlearn import store, tables
    from qunlearn.experiment.embed import embeddings

    p = snakemake.params
    parts = []
    for path in snakemake.input:
        dataset = store.read_dataset(path)
        parts.append(embeddings(dataset, p.corruptions, p.alpha, p.seed, p.perplexity))
        progress(len(parts) / len(snakemake.input), f"{len(parts[-1])} places of {dataset.name}")
    tables.write_csv(pd.concat(parts), snakemake.output[0])
