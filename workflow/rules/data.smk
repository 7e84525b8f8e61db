# Datasets: the same for every model, corruption and seed.


rule build_dataset:
    output:
        f"{RESULTS}/data/{{dataset}}.h5",
    log:
        f"{LOGS}/build_dataset/{{dataset}}.log",
    benchmark:
        f"{TIMES}/build_dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=f"({'|'.join(name for name in data.REGISTRY if name != 'mnist')}){variants.PATTERN}",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        options=lambda wildcards: data_options(config, wildcards.dataset),
        code=lambda wildcards: code("build_dataset", f"data.{variants.base(wildcards.dataset)}"),
    message:
        "data: {wildcards.dataset}"
    script:
        "../scripts/build_dataset.py"


# The only rule that may need the network: it runs where the workflow was started.
localrules:
    build_mnist,


rule build_mnist:
    output:
        f"{RESULTS}/data/{{dataset}}.h5",
    log:
        f"{LOGS}/build_dataset/{{dataset}}.log",
    benchmark:
        f"{TIMES}/build_dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=f"mnist{variants.PATTERN}",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        options=lambda wildcards: data_options(config, wildcards.dataset),
        code=code("build_dataset", "data.mnist"),
    message:
        "data: {wildcards.dataset}"
    script:
        "../scripts/build_dataset.py"
