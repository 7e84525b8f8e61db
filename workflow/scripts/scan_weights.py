"""Unlearn one block of poisoned models by every combination of a method's weights. Inputs: the dataset and the training
files that hold the models. Output: accuracies and losses after the last step, as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
title = f"scan {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"

with job(title, snakemake) as progress:
    params = snakemake.params
    device = configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    import numpy as np

    from qunlearn import store
    from qunlearn.experiment.scan import scan
    from qunlearn.problem import Cell, Problem
    from qunlearn.training import Schedule

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(float(names.alpha), seed) for seed in params.seeds]
    poisoned, failed = store.read_cells(snakemake.input.trained, cells)
    many, weights, done = scan(
        problem, cells, poisoned, names.method, params.weights, Schedule(**params.schedule), progress
    )
    failed = np.tile(failed, len(many) // len(cells))  # a failed start is no start of its own
    settings = {key: params[key] for key in ("architecture", "schedule", "weights", "precision")}
    store.write_scan(snakemake.output[0], many, weights, done, failed, settings, device)
