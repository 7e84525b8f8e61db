# One job trains every (alpha, seed) of its block: all share one compiled program.


rule train_models:
    input:
        guarded("train_models"),
        data=f"{RESULTS}data/{{dataset}}.h5",
    output:
        f"{RESULTS}train/{CELLS}.h5",
    log:
        f"{LOGS}train_models/{CELLS}.log",
    benchmark:
        f"{TIMES}/train_models/{CELLS}.tsv"
    priority: cell_cost
    conda:
        environment("train_models")
    threads: 1
    resources:
        **SCRATCH,
        **asks(training_request),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=told(lambda wildcards: plan.training_schedule(wildcards.dataset, wildcards.model)),
        alphas=told(lambda wildcards: list(grid.parse_alphas(wildcards.alphas))),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code("train_models"),
    message:
        "train: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/train_models.py"
