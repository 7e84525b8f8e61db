"""Train every model of a configuration in this one process, and say what that takes. On a GPU, where a process takes
longer to start and compile than its training does, programs are compiled side by side.

Takes the options of Snakemake that say what is computed. Reads the datasets where the workflow has put them, writes
nothing:

    snakemake --configfile presets/paper.yaml -- results/data/mnist.h5 results/data/xxz.h5
    python workflow/scripts/time_training.py --configfile presets/paper.yaml
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: Snakemake needs another `tabulate`

from qunlearn.config import called
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.job import CLOCK, configure_jax


def timed(plan, dataset, model, corruption):
    """Seconds that all cells of a model and a corruption take, how many they are, and their mean accuracies."""
    import numpy as np

    from qunlearn.experiment.problem import Cell, Problem
    from qunlearn.experiment.train import train
    from qunlearn.training.schedule import Schedule

    run = dataset.name, model, corruption
    seeds = plan.grid.seeds_of(*run)
    cells = [Cell(alpha, seed) for alpha in plan.grid.alphas for seed in seeds]
    schedule = Schedule(**plan.training_schedule(dataset.name, model))
    began = time.perf_counter()
    architecture = plan.architecture(dataset.name, model)
    problem = Problem(
        dataset, model, architecture, corruption, seeds, plan.corruption_options(corruption)
    )
    curves = train(problem, cells, schedule).learning_curves
    taken = time.perf_counter() - began
    reached = {
        name: float(np.mean(curves[f"{name}_accuracy"][:, -1])) for name in ("train", "validation")
    }
    return taken, len(cells), reached


def main(arguments):
    given = called.options(arguments)
    beside = tuple(str(Path(file).resolve().parent) for file in given.configfile or ())
    plan = Plan(check(called.configuration(given), beside))
    device = configure_jax(plan.config["precision"], None, given.cores or 1)
    from qunlearn.results.datasets import read_dataset

    datasets = {name: plan.grid.data(name) for name in plan.config["datasets"]}
    for path in datasets.values():
        if not Path(path).exists():
            raise UserError(
                f"{path} is not there: let Snakemake make it first, with the same options."
            )
    runs = product(
        map(read_dataset, datasets.values()), plan.config["models"], plan.config["corruptions"]
    )

    def report(run):
        seconds, cells, reached = timed(plan, *run)
        accuracies = ", ".join(f"{part} {value:.4f}" for part, value in reached.items())
        dataset, model, corruption = run
        words = f"{dataset.name}/{model}/{corruption}: {cells} models in {seconds:.2f} s"
        print(f"{words}; {accuracies}", flush=True)

    print(device)
    began = time.perf_counter()
    # A GPU's programs compile for longer than they run, on cores that have nothing else to do.
    with ThreadPoolExecutor(1 if device.startswith("cpu") else os.cpu_count()) as together:
        list(together.map(report, runs))
    print(f"all: {time.perf_counter() - began:.1f} s; {CLOCK.spent()}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
