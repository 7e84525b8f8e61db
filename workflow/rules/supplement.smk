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
