# One job tries, by one method, every combination of its weights on the poisoned models of all its seeds.


rule scan_weights:
    input:
        guarded("scan_weights"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("scan", poisoned_models),
    output:
        f"{RESULTS}scan/{UNLEARNED}.h5",
    log:
        f"{LOGS}scan_weights/{UNLEARNED}.log",
    benchmark:
        f"{TIMES}/scan_weights/{UNLEARNED}.tsv"
    conda:
        environment("scan_weights")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("scan").request(
                requests, sweep_of(wildcards), wildcards.method, cell_seeds(wildcards)
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=unlearning_schedule,
        method=told(lambda wildcards: plan.method_options(wildcards.method)),
        weights=told(lambda wildcards: plan.study("scan").weights(plan, wildcards.method)),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code(str(registry.find("study", "scan").folder() / "scan_weights.py")),
    message:
        "scan: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "scan_weights.py"
