# One job trains, retrains and unlearns copies of all forget sets of its seeds, and compares them.
rule compare_models:
    input:
        guarded("compare_models"),
        data=f"{RESULTS}data/{{dataset}}.h5",
    output:
        f"{RESULTS}forgotten/{POISONED}/seed{{seeds}}.h5",
    log:
        f"{LOGS}compare_models/{POISONED}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/compare_models/{POISONED}/seed{{seeds}}.tsv"
    priority: cell_cost
    conda:
        environment("compare_models")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("forgotten").request(
                requests, sweep_of(wildcards), len(cell_seeds(wildcards))
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        training=told(lambda wildcards: plan.training_schedule(wildcards.dataset, wildcards.model)),
        retraining=told(
            lambda wildcards: plan.study("forgotten").retraining(plan, wildcards.dataset, wildcards.model)
        ),
        relearning=unlearning_schedule,
        relearning_updates=told(lambda wildcards: plan.study("forgotten").relearning_updates),
        methods=told(lambda wildcards: plan.study("forgotten").told(plan, wildcards.dataset, wildcards.model)),
        copies=told(lambda wildcards: plan.study("forgotten").copies),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=methods_code("forgotten", "compare_models.py"),
    message:
        "compare: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha}, seed {wildcards.seeds}"
    script:
        "compare_models.py"
