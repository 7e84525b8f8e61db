# One page with everything, for a reader without a network: `snakemake results/report.html`.


rule write_report:
    input:
        guarded("write_report"),
        unpack(asked("report", lambda wildcards: plan.study("report").files(plan))),
        page=registry.find("study", "report").templates(),
    output:
        f"{RESULTS}report.html",
    log:
        f"{LOGS}write_report.log",
    conda:
        environment("write_report")
    threads: 1
    resources:
        **asks(lambda wildcards: requests.plain(compiles=False)),
    params:
        words=told(lambda wildcards: plan.study("report").words(plan)),
        config=config,
        origin=told(lambda wildcards: plan.study("claims").origin()),
        snakefile=os.path.join(HOME, "Snakefile"),
        code=code(str(registry.find("study", "report").folder() / "write_report.py")),
    message:
        "report: {output}"
    script:
        "write_report.py"
