"""Unlearn one block of poisoned models by every method, told a part of the poison, or wrongly. Inputs: the dataset and
the training files that hold the models. Output: accuracies before and after, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"known {names.dataset} {names.model} {names.corruption} alpha {names.alphas}"

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.stored import read_models
    from qunlearn.experiment.telling import Telling
    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.studies.known.stored import write_found
    from qunlearn.studies.known.sweep import sweep
    from qunlearn.training.schedule import Schedule

    poisoned = read_models(files.data, files.trained, names, params)
    methods = {}
    for name, (options, schedule) in params.methods.items():
        methods[name] = find("method", base(name))(**options), Schedule(**schedule)
    tellings = [Telling(*telling) for telling in params.tellings]
    found = sweep(poisoned, methods, tellings, progress)
    told = ("architecture", "methods", "tellings", "precision")
    settings = {key: params[key] for key in told}
    write_found(snakemake.output[0], poisoned, found, settings, device)
