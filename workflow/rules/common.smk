# Where results, logs and timings lie, which wildcards exist, and what makes a rule run again.
from functools import partial
from pathlib import Path

from qunlearn.config.check import ask, group_studies
from qunlearn.config.folders import prefix
from qunlearn.config.requests import Requests, Sweep
from qunlearn.grid.blocks import parse_alpha
from qunlearn.grid.names import base
from qunlearn.parts import registry
from qunlearn.runtime.codehash import code_hash
from qunlearn.runtime.records import NO_SETTING, disagreement

RESULTS = prefix(config["paths"]["results"])
LOGS = prefix(config["paths"]["logs"])
TIMES = f"{RESULTS}benchmarks"
SCRATCH = {"tmpdir": config["paths"]["scratch"]} if config["paths"]["scratch"] else {}
SCRIPTS = os.path.join(HOME, "workflow", "scripts")
OWN_PARTS = registry.own_parts()
#: Resources by which a profile gives a rule's jobs a GPU.
GPU = {"gpu", "gpus", "gpus_per_task", "gres"}
#: Paths of a block of trained cells, and of unlearned ones, below a stage's folder.
CELLS = "{dataset}/{model}/{corruption}/alpha{alphas}/seed{seeds}"
POISONED = "{dataset}/{model}/{corruption}/alpha{alpha}"


# What a wildcard may be is said in words by `guarded`, not by a pattern that makes Snakemake find no rule.
wildcard_constraints:
    dataset="[^/]+",
    model="[^/]+",
    corruption="[^/]+",
    method="[^/]+",
    alphas="[^/]+",
    alpha="[^/]+",
    seeds="[^/]+",


# -- one sentence where something is asked for that cannot be -------------------------------------------------------
def told(function):
    """An input or parameter function that ends Snakemake with one sentence where the user can mend what is wrong."""

    def of(wildcards):
        registry.use(OWN_PARTS)
        try:
            return function(wildcards)
        except UserError as error:
            sys.exit(str(error))

    return of


def studies_asked_for():
    """Studies that the targets of this run name; those of the study at hand are checked all at once. Targets of a
    workflow that imports this one are its own."""
    targets = workflow.dag_settings.targets if workflow.dag_settings and not IMPORTED else ()
    named = {os.path.normpath(target) for target in targets}
    found = []
    for name, kind in registry.known("study").items():
        outputs = [grid.table(table) for table in (*kind.tables, *kind.draws_tables)]
        outputs += [grid.figure(kind.figure, suffix) for suffix in ("pdf", "png") if kind.figure]
        outputs += [f"{RESULTS}{page}" for page in kind.pages]
        if named & {*outputs, kind.group, "everything"}:
            found.append(name)
    return found


def asked(name, function):
    """As `told`, after a check of what the study `name`, and any other that was asked for, has in the configuration."""

    def of(wildcards):
        ask(plan, dict.fromkeys([name, *studies_asked_for()]))
        return function(wildcards)

    return told(of)


def placed(files):
    """Input files, as a path, a list of paths, or any of these by name. Those that this workflow does not make are the
    user's, and stay where they are when a workflow that imports this one gives it a `prefix:`."""
    if isinstance(files, dict):
        return {name: placed(value) for name, value in files.items()}
    if isinstance(files, (list, tuple)):
        return [placed(file) for file in files]
    return str(files) if Path(files).is_relative_to(RESULTS) else local(str(files))


def study_options(name):
    """Options of a study, for its jobs."""
    return told(lambda wildcards: plan.study(name).model_dump())


# -- what a path asks for, and what already lies there ---------------------------------------------------------------
def named(wildcards):
    """Raises UserError where a wildcard of a path names nothing that there is."""
    if "dataset" in wildcards.keys():
        plan.data_options(wildcards.dataset)
    if "model" in wildcards.keys():
        plan.architecture(wildcards.dataset, wildcards.model)
    if "corruption" in wildcards.keys():
        plan.corruption(wildcards.corruption)
        if wrong := plan.poison_problems(wildcards.dataset, wildcards.corruption):
            raise UserError(wrong[0])
    if "method" in wildcards.keys():
        plan.require_method(wildcards.dataset, wildcards.model, wildcards.method)
    if "alpha" in wildcards.keys() and not parse_alpha(wildcards.alpha):
        raise UserError("alpha 0 in a path: there is nothing to unlearn")
    if "seeds" in wildcards.keys():
        grid.parse_seeds(wildcards.seeds)


def guarded(name):
    """Input function that every rule has and that adds no file. A path that names nothing is refused in words; a result
    that was made with other settings is made again, even where Snakemake's own record of it is lost."""

    looking = []  # the rule's inputs, which are looked at on the way, have this function among them

    def of(wildcards):
        named(wildcards)
        if workflow.is_main_process and not looking:
            looking.append(name)
            refresh(getattr(rules, name), wildcards)
            looking.clear()
        return []

    return told(of)


def refresh(rule, wildcards):
    """Have those outputs of a rule made again that lie there but were made with other settings, or from other files."""
    outputs = [str(output).format(**wildcards) for output in rule.output]
    if not any(map(os.path.exists, outputs)):
        return
    settings = rule_settings(rule, wildcards)
    inputs = rule_inputs(rule, wildcards)
    for path in outputs:
        why = disagreement(path, settings, inputs)
        if why and path not in workflow.dag.forcefiles:
            logger.warning(f"{path} is made again: {why}.")
            workflow.dag.forcefiles.add(path)


def rule_settings(rule, wildcards):
    """What a rule's job is told, but for its code."""
    return {
        key: value(wildcards) if callable(value) else value
        for key, value in rule.params.items()
        if key not in NO_SETTING
    }


def rule_inputs(rule, wildcards):
    """Input files of a rule's job, with the prefix that an importing workflow gives them."""
    files, *_ = rule.rule.expand_input(wildcards)
    return list(map(str, files))


# -- what jobs run in ------------------------------------------------------------------------------------------------
def environment(rule):
    """Packages of a rule's jobs, for `--software-deployment-method conda`: with JAX for GPUs where the profile
    (`set-resources`, `default-resources`) gives these a GPU."""
    settings = workflow.resource_settings
    asked = settings.overwrite_resources.get(workflow.modifier.modify_rulename(rule), {})
    has_gpu = GPU & {*asked, *(settings.default_resources or {})}
    return os.path.join(HOME, "envs", "gpu.yaml" if has_gpu else "cpu.yaml")


# -- what makes a rule run again -------------------------------------------------------------------------------------
def code(*files):
    """Hash of everything that scripts (names in workflow/scripts) and other files (Paths) run."""
    paths = [file if os.path.isabs(file) else os.path.join(SCRIPTS, f"{file}.py") for file in files]
    return code_hash(*map(str, paths))


def part_file(kind, name):
    return registry.file_of(registry.find(kind, base(name)))


def cell_code(*files):
    """As `code`, with the model, the corruption and the method that the wildcards name."""

    def of(wildcards):
        parts = [
            part_file("model", plan.block(wildcards.model)["family"]),
            part_file("corruption", wildcards.corruption),
        ]
        if "method" in wildcards.keys():
            parts.append(part_file("method", wildcards.method))
        return code(*files, *parts)

    return told(of)


def methods_code(name, script):
    """As `cell_code`, of a script of a study whose jobs unlearn by several methods, those that it `compared`."""

    def of(wildcards):
        study = plan.study(name)
        parts = [part_file("method", method) for method in study.compared(plan)]
        return cell_code(str(study.folder() / script), *parts)(wildcards)

    return told(of)


# -- what a job asks a cluster for -----------------------------------------------------------------------------------
requests = Requests(plan)


def asks(function):
    """Resources of a rule: the memory and the time of a request, as much again for every attempt that failed."""
    asked = told(function)
    return {
        "mem_mb": lambda wildcards, attempt: attempt * asked(wildcards).megabytes,
        "runtime": lambda wildcards, attempt: attempt * asked(wildcards).minutes,
    }


# -- what a cell's job is told ---------------------------------------------------------------------------------------
def cell_seeds(wildcards):
    return list(grid.parse_seeds(wildcards.seeds))


def cell_starts(wildcards):
    """Seeds of the poisoned models that unlearning starts from, one for each of the path's seeds."""
    shared = plan.start_seed()
    return [seed if shared is None else shared for seed in cell_seeds(wildcards)]


cell_architecture = told(lambda wildcards: plan.architecture(wildcards.dataset, wildcards.model))


cell_poison = told(lambda wildcards: plan.corruption_options(wildcards.corruption))


cell_cost = told(lambda wildcards: plan.cost(wildcards.dataset, wildcards.model, wildcards.corruption))


unlearning_schedule = told(lambda wildcards: plan.unlearning_schedule(wildcards.dataset, wildcards.model))


method_schedule = told(
    lambda wildcards: plan.method_schedule(wildcards.dataset, wildcards.model, wildcards.method)
)


def sweep_of(wildcards):
    return Sweep(wildcards.dataset, wildcards.model, wildcards.corruption)


def sweep_seeds(wildcards):
    """All seeds of the model that a path names."""
    return list(grid.seeds_of(wildcards.dataset, wildcards.model))


@told
def poisoned_models(wildcards):
    """Training files that hold the models at a path's alpha, of its seeds or of all."""
    seeds = cell_seeds(wildcards) if "seeds" in wildcards.keys() else sweep_seeds(wildcards)
    return grid.trained(*sweep_of(wildcards), (parse_alpha(wildcards.alpha),), seeds)


@told
def starting_models(wildcards):
    """Training files that hold the models that unlearning starts from."""
    return grid.trained(*sweep_of(wildcards), (parse_alpha(wildcards.alpha),), cell_starts(wildcards))


def training_request(wildcards):
    alphas = grid.parse_alphas(wildcards.alphas)
    return requests.train(sweep_of(wildcards), len(alphas), len(cell_seeds(wildcards)))


def unlearning_request(wildcards):
    seeds = len(cell_seeds(wildcards))
    return requests.unlearn(sweep_of(wildcards), seeds, models=seeds, method=wildcards.method)


# -- data, analyses ------------------------------------------------------------------------------------------------
@told
def data_params(wildcards):
    """Options of a dataset, and what its source is told of other sections."""
    kind = plan.source_kind(wildcards.dataset)
    return {
        "source": kind.name(),
        "options": plan.data_options(wildcards.dataset),
        "surroundings": kind.surroundings(config),
    }


@told
def data_code(wildcards):
    return code("build_dataset", part_file("dataset", plan.source_kind(wildcards.dataset).name()))


def alphas_of(stage, wildcards):
    """Corrupted fractions that the path of an analysis stands for."""
    alphas = grid.landscape_alphas
    if stage != "landscape":
        alphas = plan.study(stage).analysis_alphas(plan)
    return list(grid.parse_stage_alphas(wildcards.alphas, alphas))


def analysed_models(stage, wildcards):
    """Training files that hold the cells of an analysis."""
    cells = *sweep_of(wildcards), alphas_of(stage, wildcards), grid.parse_seeds(wildcards.seeds)
    if stage == "landscape":
        return grid.trained(*cells)
    return plan.study(stage).analysed_from(plan, *cells)


def analysis_settings(stage, wildcards):
    return plan.study(stage).analysis_settings(plan, wildcards.dataset, wildcards.model)


def analysis_request(stage, wildcards):
    alphas = alphas_of(stage, wildcards)
    return requests.analyse(stage, sweep_of(wildcards), len(alphas), len(cell_seeds(wildcards)))


# -- tables and figures --------------------------------------------------------------------------------------------
CATEGORIES = {"main": "Figures", "supplement": "Supplement", "benchmark": "Speed"}


def needed_by(study, wildcards):
    return placed(plan.study(study.name()).needs(plan))


def tabulate_settings(study, wildcards):
    return plan.study(study.name()).settings(plan)


def table_request(study, wildcards):
    return requests.table(study.name())


def drawn_from(study, wildcards):
    """Input files of the figure of a study, by name."""
    files = {name: grid.table(name) for name in study.tables_read()}
    if study.drawn_from_data:
        files["data"] = grid.all_data()
    return placed(files | plan.study(study.name()).drawn_files(plan))


def draw_settings(study, wildcards):
    return plan.study(study.name()).drawing(plan)


def figure_request(study, wildcards):
    return requests.draw(data=study.drawn_from_data)


def drawing_code(study, wildcards):
    parts = plan.study(study.name()).drawn_with(plan)
    return code("draw", study.source_file("figure"), *map(registry.file_of, parts))


def captioned(study):
    """The figure's file, for Snakemake's report with its caption."""
    words = {"category": CATEGORIES.get(study.group, "Beyond the paper")}
    if study.caption_file():
        words["caption"] = str(study.caption_file())
    return report(grid.figure(study.figure), **words)


def figures_of(names):
    """Figures of these studies, of those that have something to draw."""
    found = [name for name in names if plan.study(name).applies(plan)]
    return [grid.figure(registry.find("study", name).figure) for name in found]


def asked_figures(group):
    """Input function of a group's target: of studies in the group's section the figures that the configuration lists,
    and those of all others, which no list names."""

    def of(wildcards):
        others = [name for name in group_studies(group) if not in_section(group, name)]
        ask(plan, [*others, *studies_asked_for()])
        listed = config[group]["figures"] if group in config else []
        return figures_of([*others, *listed])

    return told(of)


def in_section(group, name):
    return registry.find("study", name).where().split(".")[0] == group


MAIN_FIGURES = asked_figures("main")
MAIN_TABLES = [grid.table(name) for name in ("resilience", "unlearning", "landscape")]
