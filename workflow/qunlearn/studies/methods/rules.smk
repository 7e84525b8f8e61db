# One job tries, by one method, every learning rate and every value of its weights on the poisoned models of its seeds.


rule search_methods:
    input:
        guarded("search_methods"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("methods", poisoned_models),
    output:
        f"{RESULTS}methods/{UNLEARNED}.h5",
    log:
        f"{LOGS}search_methods/{UNLEARNED}.log",
    benchmark:
        f"{TIMES}/search_methods/{UNLEARNED}.tsv"
    conda:
        environment("search_methods")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("methods").request(
                requests, sweep_of(wildcards), wildcards.method, len(cell_seeds(wildcards))
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=unlearning_schedule,
        method=told(lambda wildcards: plan.method_options(wildcards.method)),
        learning_rates=told(lambda wildcards: plan.study("methods").learning_rates),
        scan=told(lambda wildcards: plan.study("methods").scan(plan, wildcards.method)),
        passes=told(lambda wildcards: plan.study("methods").passes),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code(str(registry.find("study", "methods").folder() / "search_methods.py")),
    message:
        "search: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha} by {wildcards.method}, seed {wildcards.seeds}"
    script:
        "search_methods.py"
