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
