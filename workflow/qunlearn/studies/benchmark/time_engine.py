"""Time one engine on one task. Output: a row of the benchmark, as JSON. One process each, for clean
memory."""

import json
import os
import resource

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
replicas = int(names.replicas)
with job(f"time {names.engine} {names.task}, {replicas} replicas", snakemake) as progress:
    from qunlearn.studies.benchmark import entrants, growth, tasks

    options = snakemake.params.options
    entrant = entrants.ENTRANTS[names.engine]
    device = configure_jax(entrant.precision, None, options["threads"])
    from qunlearn.runtime.files import replacing
    from qunlearn.studies.benchmark import floor
    from qunlearn.studies.benchmark.engine import Inputs
    from qunlearn.studies.benchmark.engines import measure

    busy = os.getloadavg()[0]  # processes that wanted a core in the minute before
    spec = growth.task(names.task)
    timed = measure(names.engine, spec, replicas, options["runs"], options["seconds"])
    row = {"engine": names.engine, "task": names.task, "replicas": replicas, **timed}
    row["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = row["seconds_per_update_per_replica"]
    if entrant.own:
        rates = floor.machine()
        few = spec if spec.kind == "cone" else spec._replace(samples=min(spec.samples, spec.batch))
        inputs = None if spec.kind == "cone" else Inputs(*tasks.data(few))
        work = floor.work(spec, inputs, replicas)
        least = work.seconds(rates)
        row |= {"flops": work.flops, "bytes": work.bytes}
        row |= {"flops_per_s": rates.flops, "bytes_per_s": rates.bytes}
        row |= {"floor_s": least, "floor_ratio": each / least}
    row |= {"device": device, "cores": os.cpu_count(), "load_before": busy}
    progress(1, f"{1e6 * each:.4g} µs per update and replica")
    with replacing(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
