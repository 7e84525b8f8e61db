"""The loss around clean and poisoned minima. Inputs: datasets and training files. Output: the surfaces, as CSV."""

from qunlearn.job import configure_jax, job

with job("table surface", snakemake) as progress:
    params = snakemake.params
    configure_jax("double", snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    from pathlib import PurePath

    import numpy as np
    import pandas as pd

    from qunlearn import store, tables
    from qunlearn.experiment.surface import frame, surfaces
    from qunlearn.problem import Cell, Problem

    cells = [Cell(alpha, params.seed) for alpha in (0.0, params.alpha)]
    steps = params.radius * np.arange(-params.steps, params.steps + 1) / params.steps
    parts = []
    for path in snakemake.input.data:
        dataset = store.read_dataset(path)
        for model, options in params.architectures[dataset.name].items():
            problem = Problem(dataset, model, options, params.corruption, [params.seed])
            mine = [path for path in snakemake.input.trained if PurePath(path).parts[-5:-3] == (dataset.name, model)]
            trained, diverged = store.read_cells(mine, cells)
            found = surfaces(problem, cells, trained, steps)
            parts += [frame(problem, *each, steps) for each in zip(cells, found, diverged)]
            total = sum(len(models) for models in params.architectures.values())
            progress(len(parts) / (2 * total), f"{dataset.name} {model}: eigenvalue {found[1].eigenvalues[0]:.3g}")
    tables.write_csv(pd.concat(parts), snakemake.output[0])
