# Tables and figures: every study declares which it makes (workflow/qunlearn/studies), and one loop makes their rules.

for study in [kind for kind in registry.known("study").values() if kind.tables]:

    rule:
        name:
            f"tabulate_{study.name()}"
        input:
            unpack(asked(study.name(), partial(needed_by, study))),
            guarded(f"tabulate_{study.name()}"),
        output:
            [grid.table(name) for name in study.tables],
        log:
            f"{LOGS}tabulate_{study.name()}.log",
        benchmark:
            f"{TIMES}/tabulate_{study.name()}.tsv"
        conda:
            environment(f"tabulate_{study.name()}")
        threads: 1
        resources:
            **asks(partial(table_request, study)),
        params:
            study=study.name(),
            options=study_options(study.name()),
            settings=told(partial(tabulate_settings, study)),
            code=code("tabulate", study.source_file("table")),
        message:
            f"table: {study.name()}"
        script:
            "../scripts/tabulate.py"


for study in [kind for kind in registry.known("study").values() if kind.figure]:

    rule:
        name:
            f"draw_{study.drawing_rule()}"
        input:
            unpack(asked(study.name(), partial(drawn_from, study))),
            guarded(f"draw_{study.drawing_rule()}"),
        output:
            [grid.table(name) for name in study.draws_tables],
            pdf=captioned(study),
            png=grid.figure(study.figure, "png"),
        log:
            f"{LOGS}draw_{study.drawing_rule()}.log",
        conda:
            environment(f"draw_{study.drawing_rule()}")
        threads: 1
        resources:
            **asks(partial(figure_request, study)),
        params:
            study=study.name(),
            options=study_options(study.name()),
            settings=told(partial(draw_settings, study)),
            looks=plan.looks(),
            code=told(partial(drawing_code, study)),
        message:
            "figure: {output.pdf}"
        script:
            "../scripts/draw.py"


for study in registry.known("study").values():
    if study.rules_file():

        include: str(study.rules_file())


# -- targets ---------------------------------------------------------------------------------------------------------
rule tables:
    input:
        MAIN_TABLES,


rule supplement:
    input:
        asked_figures("supplement"),


rule beyond:
    input:
        asked_figures("beyond"),


rule everything:
    input:
        MAIN_FIGURES,
        MAIN_TABLES,
        rules.supplement.input,
        rules.beyond.input,
        [f"{RESULTS}{page}" for kind in registry.known("study").values() for page in kind.pages],
