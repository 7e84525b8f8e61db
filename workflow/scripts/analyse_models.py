"""A study's own analysis of trained models. Inputs: the dataset and the training files that hold the models. Output:
what was found per cell, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
stage = snakemake.params.study
title = f"{stage} {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax("double", cache, snakemake.threads)
    from qunlearn.experiment.answers import validation_answers
    from qunlearn.experiment.problem import Cell, Problem
    from qunlearn.landscape.trained import in_double
    from qunlearn.parts.registry import find
    from qunlearn.results.cells import read_cells
    from qunlearn.results.datasets import read_dataset
    from qunlearn.results.points import write_points

    study = find("study", stage)(**params.options)
    dataset = read_dataset(snakemake.input.data)
    problem = Problem(
        dataset, names.model, params.architecture, names.corruption, params.seeds, params.poison
    )
    cells = [Cell(alpha, seed) for alpha in params.alphas for seed in params.seeds]
    trained, diverged = read_cells(snakemake.input.trained, cells)
    found = study.analyse(problem, cells, trained, params.settings, progress)
    answers = validation_answers(problem, in_double(trained))
    settings = {"architecture": params.architecture, "options": params.settings}
    write_points(snakemake.output[0], cells, found, answers, diverged, settings, device)
