"""Train an MLP and a QNN on points in the plane. No input. Output: points and decision function, as CSV."""

from qunlearn.job import configure_jax, job

with job("toy", snakemake) as progress:
    params = snakemake.params
    configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from qunlearn import tables
    from qunlearn.experiment import toy
    from qunlearn.training import Schedule

    options = params.options
    schedules = {name: Schedule(**schedule) for name, schedule in params.schedules.items()}
    sizes = {key: options[key] for key in ("points", "qubits", "alpha", "seed")}
    table = toy.run(**sizes, architectures=options["architectures"], schedules=schedules, progress=progress)
    tables.write_csv(table, snakemake.output[0])
