"""Hessian traces at trained parameters. Inputs: the dataset and the training files that hold the models. Output:
traces, their two terms and the top eigenvalue on the (poisoned) training set and on validation data, per cell, as
HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"landscape {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax("double", cache, snakemake.threads)
    from qunlearn.experiment.stored import read_models
    from qunlearn.landscape.analyse import analyse
    from qunlearn.results.cells import write_landscape

    problem, cells, trained, diverged = read_models(files.data, files.trained, names, params)
    curvatures, answers = analyse(problem, cells, trained, progress, **params.traces)
    settings = {"architecture": params.architecture, "traces": params.traces}
    write_landscape(snakemake.output[0], cells, curvatures, answers, diverged, settings, device)
