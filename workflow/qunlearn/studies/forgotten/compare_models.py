"""Compare models that unlearned with models that never saw the forget set. Input: the dataset. Output: what they
answer, how fast they relearn, and how far their parameters lie apart, as HDF5."""

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"compare {names.dataset} {names.model} {names.corruption} alpha {names.alpha}"

with job(title, snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.experiment.stored import read_problem
    from qunlearn.grid.blocks import parse_alpha
    from qunlearn.grid.names import base
    from qunlearn.parts.registry import find
    from qunlearn.studies.forgotten.comparison import compare
    from qunlearn.studies.forgotten.copies import Schedules, SharedPoison
    from qunlearn.studies.forgotten.stored import write_comparison
    from qunlearn.training.schedule import Schedule

    data = snakemake.input.data
    problem = read_problem(data, names, params, SharedPoison, copies=params.copies)
    methods, of_methods = {}, {}
    for name, (options, schedule) in params.methods.items():
        methods[name] = find("method", base(name))(**options)
        of_methods[name] = Schedule(**schedule)
    schedules = Schedules(Schedule(**params.training), Schedule(**params.retraining), of_methods)
    relearn = Schedule(**params.relearning), params.relearning_updates
    alpha = parse_alpha(names.alpha)
    found = compare(problem, alpha, methods, schedules, relearn, progress)
    told = (
        "architecture", "training", "retraining", "relearning", "relearning_updates", "methods", "copies", "precision",
    )  # fmt: skip
    settings = {key: params[key] for key in told}
    write_comparison(snakemake.output[0], alpha, params.seeds, found, settings, device)
