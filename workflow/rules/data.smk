# Datasets: the same for every model, corruption and seed.

#: More than the priority of the longest training.
EVERYTHING_WAITS = 2**60
LOCAL = "|".join(name for name in config["data"] if plan.source_kind(name).local)


rule build_dataset:
    input:
        guarded("build_dataset"),
        told(lambda wildcards: placed(plan.source(wildcards.dataset).files())),
    output:
        f"{RESULTS}data/{{dataset}}.h5",
    log:
        f"{LOGS}build_dataset/{{dataset}}.log",
    benchmark:
        f"{TIMES}/build_dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=rf"(?!({LOCAL})(~|\.h5|$))[^/]+" if LOCAL else "[^/]+",
    priority: EVERYTHING_WAITS
    conda:
        environment("build_dataset")
    threads: 1
    resources:
        **SCRATCH,
        **asks(lambda wildcards: requests.build(wildcards.dataset)),
    params:
        data=data_params,
        code=data_code,
    message:
        "data: {wildcards.dataset}"
    script:
        "../scripts/build_dataset.py"


if LOCAL:

    # The only rule that may need the network: it runs where the workflow was started.
    use rule build_dataset as fetch_dataset with:
        wildcard_constraints:
            dataset=f"({LOCAL})(~[^/]+)?",
        localrule: True
