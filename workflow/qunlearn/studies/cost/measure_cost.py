"""Count and time one unlearning step of every method. Inputs: the dataset and the training files that hold the poisoned
models. Output: updates, passes and seconds by method, as JSON."""

import json

from qunlearn.runtime.job import configure_jax, job

names = snakemake.wildcards
title = f"cost {names.dataset} {names.model} {names.corruption} alpha {names.alpha}"

with job(title, snakemake) as progress:
    params, files = snakemake.params, snakemake.input
    cache = snakemake.config["paths"]["compilation_cache"]
    device = configure_jax(params.precision, cache, 1)
    from qunlearn.experiment.stored import read_models
    from qunlearn.grid.blocks import parse_alpha
    from qunlearn.parts.registry import find
    from qunlearn.runtime.files import replacing
    from qunlearn.studies.cost.measure import measure
    from qunlearn.training.schedule import Schedule

    problem, cells, poisoned, _ = read_models(files.data, files.trained, names, params)
    schedule = Schedule(**params.schedule)
    case = {name: names[name] for name in ("dataset", "model", "corruption")}
    found = {"case": case | {"alpha": parse_alpha(names.alpha)}, "device": device, "methods": {}}
    for name, options in params.methods.items():
        cost = measure(problem, cells, poisoned, find("method", name)(**options), schedule)
        found["methods"][name] = cost._asdict()
        fraction = len(found["methods"]) / len(params.methods)
        progress(fraction, f"{name}: {1e3 * cost.seconds:.3g} ms per step and model")
    with replacing(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
