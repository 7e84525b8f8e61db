# Figures of the main text, as vector PDF with a PNG beside each.


rule draw_fig2:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        resilience=grid.table("resilience"),
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
        code=code("draw_fig2"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig2.py"


rule draw_fig3:
    input:
        unlearning=grid.table("unlearning"),
        landscape=grid.table("landscape"),
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
        landscape_models=grid.stage_models("landscape"),
        methods=config["methods"],
        architectures=config["architectures"],
        code=code("draw_fig3"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_fig3.py"
