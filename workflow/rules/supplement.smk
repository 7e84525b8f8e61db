# Figures beyond the main text: `snakemake supplement`, or one by `snakemake results/figs/figS_NAME.pdf`.


rule supplement:
    input:
        [grid.figure(f"figS_{name}") for name in config["supplement"]["figures"]],


rule tabulate_models:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_trained(config["supplement"]["models"]),
    output:
        grid.table("models"),
    log:
        f"{LOGS}/tabulate_models.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        alphas=list(grid.alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_resilience"),
    message:
        "table: models"
    script:
        "../scripts/tabulate_resilience.py"


rule tabulate_capacity:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_capacity(),
    output:
        grid.table("capacity"),
    log:
        f"{LOGS}/tabulate_capacity.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        alphas=list(grid.capacity_alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_capacity"),
    message:
        "table: capacity"
    script:
        "../scripts/tabulate_capacity.py"


rule draw_models:
    input:
        grid.table("models"),
    output:
        pdf=report(grid.figure("figS_models"), caption="../report/figS_models.rst", category="Supplement"),
        png=grid.figure("figS_models", "png"),
    log:
        f"{LOGS}/draw_models.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        corruptions=config["corruptions"],
        architectures=config["architectures"],
        models=config["supplement"]["models"],
        code=code("draw_models"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_models.py"


rule draw_capacity:
    input:
        grid.table("capacity"),
    output:
        pdf=report(grid.figure("figS_capacity"), caption="../report/figS_capacity.rst", category="Supplement"),
        png=grid.figure("figS_capacity", "png"),
    log:
        f"{LOGS}/draw_capacity.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        architectures={
            name: {dataset: architecture(config, dataset, name) for dataset in config["datasets"]}
            for name in config["supplement"]["capacity"]["models"]
        },
        code=code("draw_capacity"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_capacity.py"
