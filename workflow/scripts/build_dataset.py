"""Compute or fetch one dataset. Output: features and labels of its training and validation sets, as HDF5."""

from qunlearn.runtime.job import job

with job(f"data {snakemake.output[0]}", snakemake) as progress:
    from dataclasses import replace

    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.results.csv import stem
    from qunlearn.results.datasets import write_dataset

    data = snakemake.params.data
    name = stem(snakemake.output[0])
    source = find("dataset", data["source"])(**data["options"])
    dataset = source.build(progress=progress, **data["surroundings"])
    dataset = replace(dataset, name=base(name))
    settings = {"data": {name: data["options"] | data["surroundings"]}}
    write_dataset(snakemake.output[0], dataset, settings)
    progress(
        1, f"{len(dataset.x_train)} training and {len(dataset.x_validation)} validation samples"
    )
