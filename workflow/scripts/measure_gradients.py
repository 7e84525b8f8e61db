"""Mean squared gradients of circuits of several depths on one dataset. Inputs: the dataset, and the training files that
hold the trained ones. Output: a row per circuit, as CSV."""

from qunlearn.job import configure_jax, job

with job(f"gradients {snakemake.wildcards.dataset}", snakemake) as progress:
    params = snakemake.params
    configure_jax("double", snakemake.config["paths"]["compilation_cache"], snakemake.threads)
    import pandas as pd

    from qunlearn import store, tables
    from qunlearn.experiment import gradients
    from qunlearn.problem import Cell, Problem

    dataset = store.read_dataset(snakemake.input.data)
    cells = [Cell(alpha, seed) for alpha in params.alphas for seed in params.seeds]
    parts = []
    for i, name in enumerate(params.models.values()):
        problem = Problem(dataset, name, params.architectures[name], "label_flipping", params.seeds)
        frame = gradients.untrained(problem, params.draws)
        files = [path for path in snakemake.input.trained if path.split("/")[-4] == name]
        if files:
            models, diverged = store.read_cells(files, cells)
            frame = pd.concat([frame, gradients.trained(problem, cells, models).assign(collapsed=diverged)])
        where = {"dataset": snakemake.wildcards.dataset, "model": name, **gradients.shape(problem)}
        parts.append(frame.assign(**where))
        progress((i + 1) / len(params.models), f"depth {where['depth']}")
    tables.write_csv(pd.concat(parts), snakemake.output[0])
