"""Hessian eigenvalues at trained parameters, on the data trained on. Inputs: the dataset and the training files that
hold the models. Output: eigenvalues and how many each stands for, per cell, as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
title = f"spectrum {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params = snakemake.params
    device = configure_jax("double", snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import store
    from qunlearn.experiment.landscapes import spectra, validation_accuracy
    from qunlearn.points import write_points
    from qunlearn.problem import Cell, Problem

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(alpha, seed) for alpha in params.alphas for seed in params.seeds]
    trained, diverged = store.read_cells(snakemake.input.trained, cells)
    found = spectra(problem, cells, trained, params.options, progress)
    accuracy = validation_accuracy(problem, trained)
    settings = {key: params[key] for key in ("architecture", "options")}
    write_points(snakemake.output[0], cells, found, accuracy, diverged, settings, device)
