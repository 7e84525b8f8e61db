# One job trains all retrains of its seeds and asks them, and the unlearned models, about the same samples.
study_folder = str(registry.find("study", "membership").folder())


rule audit_models:
    input:
        guarded("audit_models"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("membership", poisoned_models),
        unlearned=told(
            lambda wildcards: plan.study("membership").unlearned(
                plan, (*sweep_of(wildcards), parse_alpha(wildcards.alpha)), grid.parse_seeds(wildcards.seeds)
            )
        ),
    output:
        f"{RESULTS}audit/{POISONED}/seed{{seeds}}.h5",
    log:
        f"{LOGS}audit_models/{POISONED}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/audit_models/{POISONED}/seed{{seeds}}.tsv"
    priority: cell_cost
    conda:
        environment("audit_models")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("membership").request(
                requests, sweep_of(wildcards), cell_seeds(wildcards)
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedules=told(
            lambda wildcards: plan.study("membership").retrain_schedules(
                plan, wildcards.dataset, wildcards.model
            )
        ),
        retrains=told(lambda wildcards: plan.study("membership").retrains),
        methods=config["methods"],
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code(os.path.join(study_folder, "audit_models.py")),
    message:
        "audit: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha}, seed {wildcards.seeds}"
    script:
        "audit_models.py"
