"""Rank the training samples of one block of cells by suspicion. Input: the dataset. Output: a score of every sample by
every score, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"suspect {names.dataset} {names.model} {names.corruption} alpha {names.alpha}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.stored import cells_of, read_problem
    from qunlearn.studies.detection.stored import write_suspicion
    from qunlearn.studies.detection.suspicion import suspect
    from qunlearn.training.schedule import Schedule

    problem = read_problem(snakemake.input.data, names, params)
    cells = cells_of(names, params)
    found = suspect(problem, cells, Schedule(**params.schedule), params.folds, progress)
    settings = {key: params[key] for key in ("architecture", "schedule", "folds", "precision")}
    write_suspicion(snakemake.output[0], cells, found, settings, device)
