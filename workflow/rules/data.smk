# Datasets: the same for every model, corruption and seed.


rule build_dataset:
    output:
        f"{RESULTS}/data/{{dataset}}.h5",
    log:
        f"{LOGS}/build_dataset/{{dataset}}.log",
    benchmark:
        f"{TIMES}/build_dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(name for name in data.REGISTRY if name != "mnist"),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        options=lambda wildcards: data_options(config, wildcards.dataset),
        code=lambda wildcards: code("build_dataset", f"data.{wildcards.dataset}"),
    message:
        "data: {wildcards.dataset}"
    script:
        "../scripts/build_dataset.py"


# The only rule that may need the network: it runs where the workflow was started.
localrules:
    build_mnist,


rule build_mnist:
    output:
        f"{RESULTS}/data/mnist.h5",
    log:
        f"{LOGS}/build_dataset/mnist.log",
    benchmark:
        f"{TIMES}/build_dataset/mnist.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        **SCRATCH,
    params:
        options=data_options(config, "mnist"),
        code=code("build_dataset", "data.mnist"),
    message:
        "data: mnist"
    script:
        "../scripts/build_dataset.py"
