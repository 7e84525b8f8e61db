"""t-SNE maps of clean and corrupted training sets. Inputs: the datasets. Output: the table of
places, as CSV."""

from qunlearn.runtime.job import job

with job("embedding", snakemake) as progress:
    import pandas as pd

    from qunlearn.results.csv import write_csv
    from qunlearn.results.datasets import read_dataset
    from qunlearn.studies.overview.embed import embeddings

    params = snakemake.params
    settings = {"corruptions": params.corruptions, "seed": params.seed, **params.options}
    parts = []
    for path in snakemake.input:
        dataset = read_dataset(path)
        parts.append(embeddings(dataset, **settings))
        done = len(parts) / len(snakemake.input)
        progress(done, f"{len(parts[-1])} places of {dataset.name}")
    write_csv(pd.concat(parts), snakemake.output[0])
