# One page with everything, for a reader without a network: `snakemake results/report.html`.

PAGE = os.path.join(workflow.basedir, "workflow", "report")
REPORT = config["report"]["include"]
REPORTED = {
    "main": [f"fig{number}" for number in (1, 2, 3, 4)],
    "supplement": [f"figS_{name}" for name in config["supplement"]["figures"]],
    "beyond": ["figS_controls"] * bool(grid.controls())
    + [f"figX_{name}" for name in config["beyond"]["figures"]],
}
REPORTED = {part: figures for part, figures in REPORTED.items() if part in REPORT}
REPORT_FIGURES = [figure for figures in REPORTED.values() for figure in figures]
CLAIMED = [grid.claims("csv")] * ("claims" in REPORT)
REPORT_TABLES = list(
    dict.fromkeys(
        [
            *(grid.table(name) for figure in REPORT_FIGURES for name in tables_of(figure)),
            *(rules.decide_claims.input.tables if CLAIMED else []),
            *([grid.table("reproduction")] if PUBLISHED else []),
        ]
    )
)


rule write_report:
    input:
        claims=CLAIMED,
        figures=[grid.figure(name, "png") for name in REPORT_FIGURES],
        captions=[os.path.join(PAGE, f"{name}.rst") for name in REPORT_FIGURES],
        tables=REPORT_TABLES,
        page=[os.path.join(PAGE, name) for name in ("report.html", "report.css", "report.js")],
    output:
        f"{RESULTS}/report.html",
    log:
        f"{LOGS}/write_report.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        parts=[part for part, figures in REPORTED.items() for _ in figures],
        tables=[tables_of(name) for name in REPORT_FIGURES],
        config=config,
        snakefile=workflow.main_snakefile,
        code=code("write_report"),
    message:
        "report: {output}"
    script:
        "../scripts/write_report.py"
