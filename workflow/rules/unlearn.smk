# One job unlearns, by one method, the poisoned models of all its seeds at one alpha.


rule unlearn_models:
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
        f"{RESULTS}/unlearn/{{dataset}}/{{model}}/{{corruption}}/alpha{{alpha}}/{{method}}/seed{{seeds}}.h5",
    log:
        f"{LOGS}/unlearn_models/{{dataset}}/{{model}}/{{corruption}}/alpha{{alpha}}/{{method}}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/unlearn_models/{{dataset}}/{{model}}/{{corruption}}/alpha{{alpha}}/{{method}}/seed{{seeds}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        schedule=lambda wildcards: unlearning_schedule(config, wildcards.dataset, wildcards.model),
        method=lambda wildcards: method_options(config, wildcards.method),
        seeds=cell_seeds,
        precision=config["precision"],
        code=cell_code("unlearn_models"),
    message:
        "unlearn: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "../scripts/unlearn_models.py"
