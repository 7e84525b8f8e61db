# Is each claim of the paper true here, and how close are the published numbers: `snakemake results/claims.md`.


rule decide_claims:
    input:
        tables=[grid.table(name) for name in ("resilience", "unlearning", "landscape", "capacity", "models")],
        controls=[grid.table("control_effects")] if grid.controls() else [],
        published=PUBLISHED,
    output:
        csv=report(grid.claims("csv"), caption="../report/claims.rst", category="Claims"),
        md=grid.claims("md"),
    log:
        f"{LOGS}/decide_claims.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        settings=config["claims"],
        architectures=config["architectures"],
        replaced={stage: config[stage]["architectures"] for stage in ("unlearning", "landscape")},
        code=code("decide_claims"),
    message:
        "claims: {output.md}"
    script:
        "../scripts/decide_claims.py"


rule compare_published:
    input:
        resilience=grid.table("resilience"),
        published=published_runs,
    output:
        grid.table("reproduction"),
    log:
        f"{LOGS}/compare_published.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        margin=config["published"]["margin"],
        level=1 - config["claims"]["confidence"],
        code=code("compare_published"),
    message:
        "table: reproduction"
    script:
        "../scripts/compare_published.py"
