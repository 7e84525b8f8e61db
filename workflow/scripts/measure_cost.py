"""Count and time one unlearning step of every method. Inputs: the dataset and the training files that hold the poisoned
models. Output: updates, passes and seconds by method, as JSON."""

import json

from qunlearn.job import configure_jax, job

names = snakemake.wildcards

with job(f"cost {names.dataset} {names.model} {names.corruption} alpha {names.alpha}", snakemake) as progress:
    params = snakemake.params
    device = configure_jax(params.precision, snakemake.config["paths"]["compilation_cache"], 1)
    from qunlearn import store
    from qunlearn.experiment.cost import measure
    from qunlearn.problem import Cell, Problem
    from qunlearn.training import Schedule

    dataset = store.read_dataset(snakemake.input.data)
    problem = Problem(dataset, names.model, params.architecture, names.corruption, params.seeds)
    cells = [Cell(float(names.alpha), seed) for seed in params.seeds]
    poisoned, _ = store.read_cells(snakemake.input.trained, cells)
    case = {name: names[name] for name in ("dataset", "model", "corruption")} | {"alpha": float(names.alpha)}
    found = {"case": case, "device": device, "methods": {}}
    for i, (method, options) in enumerate(params.methods.items()):
        cost = measure(problem, cells, poisoned, method, options, Schedule(**params.schedule))
        found["methods"][method] = cost._asdict()
        progress((i + 1) / len(params.methods), f"{method}: {1e3 * cost.seconds:.3g} ms per step and model")
    with store.replacing(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n")
