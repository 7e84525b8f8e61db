"""Unlearn one block of poisoned models by one method. Inputs: the dataset and the training files that hold the models.
Output: parameters after the last step and the history of every seed, as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
title = f"unlearn {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"

with job(title, snakemake) as progress:
    params = snakemake.params
    device = configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import store
    from qunlearn.experiment.unlearn import unlearn
    from qunlearn.problem import Cell, Problem
    from qunlearn.training import Schedule
    from qunlearn.unlearning import CONTROLS, REGISTRY

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(float(names.alpha), seed) for seed in params.seeds]
    poisoned, failed = store.read_cells(snakemake.input.trained, cells, adam=True)
    schedule = Schedule(**params.schedule)
    unlearned = unlearn(problem, cells, poisoned, names.method, params.method, schedule, progress)
    if (REGISTRY | CONTROLS)[names.method].fresh:  # a failed start is no start of its own
        failed = problem.model.diverged(unlearned.history["retain_loss"])
    settings = {key: params[key] for key in ("architecture", "schedule", "method", "precision")}
    store.write_cells(snakemake.output[0], cells, unlearned, failed, settings, device)
