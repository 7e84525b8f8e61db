# Unlearning in full: what is forgotten and retained, scans of the methods' weights, what each method costs.

UNLEARNED = "{dataset}/{model}/{corruption}/alpha{alpha}"
COST_METHODS = list(dict.fromkeys(["retrain", *config["methods"]]))


rule tabulate_forgetting:
    input:
        cells=grid.unlearned(grid.forgetting_cases(), config["methods"]),
    output:
        grid.table("forgetting"),
    log:
        f"{LOGS}/tabulate_forgetting.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        code=code("tabulate_unlearning"),
    message:
        "table: forgetting"
    script:
        "../scripts/tabulate_unlearning.py"


rule draw_forgetting:
    input:
        grid.table("forgetting"),
    output:
        pdf=report(
            grid.figure("figS_forgetting"), caption="../report/figS_forgetting.rst", category="Supplement"
        ),
        png=grid.figure("figS_forgetting", "png"),
    log:
        f"{LOGS}/draw_forgetting.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        cases=grid.unlearning_cases(),
        alphas=config["supplement"]["forgetting"]["alphas"],
        extras=grid.forgetting_extras(),
        models=config["models"],
        methods=config["methods"],
        architectures=config["architectures"],
        code=code("draw_forgetting"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_forgetting.py"


# One job tries, by one method, every combination of its weights on the poisoned models of all its seeds.
rule scan_weights:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=lambda wildcards: grid.trained(
            wildcards.dataset,
            wildcards.model,
            wildcards.corruption,
            (float(wildcards.alpha),),
            grid.parse_seeds(wildcards.seeds),
        ),
    output:
        f"{RESULTS}/scan/{UNLEARNED}/{{method}}/seed{{seeds}}.h5",
    log:
        f"{LOGS}/scan_weights/{UNLEARNED}/{{method}}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/scan_weights/{UNLEARNED}/{{method}}/seed{{seeds}}.tsv"
    wildcard_constraints:
        method="|".join(SCANNED),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        schedule=lambda wildcards: unlearning_schedule(config, wildcards.dataset, wildcards.model),
        weights=lambda wildcards: scan_options(config, wildcards.method),
        seeds=cell_seeds,
        precision=config["precision"],
        code=cell_code("scan_weights"),
    message:
        "scan: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "../scripts/scan_weights.py"


rule tabulate_scan:
    input:
        cells=grid.all_scans(),
        retrained=grid.unlearned(grid.scan_cases(), ["retrain"]),
    output:
        grid.table("scan"),
    log:
        f"{LOGS}/tabulate_scan.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        code=code("tabulate_scan"),
    message:
        "table: scan"
    script:
        "../scripts/tabulate_scan.py"


rule draw_scan:
    input:
        grid.table("scan"),
    output:
        pdf=report(grid.figure("figS_scan"), caption="../report/figS_scan.rst", category="Supplement"),
        png=grid.figure("figS_scan", "png"),
    log:
        f"{LOGS}/draw_scan.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        cases=grid.scan_cases(),
        headline={method: method_options(config, method) for method in SCANNED},
        architectures=config["architectures"],
        code=code("draw_scan"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_scan.py"


# Has the machine to itself, as every job that measures time.
rule measure_cost:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=lambda wildcards: grid.trained(
            wildcards.dataset, wildcards.model, wildcards.corruption, (float(wildcards.alpha),), grid.seeds
        ),
    output:
        f"{RESULTS}/cost/{UNLEARNED}.json",
    log:
        f"{LOGS}/measure_cost/{UNLEARNED}.log",
    benchmark:
        f"{TIMES}/measure_cost/{UNLEARNED}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: workflow.cores or 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        schedule=lambda wildcards: unlearning_schedule(config, wildcards.dataset, wildcards.model),
        methods={method: method_options(config, method) for method in COST_METHODS},
        seeds=list(grid.seeds),
        precision=config["precision"],
        code=cell_code("measure_cost"),
    message:
        "cost: {wildcards.dataset} {wildcards.model} {wildcards.corruption} alpha {wildcards.alpha}"
    script:
        "../scripts/measure_cost.py"


rule tabulate_cost:
    input:
        costs=[grid.cost(*case) for case in grid.unlearning_cases()],
        cells=grid.unlearned(grid.unlearning_cases(), COST_METHODS),
    output:
        grid.table("cost"),
    log:
        f"{LOGS}/tabulate_cost.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        code=code("tabulate_cost"),
    message:
        "table: cost"
    script:
        "../scripts/tabulate_cost.py"


rule draw_cost:
    input:
        grid.table("cost"),
    output:
        pdf=report(grid.figure("figS_cost"), caption="../report/figS_cost.rst", category="Supplement"),
        png=grid.figure("figS_cost", "png"),
    log:
        f"{LOGS}/draw_cost.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        cases=grid.unlearning_cases(),
        methods=COST_METHODS,
        architectures=config["architectures"],
        code=code("draw_cost"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_cost.py"
