"""Compute or fetch one dataset. Output: features and labels of its training and validation sets, as HDF5."""

from qunlearn.job import job

with job(f"data {snakemake.output[0]}", snakemake) as progress:
    from pathlib import Path

    from qunlearn import data, store
    from qunlearn.variants import base

    name = Path(snakemake.output[0]).stem
    dataset = data.build(base(name), snakemake.params.options, progress)
    store.write_dataset(snakemake.output[0], dataset, {"data": {name: snakemake.params.options}})
    progress(1, f"{len(dataset.x_train)} training and {len(dataset.x_validation)} validation samples")
