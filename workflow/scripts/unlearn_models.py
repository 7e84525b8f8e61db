"""Unlearn one block of poisoned models by one method. Inputs: the dataset and the training files that hold the models.
Output: parameters after the last step and the learning curves of every seed, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = (
    f"unlearn {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"
)

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.answers import validation_answers
    from qunlearn.experiment.problem import Cell, Problem
    from qunlearn.experiment.unlearn import unlearn
    from qunlearn.grid.blocks import parse_alpha
    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.results.cells import read_cells, write_cells
    from qunlearn.results.datasets import read_dataset
    from qunlearn.training.schedule import Schedule

    dataset = read_dataset(snakemake.input.data)
    alpha = parse_alpha(names.alpha)
    problem = Problem(
        dataset, names.model, params.architecture, names.corruption, params.starts, params.poison
    )
    cells = [Cell(alpha, seed) for seed in params.seeds]
    origins = [Cell(alpha, seed) for seed in params.starts]
    method = find("method", base(names.method))(**params.method)
    poisoned, diverged = read_cells(snakemake.input.trained, origins, adam=True)
    schedule = Schedule(**params.schedule)
    unlearned = unlearn(problem, cells, poisoned, method, schedule, progress, origins=origins)
    if method.fresh:  # a failed start is no start of its own
        diverged = problem.model.diverged(unlearned.learning_curves["retain_loss"])
    settings = {key: params[key] for key in ("architecture", "schedule", "method", "precision")}
    answers = validation_answers(problem, (unlearned.params, unlearned.state))
    write_cells(snakemake.output[0], cells, unlearned, diverged, settings, device, answers=answers)
