"""A study's own analysis of trained models. Inputs: the dataset and the training files that hold the models. Output:
what was found per cell, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
stage = snakemake.params.study
title = f"{stage} {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax("double", cache, snakemake.threads)
    from qunlearn.experiment.answers import validation_answers
    from qunlearn.experiment.stored import read_models
    from qunlearn.parts.registry import find
    from qunlearn.results.points import write_points
    from qunlearn.training.losses import in_precision

    study = find("study", stage)(**params.options)
    problem, cells, trained, diverged = read_models(files.data, files.trained, names, params)
    found = study.analyse(problem, cells, trained, params.settings, progress)
    answers = validation_answers(problem, in_precision(trained))
    settings = {"architecture": params.architecture, "options": params.settings}
    write_points(snakemake.output[0], cells, found, answers, diverged, settings, device)
