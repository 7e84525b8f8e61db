# Fig. X "membership": is an unlearned model told from models that never saw the forget set?

MEMBERSHIP = config["beyond"]["membership"]


# One job trains all retrains of its seeds and asks them, and the unlearned models, about the same samples.
rule audit_models:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=lambda wildcards: grid.trained(
            wildcards.dataset,
            wildcards.model,
            wildcards.corruption,
            (float(wildcards.alpha),),
            grid.parse_seeds(wildcards.seeds),
        ),
        unlearned=lambda wildcards: [
            grid.unlearn(
                wildcards.dataset,
                wildcards.model,
                wildcards.corruption,
                float(wildcards.alpha),
                method,
                grid.parse_seeds(wildcards.seeds),
            )
            for method in config["methods"]
        ],
    output:
        f"{RESULTS}/audit/{UNLEARNED}/seed{{seeds}}.h5",
    log:
        f"{LOGS}/audit_models/{UNLEARNED}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/audit_models/{UNLEARNED}/seed{{seeds}}.tsv"
    priority: lambda wildcards: relative_cost(config, wildcards.dataset, wildcards.model, wildcards.corruption)
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        schedules=lambda wildcards: {
            name: {"training": training_schedule, "unlearning": unlearning_schedule}[name](
                config, wildcards.dataset, wildcards.model
            )
            for name in MEMBERSHIP["schedules"]
        },
        retrains=MEMBERSHIP["retrains"],
        methods=config["methods"],
        seeds=cell_seeds,
        precision=config["precision"],
        code=cell_code("audit_models"),
    message:
        "audit: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha}, seed {wildcards.seeds}"
    script:
        "../scripts/audit_models.py"


rule tabulate_membership:
    input:
        cells=grid.all_audits(),
    output:
        grid.table("membership"),
    log:
        f"{LOGS}/tabulate_membership.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_membership"),
    message:
        "table: membership"
    script:
        "../scripts/tabulate_membership.py"


rule draw_membership:
    input:
        grid.table("membership"),
    output:
        pdf=report(
            grid.figure("figX_membership"),
            caption="../report/figX_membership.rst",
            category="Beyond the paper",
        ),
        png=grid.figure("figX_membership", "png"),
    log:
        f"{LOGS}/draw_membership.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        cases=grid.unlearning_cases(),
        methods=config["methods"],
        schedules=MEMBERSHIP["schedules"],
        architectures=config["architectures"],
        code=code("draw_membership"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_membership.py"
