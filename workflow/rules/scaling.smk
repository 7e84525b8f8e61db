# Is the transition a finite-size effect, and is a flat landscape robust or a barren plateau?


SCALING = scaling_cases(config)


rule tabulate_scaling:
    input:
        data=sorted({grid.data(case["data"]) for case in SCALING}),
        cells=sorted({path for case in SCALING for path in grid.scaling(case["data"], case["model"])}),
    output:
        runs=grid.table("scaling"),
        fits=grid.table("scaling_fits"),
        exponents=grid.table("scaling_exponents"),
    log:
        f"{LOGS}/tabulate_scaling.log",
    benchmark:
        f"{TIMES}/tabulate_scaling.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        cases=SCALING,
        alphas=list(grid.scaling_alphas),
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        confidence=config["claims"]["confidence"],
        resamples=config["claims"]["resamples"],
        code=code("tabulate_scaling"),
    message:
        "table: scaling"
    script:
        "../scripts/tabulate_scaling.py"


rule draw_scaling:
    input:
        runs=grid.table("scaling"),
        fits=grid.table("scaling_fits"),
        exponents=grid.table("scaling_exponents"),
    output:
        pdf=report(
            grid.figure("figX_scaling"), caption="../report/figX_scaling.rst", category="Beyond the paper"
        ),
        png=grid.figure("figX_scaling", "png"),
    log:
        f"{LOGS}/draw_scaling.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        code=code("draw_scaling"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_scaling.py"


rule measure_gradients:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=gradient_trained,
    output:
        f"{RESULTS}/gradients/{{dataset}}.csv",
    log:
        f"{LOGS}/measure_gradients/{{dataset}}.log",
    benchmark:
        f"{TIMES}/measure_gradients/{{dataset}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        models=gradient_models,
        architectures=lambda wildcards: {
            name: architecture(config, wildcards.dataset, name)
            for name in gradient_models(wildcards).values()
        },
        alphas=sorted({0.0, *config["beyond"]["gradients"]["alphas"]}),
        seeds=list(grid.seeds),
        draws=config["beyond"]["gradients"]["draws"],
        code=code("measure_gradients", "models.qnn", "corruption.label_flipping"),
    message:
        "gradients: {wildcards.dataset}"
    script:
        "../scripts/measure_gradients.py"


rule tabulate_gradients:
    input:
        data=[grid.data(name) for name in gradient_depths(config)],
        parts=[f"{RESULTS}/gradients/{name}.csv" for name in gradient_depths(config)],
    output:
        grid.table("gradients"),
    log:
        f"{LOGS}/tabulate_gradients.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_gradients"),
    message:
        "table: gradients"
    script:
        "../scripts/tabulate_gradients.py"


rule draw_gradients:
    input:
        grid.table("gradients"),
    output:
        pdf=report(
            grid.figure("figX_gradients"),
            caption="../report/figX_gradients.rst",
            category="Beyond the paper",
        ),
        png=grid.figure("figX_gradients", "png"),
    log:
        f"{LOGS}/draw_gradients.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        datasets=config["datasets"],
        chains=[xxz_chain(config, n) for n in sorted(config["beyond"]["gradients"]["lengths"])],
        code=code("draw_gradients"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_gradients.py"
