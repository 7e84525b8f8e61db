# One job unlearns, by one method, the poisoned models of all its seeds at one alpha.

UNLEARNED = f"{POISONED}/{{method}}/seed{{seeds}}"


rule unlearn_models:
    input:
        guarded("unlearn_models"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=starting_models,
    output:
        f"{RESULTS}unlearn/{UNLEARNED}.h5",
    log:
        f"{LOGS}unlearn_models/{UNLEARNED}.log",
    benchmark:
        f"{TIMES}/unlearn_models/{UNLEARNED}.tsv"
    conda:
        environment("unlearn_models")
    threads: 1
    resources:
        **SCRATCH,
        **asks(unlearning_request),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=method_schedule,
        method=told(lambda wildcards: plan.method_options(wildcards.method)),
        seeds=told(cell_seeds),
        starts=told(cell_starts),
        precision=config["precision"],
        code=cell_code("unlearn_models"),
    message:
        "unlearn: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "../scripts/unlearn_models.py"
