"""The loss around clean and poisoned minima. Inputs: datasets and training files. Output: the
surfaces, as CSV."""

from qunlearn.runtime.job import configure_jax, job

with job("table surface", snakemake) as progress:
    params = snakemake.params
    task = params.task
    cache = snakemake.config["paths"]["compilation_cache"]
    configure_jax("double", cache, snakemake.threads)
    from pathlib import PurePath

    import numpy as np
    import pandas as pd

    from qunlearn.experiment.problem import Cell, Problem
    from qunlearn.results.cells import read_cells
    from qunlearn.results.csv import write_csv
    from qunlearn.results.datasets import read_dataset
    from qunlearn.studies.landscape.surface import frame, surfaces

    count = params.options["steps"]
    steps = params.options["radius"] * np.arange(-count, count + 1) / count
    cells = [Cell(alpha, task["seed"]) for alpha in (0.0, task["alpha"])]
    total = sum(len(models) for models in task["architectures"].values())
    parts = []
    for path in snakemake.input.data:
        dataset = read_dataset(path)
        for model, architecture in task["architectures"][dataset.name].items():
            problem = Problem(
                dataset, model, architecture, task["corruption"], [task["seed"]], task["poison"]
            )
            names = (dataset.name, model)
            mine = [
                file for file in snakemake.input.trained if PurePath(file).parts[-5:-3] == names
            ]
            trained, diverged = read_cells(mine, cells)
            found = surfaces(problem, cells, trained, steps)
            for cell, surface, failed in zip(cells, found, diverged):
                parts.append(frame(problem, cell, surface, failed, steps))
            largest = found[1].eigenvalues[0]
            done = len(parts) / (len(cells) * total)
            progress(done, f"{dataset.name} {model}: eigenvalue {largest:.3g}")
    write_csv(pd.concat(parts), snakemake.output[0])
