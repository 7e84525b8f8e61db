# Where results, logs and timings lie, which wildcards exist, and what makes a rule run again.
from qunlearn import corruption, data, models, variants
from qunlearn.codehash import code_hash
from qunlearn.config import (
    architecture,
    data_options,
    gradient_depths,
    method_options,
    relative_cost,
    scaling_cases,
    scan_options,
    toy_schedules,
    training_schedule,
    unlearning_schedule,
    xxz_chain,
)
from qunlearn.grid import ALPHAS_PATTERN, SCANNED, SEEDS_PATTERN, format_alpha

RESULTS = config["paths"]["results"]
LOGS = config["paths"]["logs"]
TIMES = f"{RESULTS}/benchmarks"
SCRATCH = {"tmpdir": config["paths"]["scratch"]} if config["paths"]["scratch"] else {}
PUBLISHED = [f"{config['published']['dir']}/resilience.csv"] if config["published"]["dir"] else []
CELLS = "{dataset}/{model}/{corruption}/alpha{alphas}/seed{seeds}"


wildcard_constraints:
    dataset=f"({'|'.join(data.REGISTRY)}){variants.PATTERN}",
    model=f"({'|'.join(config['architectures'])}){variants.PATTERN}",
    corruption="|".join(corruption.REGISTRY),
    method="retrain|finetune|scrub|gradient_ascent|finetune_poisoned",
    alphas=ALPHAS_PATTERN,
    alpha=r"0\.\d*[1-9]\d*",
    seeds=SEEDS_PATTERN,


def code(script, *plugins):
    """Hash of everything a script runs: a changed library module reruns what uses it."""
    return code_hash(os.path.join(workflow.basedir, "workflow", "scripts", f"{script}.py"), *plugins)


def cell_code(script):
    """As `code`, with the model and the corruption that the wildcards name."""

    def of(wildcards):
        family = cell_architecture(wildcards)["family"]
        return code(script, f"models.{family}", f"corruption.{wildcards.corruption}")

    return of


def cell_architecture(wildcards):
    return architecture(config, wildcards.dataset, wildcards.model)


def cell_seeds(wildcards):
    return list(grid.parse_seeds(wildcards.seeds))


def published_runs(wildcards):
    if not PUBLISHED:
        raise WorkflowError(
            "published.dir is null, so there is nothing to compare with: "
            "name the folder with the authors' resilience.csv there."
        )
    return PUBLISHED


def trained_for(stage):
    """Input function: training files that hold the cells of a landscape analysis of the supplement."""

    def of(wildcards):
        return grid.trained(
            wildcards.dataset,
            wildcards.model,
            wildcards.corruption,
            grid.parse_alphas(wildcards.alphas, stage),
            grid.parse_seeds(wildcards.seeds),
        )

    return of


def tables_of(figure):
    """Tables that the rule which draws a figure reads or writes."""
    drawing = next(rule for rule in workflow.rules if grid.figure(figure) in rule.output)
    files = [str(file) for file in (*drawing.input, *drawing.output) if not callable(file)]
    names = [os.path.basename(file).removesuffix(".csv") for file in files]
    return [name for name, file in zip(names, files) if file == grid.table(name)]


def gradient_models(wildcards):
    """Depth -> the model's name, of the circuits measured on a dataset."""
    return gradient_depths(config)[wildcards.dataset]


def gradient_trained(wildcards):
    """Training files of the models measured on a dataset: of the study itself, or of just these cells."""
    study = config["beyond"]["gradients"]
    if wildcards.dataset not in config["datasets"]:
        return []
    alphas, found = sorted({0.0, *study["alphas"]}), []
    for depth in study["trained_depths"]:
        name = gradient_models(wildcards)[depth]
        if name in config["models"]:
            found += grid.trained(wildcards.dataset, name, "label_flipping", alphas, grid.seeds)
        else:
            found += [
                grid.train(wildcards.dataset, name, "label_flipping", (alpha,), seeds)
                for alpha in alphas
                for seeds in grid.seed_blocks()
            ]
    return found
