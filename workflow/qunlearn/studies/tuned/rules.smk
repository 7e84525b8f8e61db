# One job tries, by one method, every learning rate on the poisoned models of all its seeds.


rule tune_methods:
    input:
        guarded("tune_methods"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("tuned", poisoned_models),
    output:
        f"{RESULTS}tuned/{UNLEARNED}.h5",
    log:
        f"{LOGS}tune_methods/{UNLEARNED}.log",
    benchmark:
        f"{TIMES}/tune_methods/{UNLEARNED}.tsv"
    conda:
        environment("tune_methods")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("tuned").request(
                requests, sweep_of(wildcards), len(cell_seeds(wildcards))
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=unlearning_schedule,
        method=told(lambda wildcards: plan.method_options(wildcards.method)),
        learning_rates=told(
            lambda wildcards: plan.study("tuned").rates(plan, wildcards.dataset, wildcards.model)
        ),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code(str(registry.find("study", "tuned").folder() / "tune_methods.py")),
    message:
        "tune: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "tune_methods.py"
