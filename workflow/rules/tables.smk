# Tidy tables, one row per observation: the only input of the figures' curves.


rule tabulate_resilience:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_trained(),
    output:
        grid.table("resilience"),
    log:
        f"{LOGS}/tabulate_resilience.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        alphas=list(grid.alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_resilience"),
    message:
        "table: resilience"
    script:
        "../scripts/tabulate_resilience.py"


rule tabulate_unlearning:
    input:
        cells=grid.all_unlearned(),
    output:
        grid.table("unlearning"),
    log:
        f"{LOGS}/tabulate_unlearning.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        code=code("tabulate_unlearning"),
    message:
        "table: unlearning"
    script:
        "../scripts/tabulate_unlearning.py"


rule tabulate_landscape:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_landscapes(),
    output:
        grid.table("landscape"),
    log:
        f"{LOGS}/tabulate_landscape.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_landscape"),
    message:
        "table: landscape"
    script:
        "../scripts/tabulate_landscape.py"
