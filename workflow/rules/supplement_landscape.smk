# The landscape beyond its trace: Hessian spectra, what clean and corrupted samples add to the curvature, the loss along
# lines. All in double precision, at the models and corruptions of the stage 'landscape'.


rule analyse_spectrum:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=trained_for("spectrum"),
    output:
        f"{RESULTS}/spectrum/{CELLS}.h5",
    log:
        f"{LOGS}/analyse_spectrum/{CELLS}.log",
    benchmark:
        f"{TIMES}/analyse_spectrum/{CELLS}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        options={key: config["supplement"]["spectrum"][key] for key in ("exact", "steps", "probes")},
        alphas=lambda wildcards: list(grid.parse_alphas(wildcards.alphas, "spectrum")),
        seeds=cell_seeds,
        code=cell_code("analyse_spectrum"),
    message:
        "spectrum: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/analyse_spectrum.py"


rule analyse_curvature:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=trained_for("curvature"),
    output:
        f"{RESULTS}/curvature/{CELLS}.h5",
    log:
        f"{LOGS}/analyse_curvature/{CELLS}.log",
    benchmark:
        f"{TIMES}/analyse_curvature/{CELLS}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        alphas=lambda wildcards: list(grid.parse_alphas(wildcards.alphas, "curvature")),
        seeds=cell_seeds,
        code=cell_code("analyse_curvature"),
    message:
        "curvature: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/analyse_curvature.py"


rule analyse_slices:
    input:
        data=f"{RESULTS}/data/{{dataset}}.h5",
        trained=trained_for("slices"),
    output:
        f"{RESULTS}/slices/{CELLS}.h5",
    log:
        f"{LOGS}/analyse_slices/{CELLS}.log",
    benchmark:
        f"{TIMES}/analyse_slices/{CELLS}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        architecture=cell_architecture,
        options={key: config["supplement"]["slices"][key] for key in ("extent", "points", "directions")},
        alphas=lambda wildcards: list(grid.parse_alphas(wildcards.alphas, "slices")),
        seeds=cell_seeds,
        code=cell_code("analyse_slices"),
    message:
        "slices: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/analyse_slices.py"


rule tabulate_spectrum:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_supplement_landscapes("spectrum"),
    output:
        spectrum=grid.table("spectrum"),
        eigenvalues=grid.table("eigenvalues"),
    log:
        f"{LOGS}/tabulate_spectrum.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        zero=config["supplement"]["spectrum"]["zero"],
        code=code("tabulate_spectrum"),
    message:
        "table: spectrum"
    script:
        "../scripts/tabulate_spectrum.py"


rule tabulate_curvature:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_supplement_landscapes("curvature"),
    output:
        grid.table("curvature"),
    log:
        f"{LOGS}/tabulate_curvature.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_curvature"),
    message:
        "table: curvature"
    script:
        "../scripts/tabulate_curvature.py"


rule tabulate_slices:
    input:
        data=[grid.data(name) for name in config["datasets"]],
        cells=grid.all_supplement_landscapes("slices"),
    output:
        grid.table("slices"),
    log:
        f"{LOGS}/tabulate_slices.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        seeds=list(grid.seeds),
        margin=config["statistics"]["collapsed_margin"],
        code=code("tabulate_slices"),
    message:
        "table: slices"
    script:
        "../scripts/tabulate_slices.py"


rule draw_spectrum:
    input:
        spectrum=grid.table("spectrum"),
        eigenvalues=grid.table("eigenvalues"),
    output:
        pdf=report(grid.figure("figS_spectrum"), caption="../report/figS_spectrum.rst", category="Supplement"),
        png=grid.figure("figS_spectrum", "png"),
    log:
        f"{LOGS}/draw_spectrum.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        models=grid.stage_models("landscape"),
        architectures=config["architectures"],
        code=code("draw_spectrum"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_spectrum.py"


rule draw_curvature:
    input:
        grid.table("curvature"),
    output:
        pdf=report(
            grid.figure("figS_curvature"), caption="../report/figS_curvature.rst", category="Supplement"
        ),
        png=grid.figure("figS_curvature", "png"),
    log:
        f"{LOGS}/draw_curvature.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        models=grid.stage_models("landscape"),
        architectures=config["architectures"],
        code=code("draw_curvature"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_curvature.py"


rule draw_slices:
    input:
        grid.table("slices"),
    output:
        pdf=report(grid.figure("figS_slices"), caption="../report/figS_slices.rst", category="Supplement"),
        png=grid.figure("figS_slices", "png"),
    log:
        f"{LOGS}/draw_slices.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        models=grid.stage_models("landscape"),
        architectures=config["architectures"],
        code=code("draw_slices"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_slices.py"
