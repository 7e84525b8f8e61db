"""Ask unlearned models, and retrains beside them, about samples that they were and were not trained on. Inputs: the
dataset, the training files that hold the poisoned models, and one file of unlearned models per method. Output: logits,
as HDF5."""

from qunlearn.job import configure_jax, job

names = snakemake.wildcards

with job(f"audit {names.dataset} {names.model} {names.corruption} alpha {names.alpha}", snakemake) as progress:
    params = snakemake.params
    device = configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import store
    from qunlearn.experiment.membership import audit
    from qunlearn.problem import Cell, Problem
    from qunlearn.training import Schedule

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(float(names.alpha), seed) for seed in params.seeds]
    models, failed = {}, {}
    for name, paths in [
        ("poisoned", snakemake.input.trained),
        *((method, [path]) for method, path in zip(params.methods, snakemake.input.unlearned)),
    ]:
        models[name], failed[name] = store.read_cells(paths, cells)
    schedules = {name: Schedule(**values) for name, values in params.schedules.items()}
    found = audit(problem, cells, models, params.retrains, schedules, progress)
    found["failed"]["models"] = failed
    settings = {key: params[key] for key in ("architecture", "schedules", "retrains", "precision")}
    store.write_audit(snakemake.output[0], cells, found, settings, device)
