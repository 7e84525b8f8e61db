"""Mean squared gradients of circuits of several depths on one dataset. Inputs: the dataset, and the training files that
hold the trained ones. Output: a row per circuit, as CSV."""

from qunlearn.runtime.job import configure_jax, job

with job(f"gradients {snakemake.wildcards.dataset}", snakemake) as progress:
    params = snakemake.params
    cache = snakemake.config["paths"]["compilation_cache"]
    configure_jax("double", cache, snakemake.threads)
    import pandas as pd

    from qunlearn.experiment.problem import Cell, Problem
    from qunlearn.results.cells import read_cells
    from qunlearn.results.csv import path_names, write_csv
    from qunlearn.results.datasets import read_dataset
    from qunlearn.studies.gradients import gradients

    dataset = read_dataset(snakemake.input.data)
    tables = []
    for name, architecture in params.architectures.items():
        seeds = params.seeds[name]
        cells = [Cell(alpha, seed) for alpha in params.alphas for seed in seeds]
        problem = Problem(dataset, name, architecture, params.corruption, seeds, params.poison)
        parts = [gradients.untrained(problem, params.draws)]
        files = [path for path in snakemake.input.trained if path_names(path, 2)[1] == name]
        if files:
            models, diverged = read_cells(files, cells)
            found = gradients.trained(problem, cells, models)
            parts.append(found.assign(collapsed=diverged))
        circuit = gradients.shape(problem)
        columns = {"dataset": snakemake.wildcards.dataset, "model": name} | circuit
        tables.append(pd.concat(parts).assign(**columns))
        progress(len(tables) / len(params.architectures), f"depth {circuit['depth']}")
    write_csv(pd.concat(tables), snakemake.output[0])
