# Maps of clean and corrupted training sets, for Fig. 1.
study_folder = str(registry.find("study", "overview").folder())


rule embed_samples:
    input:
        guarded("embed_samples"),
        asked("overview", lambda wildcards: grid.all_data()),
    output:
        grid.table("embedding"),
    log:
        f"{LOGS}embed_samples.log",
    benchmark:
        f"{TIMES}/embed_samples.tsv"
    conda:
        environment("embed_samples")
    threads: 1
    resources:
        **SCRATCH,
        **asks(lambda wildcards: plan.study("overview").request(requests)),
    params:
        corruptions=told(lambda wildcards: plan.study("overview").poisons(plan)),
        options=study_options("overview"),
        seed=grid.seeds[0],
        code=code(
            os.path.join(study_folder, "embed_samples.py"),
            *(part_file("corruption", name) for name in config["corruptions"]),
        ),
    message:
        "table: embedding"
    script:
        "embed_samples.py"
