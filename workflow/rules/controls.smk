# Controls: does the picture depend on a choice that is not the paper's subject.


rule tabulate_controls:
    input:
        data=list(dict.fromkeys(grid.data(runs.dataset) for c in grid.controls() for runs in (c.run, c.base))),
        alpha=grid.control_files("alpha"),
        updates=grid.control_files("updates"),
        step=grid.control_files("step"),
    output:
        controls=grid.table("controls"),
        effects=grid.table("control_effects"),
    log:
        f"{LOGS}/tabulate_controls.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        controls=grid.controls(),
        settings={key: config["controls"][key] for key in ("alpha", "within")},
        alphas=list(grid.control_alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        statistics={key: config["claims"][key] for key in ("confidence", "resamples")},
        code=code("tabulate_controls"),
    message:
        "table: controls"
    script:
        "../scripts/tabulate_controls.py"


rule draw_controls:
    input:
        controls=grid.table("controls"),
        effects=grid.table("control_effects"),
    output:
        pdf=report(grid.figure("figS_controls"), caption="../report/figS_controls.rst", category="Supplement"),
        png=grid.figure("figS_controls", "png"),
    log:
        f"{LOGS}/draw_controls.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        controls=grid.controls(),
        confidence=config["claims"]["confidence"],
        code=code("draw_controls"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_controls.py"
