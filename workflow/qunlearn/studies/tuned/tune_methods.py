"""Unlearn one block of poisoned models by one method at several learning rates. Inputs: the dataset and the training
files that hold the models. Output: learning curves of every learning rate and seed, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"tune {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    import numpy as np

    from qunlearn.experiment.stored import read_models
    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.studies.tuned.tune import tune, write_tuned
    from qunlearn.training.schedule import Schedule

    files = snakemake.input
    problem, cells, poisoned, failed = read_models(files.data, files.trained, names, params)
    method = find("method", base(names.method))(**params.method)
    schedule = Schedule(**params.schedule)
    rates = params.learning_rates
    many, by_replica, done = tune(problem, cells, poisoned, method, rates, schedule, progress)
    # a failed start is no start of retraining; what fails on the way shows in the losses
    failed = np.tile(failed & (not method.fresh), len(rates))
    settings = {key: params[key] for key in ("architecture", "schedule", "method", "precision")}
    settings["learning_rates"] = rates
    write_tuned(snakemake.output[0], many, by_replica, done, failed, settings, device)
