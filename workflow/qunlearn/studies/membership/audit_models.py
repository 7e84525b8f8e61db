"""Ask unlearned models, and retrains beside them, about samples that they were and were not trained
on. Inputs: the dataset, the training files that hold the poisoned models, and one file of unlearned
models per method. Output: logits, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"audit {names.dataset} {names.model} {names.corruption} alpha {names.alpha}"

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.stored import read_models
    from qunlearn.results.cells import read_cells
    from qunlearn.studies.membership.audit import audit
    from qunlearn.studies.membership.stored import write_audit
    from qunlearn.training.schedule import Schedule

    problem, cells, poisoned, diverged = read_models(files.data, files.trained, names, params)
    models, failed = {"poisoned": poisoned}, {"poisoned": diverged}
    for method, path in zip(params.methods, files.unlearned):
        models[method], failed[method] = read_cells([path], cells)
    schedules = {name: Schedule(**values) for name, values in params.schedules.items()}
    found = audit(problem, cells, models, params.retrains, schedules, progress)
    found["failed"]["models"] = failed
    settings = {key: params[key] for key in ("architecture", "schedules", "retrains", "precision")}
    write_audit(snakemake.output[0], cells, found, settings, device)
