# The loss around clean and poisoned minima, for Fig. 3.


rule tabulate_surface:
    input:
        guarded("tabulate_surface"),
        data=grid.all_data(),
        trained=asked("landscape", lambda wildcards: plan.study("landscape").surface_files(plan)),
    output:
        grid.table("surface"),
    log:
        f"{LOGS}tabulate_surface.log",
    benchmark:
        f"{TIMES}/tabulate_surface.tsv"
    conda:
        environment("tabulate_surface")
    threads: 1
    resources:
        **SCRATCH,
        **asks(lambda wildcards: plan.study("landscape").request(requests)),
    params:
        task=told(lambda wildcards: plan.study("landscape").surface_task(plan)),
        options=study_options("landscape"),
        code=told(lambda wildcards: code(*plan.study("landscape").code_files(plan))),
    message:
        "table: surface"
    script:
        "tabulate_surface.py"
