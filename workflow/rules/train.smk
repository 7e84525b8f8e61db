# One job trains every (alpha, seed) of its block: all share one compiled program.


rule train_models:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
    output:
        f"{RESULTS}/train/{CELLS}.h5",
    log:
        f"{LOGS}/train_models/{CELLS}.log",
    benchmark:
        f"{TIMES}/train_models/{CELLS}.tsv"
    priority: lambda wildcards: relative_cost(config, wildcards.dataset, wildcards.model, wildcards.corruption)
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        schedule=lambda wildcards: training_schedule(config, wildcards.dataset, wildcards.model),
        alphas=lambda wildcards: list(grid.parse_alphas(wildcards.alphas)),
        seeds=cell_seeds,
        precision=config["precision"],
        code=cell_code("train_models"),
    message:
        "train: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/train_models.py"


# Points in the plane, for Fig. 2a.
rule train_toy:
    output:
        grid.table("toy"),
    log:
        f"{LOGS}/train_toy.log",
    benchmark:
        f"{TIMES}/train_toy.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        options={key: config["toy"][key] for key in ("points", "qubits", "alpha", "seed", "architectures")},
        schedules=toy_schedules(config),
        precision=config["precision"],
        code=code("train_toy", "models.mlp", "models.qnn", "corruption.label_flipping"),
    message:
        "train: toy"
    script:
        "../scripts/train_toy.py"
