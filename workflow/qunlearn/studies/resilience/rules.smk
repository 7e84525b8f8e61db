# Networks that learn points in the plane, for Fig. 2a.


rule train_toy:
    input:
        guarded("train_toy"),
    output:
        grid.table("toy"),
    log:
        f"{LOGS}train_toy.log",
    benchmark:
        f"{TIMES}/train_toy.tsv"
    conda:
        environment("train_toy")
    threads: 1
    resources:
        **SCRATCH,
        **asks(lambda wildcards: plan.study("resilience").request(requests)),
    params:
        options=asked("resilience", lambda wildcards: plan.study("resilience").task()),
        schedules=told(lambda wildcards: plan.study("resilience").schedules()),
        precision=config["precision"],
        code=told(lambda wildcards: code(*plan.study("resilience").code_files())),
    message:
        "train: toy"
    script:
        "train_toy.py"
