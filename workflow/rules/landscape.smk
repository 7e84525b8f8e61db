# Curvature at trained parameters, in double precision whatever the training's.


rule analyse_landscape:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=lambda wildcards: grid.trained(
            wildcards.dataset,
            wildcards.model,
            wildcards.corruption,
            grid.parse_alphas(wildcards.alphas, "landscape"),
            grid.parse_seeds(wildcards.seeds),
        ),
    output:
        f"{RESULTS}/landscape/{CELLS}.h5",
    log:
        f"{LOGS}/analyse_landscape/{CELLS}.log",
    benchmark:
        f"{TIMES}/analyse_landscape/{CELLS}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        alphas=lambda wildcards: list(grid.parse_alphas(wildcards.alphas, "landscape")),
        seeds=cell_seeds,
        code=cell_code("analyse_landscape"),
    message:
        "landscape: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/analyse_landscape.py"


# The poisoned models are those that Fig. 3's unlearning starts from, of the first seed; beside each its clean twin.
rule tabulate_surface:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        trained=grid.all_surfaces(),
    output:
        grid.table("surface"),
    log:
        f"{LOGS}/tabulate_surface.log",
    benchmark:
        f"{TIMES}/tabulate_surface.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architectures={
            dataset: {model: architecture(config, dataset, model) for model in config["models"]}
            for dataset in config["datasets"]
        },
        corruption=config["unlearning"]["corruptions"][0],
        alpha=grid.unlearning_alphas[0],
        seed=grid.seeds[0],
        radius=config["surface"]["radius"],
        steps=config["surface"]["steps"],
        code=code(
            "tabulate_surface",
            *{f"models.{config['architectures'][model]['family']}" for model in config["models"]},
            f"corruption.{config['unlearning']['corruptions'][0]}",
        ),
    message:
        "table: surface"
    script:
        "../scripts/tabulate_surface.py"
