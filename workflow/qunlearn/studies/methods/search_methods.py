"""Find the best values of one unlearning method for each of a block of poisoned models. Inputs: the dataset and the
training files that hold the models. Output: the models found, what was chosen for each and what it costs, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = (
    f"search {names.dataset} {names.model} {names.corruption} alpha {names.alpha} {names.method}"
)

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.answers import validation_answers
    from qunlearn.experiment.stored import read_models
    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.studies.methods.search import search
    from qunlearn.studies.methods.stored import write_found
    from qunlearn.training.schedule import Schedule

    problem, cells, poisoned, failed = read_models(files.data, files.trained, names, params)
    method = find("method", base(names.method))(**params.method)
    schedule = Schedule(**params.schedule)
    found = search(
        problem, cells, poisoned, method, params.learning_rates, params.scan, params.passes, schedule, progress,
    )  # fmt: skip
    failed = failed & (not method.fresh)  # a failed start is no start of retraining
    told = ("architecture", "schedule", "method", "precision", "learning_rates", "scan", "passes")
    settings = {key: params[key] for key in told}
    answers = validation_answers(problem, (found.done.params, found.done.state))
    write_found(snakemake.output[0], cells, found, failed, settings, device, answers)
