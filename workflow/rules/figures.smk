# Figures of the main text, as vector PDF with a PNG beside each.


rule embed_samples:
    input:
        [grid.data(name) for name in config["datasets"]],
    output:
        grid.table("embedding"),
    log:
        f"{LOGS}/embed_samples.log",
    benchmark:
        f"{TIMES}/embed_samples.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        corruptions=config["corruptions"],
        alpha=config["embedding"]["alpha"],
        seed=grid.seeds[0],
        perplexity=config["embedding"]["perplexity"],
        code=code("embed_samples", *(f"corruption.{name}" for name in config["corruptions"])),
    message:
        "table: embedding"
    script:
        "../scripts/embed_samples.py"


rule draw_fig1:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        table=grid.table("embedding"),
    output:
        pdf=report(grid.figure("fig1"), caption="../report/fig1.rst", category="Figures"),
        png=grid.figure("fig1", "png"),
    log:
        f"{LOGS}/draw_fig1.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        models=config["models"],
        corruptions=config["corruptions"],
        methods=config["methods"],
        architectures=config["architectures"],
        alpha=config["embedding"]["alpha"],
        seed=grid.seeds[0],
        code=code("draw_fig1", *(f"corruption.{name}" for name in config["corruptions"])),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig1.py"


rule draw_fig2:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        resilience=grid.table("resilience"),
        toy=grid.table("toy"),
        published=PUBLISHED,
    output:
        pdf=report(grid.figure("fig2"), caption="../report/fig2.rst", category="Figures"),
        png=grid.figure("fig2", "png"),
    log:
        f"{LOGS}/draw_fig2.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        models=config["models"],
        corruptions=config["corruptions"],
        toy_architectures=config["toy"]["architectures"],
        code=code("draw_fig2"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig2.py"


rule draw_fig3:
    input:
        unlearning=grid.table("unlearning"),
        landscape=grid.table("landscape"),
        surface=grid.table("surface"),
    output:
        pdf=report(grid.figure("fig3"), caption="../report/fig3.rst", category="Figures"),
        png=grid.figure("fig3", "png"),
    log:
        f"{LOGS}/draw_fig3.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        models=grid.stage_models("unlearning"),
        surface_models=config["models"],
        landscape_models=grid.stage_models("landscape"),
        methods=config["methods"],
        architectures=config["architectures"],
        code=code("draw_fig3"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig3.py"


rule draw_fig4:
    input:
        data=[grid.data(name) for name in config["datasets"]],
    output:
        pdf=report(grid.figure("fig4"), caption="../report/fig4.rst", category="Figures"),
        png=grid.figure("fig4", "png"),
        table=grid.table("architectures"),
    log:
        f"{LOGS}/draw_fig4.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        architectures={
            dataset: {model: architecture(config, dataset, model) for model in config["models"]}
            for dataset in config["datasets"]
        },
        code=code("draw_fig4", "models.qnn", "models.mlp"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig4.py"
