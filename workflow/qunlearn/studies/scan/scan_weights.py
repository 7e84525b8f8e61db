"""Unlearn one block of poisoned models by every combination of a method's weights. Inputs: the dataset and the training
files that hold the models. Output: accuracies and losses after the last step, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"scan {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    import numpy as np

    from qunlearn.experiment.stored import read_models
    from qunlearn.parts.registry import find
    from qunlearn.studies.scan.scan import scan, write_scan
    from qunlearn.training.schedule import Schedule

    files = snakemake.input
    problem, cells, poisoned, failed = read_models(files.data, files.trained, names, params)
    method = find("method", names.method)(**params.method)
    schedule = Schedule(**params.schedule)
    many, weights, done = scan(problem, cells, poisoned, method, params.weights, schedule, progress)
    # a start that failed is no start of a combination's own
    failed = np.tile(failed, len(many) // len(cells))
    settings = {key: params[key] for key in ("architecture", "schedule", "weights", "precision")}
    write_scan(snakemake.output[0], many, weights, done, failed, settings, device)
