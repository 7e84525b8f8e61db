"""Train one block of cells. Input: the dataset. Output: parameters and history of every (alpha, seed), as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
title = f"train {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params = snakemake.params
    device = configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    import numpy as np

    from qunlearn import store
    from qunlearn.experiment.train import train
    from qunlearn.problem import Cell, Problem
    from qunlearn.training import Schedule

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(alpha, seed) for alpha in params.alphas for seed in params.seeds]
    schedule = Schedule(**params.schedule)
    trained = train(problem, cells, schedule, progress)
    losses = trained.history["train_loss"]
    # a robust loss gives up wrong labels, whose cross-entropy may then grow without bound
    diverged = problem.model.diverged(losses) if schedule.gce is None else ~np.isfinite(losses).all(axis=1)
    settings = {key: params[key] for key in ("architecture", "schedule", "precision")}
    settings["parameters"] = problem.model.parameters()
    store.write_cells(snakemake.output[0], cells, trained, diverged, settings, device, schedule.keep_adam)
