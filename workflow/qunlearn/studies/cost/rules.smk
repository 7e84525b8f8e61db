# What one unlearning step costs. A job that measures time has the machine to itself.


rule measure_cost:
    input:
        guarded("measure_cost"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("cost", poisoned_models),
    output:
        f"{RESULTS}cost/{POISONED}.json",
    log:
        f"{LOGS}measure_cost/{POISONED}.log",
    benchmark:
        f"{TIMES}/measure_cost/{POISONED}.tsv"
    conda:
        environment("measure_cost")
    threads: workflow.cores or 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: requests.unlearn(
                sweep_of(wildcards), len(sweep_seeds(wildcards)), plan.study("cost").models
            )
        ),
        own_python=1,
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=unlearning_schedule,
        methods=told(lambda wildcards: plan.study("cost").weights(plan)),
        seeds=told(sweep_seeds),
        precision=config["precision"],
        code=told(lambda wildcards: cell_code(*plan.study("cost").code_files(plan))(wildcards)),
    message:
        "cost: {wildcards.dataset} {wildcards.model} {wildcards.corruption} alpha {wildcards.alpha}"
    script:
        "measure_cost.py"
