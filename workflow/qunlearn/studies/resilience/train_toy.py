"""Train networks on points in the plane. No input. Output: points and decision functions, as CSV."""

from qunlearn.runtime.job import configure_jax, job

with job("toy", snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    configure_jax(params.precision, cache, snakemake.threads)
    from qunlearn.results.csv import write_csv
    from qunlearn.studies.resilience import toy
    from qunlearn.training.schedule import Schedule

    schedules = {name: Schedule(**values) for name, values in params.schedules.items()}
    table = toy.run(**params.options, schedules=schedules, progress=progress)
    write_csv(table, snakemake.output[0])
