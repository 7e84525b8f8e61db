"""What clean and corrupted samples add to the curvature at trained parameters. Inputs: the dataset and the training
files that hold the models. Output: the two terms of the Hessian trace and the largest second derivatives, per cell and
part of its training set, as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
title = f"curvature {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params = snakemake.params
    device = configure_jax("double", snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import store
    from qunlearn.experiment.landscapes import curvatures, validation_accuracy
    from qunlearn.landscape import curvature_bound
    from qunlearn.points import write_points
    from qunlearn.problem import Cell, Problem

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(alpha, seed) for alpha in params.alphas for seed in params.seeds]
    trained, diverged = store.read_cells(snakemake.input.trained, cells)
    quantum = params.architecture["family"] == "qnn"
    bound = curvature_bound(params.architecture["readout_scale"]) if quantum else float("nan")
    found = curvatures(problem, cells, trained, bound, progress)
    accuracy = validation_accuracy(problem, trained)
    settings = {"architecture": params.architecture}
    write_points(snakemake.output[0], cells, found, accuracy, diverged, settings, device)
