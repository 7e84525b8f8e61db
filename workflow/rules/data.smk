# Datasets: the same for every model, corruption and seed.


rule build_dataset:
    input:
        guarded("build_dataset"),
        told(lambda wildcards: plan.source(wildcards.dataset).files()),
    output:
        f"{RESULTS}/data/{{dataset}}.h5",
    log:
        f"{LOGS}/build_dataset/{{dataset}}.log",
    benchmark:
        f"{TIMES}/build_dataset/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
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


LOCAL = [name for name in config["data"] if plan.source_kind(name).local]
if LOCAL:

    # The only rule that may need the network: it runs where the workflow was started.
    localrules:
        fetch_dataset,

    use rule build_dataset as fetch_dataset with:
        wildcard_constraints:
            dataset=f"({'|'.join(LOCAL)}){PATTERN}",

    ruleorder: fetch_dataset > build_dataset
