"""Train one block of cells. Input: the dataset. Output: parameters and learning curves of every (alpha, seed), as
HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"train {names.dataset} {names.model} {names.corruption} alpha {names.alphas} seed {names.seeds}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.answers import validation_answers
    from qunlearn.experiment.stored import cells_of, read_problem
    from qunlearn.experiment.train import failed, train
    from qunlearn.results.cells import write_cells
    from qunlearn.training.schedule import Schedule

    problem = read_problem(snakemake.input.data, names, params)
    cells = cells_of(names, params)
    schedule = Schedule(**params.schedule)
    trained = train(problem, cells, schedule, progress)
    settings = {key: params[key] for key in ("architecture", "schedule", "precision")}
    settings["parameters"] = problem.model.parameters()
    diverged = failed(problem, trained, schedule)
    answers = validation_answers(problem, (trained.params, trained.state))
    write_cells(
        snakemake.output[0], cells, trained, diverged, settings, device, schedule.keep_adam, answers
    )
