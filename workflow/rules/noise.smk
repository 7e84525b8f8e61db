# Imperfect quantum hardware: depolarising noise, readout errors, finite shots. Training is by the rule train_models.


rule tabulate_noise:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.label_flipped(grid.noise_models()),
    output:
        runs=grid.table("noise"),
        summary=grid.table("noise_summary"),
    log:
        f"{LOGS}/tabulate_noise.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        alphas=list(grid.alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        plateau=config["beyond"]["noise"]["plateau"],
        confidence=config["claims"]["confidence"],
        resamples=config["claims"]["resamples"],
        code=code("tabulate_noise"),
    message:
        "table: noise"
    script:
        "../scripts/tabulate_noise.py"


rule tabulate_shots:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.label_flipped(grid.shots_models()),
    output:
        runs=grid.table("shots"),
        summary=grid.table("shots_summary"),
    log:
        f"{LOGS}/tabulate_shots.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        alphas=list(grid.alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        plateau=config["beyond"]["shots"]["plateau"],
        confidence=config["claims"]["confidence"],
        resamples=config["claims"]["resamples"],
        code=code("tabulate_shots", "models.qnn"),
    message:
        "table: shots"
    script:
        "../scripts/tabulate_shots.py"


rule draw_noise:
    input:
        runs=grid.table("noise"),
        summary=grid.table("noise_summary"),
    output:
        pdf=report(grid.figure("figX_noise"), caption="../report/figX_noise.rst", category="Beyond the paper"),
        png=grid.figure("figX_noise", "png"),
    log:
        f"{LOGS}/draw_noise.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        code=code("draw_noise"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_noise.py"


rule draw_shots:
    input:
        runs=grid.table("shots"),
        summary=grid.table("shots_summary"),
    output:
        pdf=report(grid.figure("figX_shots"), caption="../report/figX_shots.rst", category="Beyond the paper"),
        png=grid.figure("figX_shots", "png"),
    log:
        f"{LOGS}/draw_shots.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        code=code("draw_shots"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_shots.py"
