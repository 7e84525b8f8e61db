# How close are the published numbers: `snakemake results/tables/reproduction.csv`, from the tables that are at hand.
study_folder = str(registry.find("study", "reproduction").folder())


rule compare_published:
    input:
        unpack(asked("reproduction", lambda wildcards: placed(plan.study("reproduction").compared(plan)))),
        guarded("compare_published"),
    output:
        grid.table("reproduction"),
    log:
        f"{LOGS}compare_published.log",
    benchmark:
        f"{TIMES}/compare_published.tsv"
    conda:
        environment("compare_published")
    threads: 1
    resources:
        **asks(lambda wildcards: requests.plain(compiles=False)),
    params:
        margin=told(lambda wildcards: plan.study("reproduction").margin),
        factor=told(lambda wildcards: plan.study("reproduction").factor),
        level=told(lambda wildcards: 1 - plan.study("claims").confidence),
        replaced=told(lambda wildcards: plan.study("reproduction").replaced(plan)),
        code=code(os.path.join(study_folder, "compare_published.py")),
    message:
        "table: reproduction"
    script:
        "compare_published.py"
