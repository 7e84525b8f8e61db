"""Time one engine on one task. Output: a row of the benchmark, as JSON. One process each, for clean memory."""

import json
import resource

from qunlearn.job import configure_jax, job

names = snakemake.wildcards
replicas = int(names.replicas)
with job(f"time {names.engine} {names.task}, {replicas} replicas", snakemake) as progress:
    options = snakemake.params.options
    from qunlearn.benchmark import tasks

    device = configure_jax(tasks.PRECISION.get(names.engine, "single"), None, options["threads"])
    from qunlearn import store
    from qunlearn.benchmark import engines, floor

    spec = tasks.task(names.task)
    timed = engines.measure(names.engine, spec, replicas, options["runs"], options["seconds"])
    inputs = engines.Inputs(*tasks.data(spec))
    row = {"engine": names.engine, "task": names.task, "replicas": replicas} | timed
    row["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if names.engine in tasks.OWN:
        rates, work = floor.machine(), floor.work(spec, inputs, replicas)
        row |= {"flops": work.flops, "bytes": work.bytes, "flops_per_s": rates.flops, "bytes_per_s": rates.bytes}
        row["floor_s"] = work.seconds(rates)
        row["floor_ratio"] = row["seconds_per_update_per_replica"] / row["floor_s"]
    row["device"] = device
    progress(1, f"{1e6 * row['seconds_per_update_per_replica']:.4g} µs per update and replica")
    with store.replacing(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(row, indent=1) + "\n")
