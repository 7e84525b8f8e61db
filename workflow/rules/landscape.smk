# Analyses of trained models, in double precision whatever the training's: the curvature (stage `landscape`), and what
# studies ask of trained models beside it.


rule analyse_landscape:
    input:
        guarded("analyse_landscape"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=told(partial(analysed_models, "landscape")),
    output:
        f"{RESULTS}landscape/{CELLS}.h5",
    log:
        f"{LOGS}analyse_landscape/{CELLS}.log",
    benchmark:
        f"{TIMES}/analyse_landscape/{CELLS}.tsv"
    conda:
        environment("analyse_landscape")
    threads: 1
    resources:
        **SCRATCH,
        **asks(partial(analysis_request, "landscape")),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        alphas=told(partial(alphas_of, "landscape")),
        seeds=told(cell_seeds),
        traces=told(lambda wildcards: plan.trace_options(wildcards.dataset, wildcards.model)),
        code=cell_code("analyse_landscape"),
    message:
        "landscape: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas} seed {wildcards.seeds}"
    script:
        "../scripts/analyse_landscape.py"


for study in [kind for kind in registry.known("study").values() if kind.analyses]:
    stage = study.name()

    rule:
        name:
            f"analyse_{stage}"
        input:
            guarded(f"analyse_{stage}"),
            data=f"{RESULTS}data/{{dataset}}.h5",
            trained=asked(stage, partial(analysed_models, stage)),
        output:
            f"{RESULTS}{stage}/{CELLS}.h5",
        log:
            f"{LOGS}analyse_{stage}/{CELLS}.log",
        benchmark:
            f"{TIMES}/analyse_{stage}/{CELLS}.tsv"
        conda:
            environment(f"analyse_{stage}")
        threads: 1
        resources:
            **SCRATCH,
            **asks(partial(analysis_request, stage)),
        params:
            study=stage,
            options=study_options(stage),
            architecture=cell_architecture,
            poison=cell_poison,
            settings=told(partial(analysis_settings, stage)),
            alphas=told(partial(alphas_of, stage)),
            seeds=told(cell_seeds),
            code=cell_code("analyse_models", study.source_file("analysis")),
        message:
            f"{stage}: {{wildcards.dataset}} {{wildcards.model}} {{wildcards.corruption}} "
            "alpha {wildcards.alphas} seed {wildcards.seeds}"
        script:
            "../scripts/analyse_models.py"
