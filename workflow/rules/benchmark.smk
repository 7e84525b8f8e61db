# How fast a training update is, against other engines and against the machine: `snakemake benchmark`.
from qunlearn.benchmark import tasks as benchmark_tasks

TIMED = f"{TIMES}/rows/{{engine}}/{{task}}/replicas{{replicas}}.json"


rule benchmark:
    input:
        f"{TIMES}/speed.csv",
        f"{TIMES}/growth.csv",
        grid.figure("benchmark"),


# Every row has a process of its own, so that compile time and peak memory are its own, and the machine to itself.
rule time_engine:
    output:
        TIMED,
    log:
        f"{LOGS}/time_engine/{{engine}}/{{task}}/replicas{{replicas}}.log",
    wildcard_constraints:
        engine="|".join(engine for names in benchmark_tasks.ENGINES.values() for engine in names),
        task="|".join([*benchmark_tasks.TASKS, *benchmark_tasks.GROWTH]),
        replicas=r"[1-9]\d*",
    conda:
        "../../envs/cpu.yaml"
    threads: workflow.cores or 1
    params:
        options={key: config["benchmark"][key] for key in ("runs", "seconds", "threads")},
        code=code("time_engine", "models.qnn", "models.mlp"),
    message:
        "time: {wildcards.engine} on {wildcards.task}, {wildcards.replicas} replicas"
    script:
        "../scripts/time_engine.py"


rule tabulate_benchmark:
    input:
        speed=[
            TIMED.format(engine=engine, task=task, replicas=replicas)
            for task in benchmark_tasks.TASKS
            for engine in benchmark_tasks.engines(task)
            for replicas in config["benchmark"]["replicas"]
        ],
        growth=[
            TIMED.format(engine="light_cone", task=task, replicas=max(config["benchmark"]["replicas"]))
            for task in benchmark_tasks.GROWTH
        ],
    output:
        speed=f"{TIMES}/speed.csv",
        growth=f"{TIMES}/growth.csv",
    log:
        f"{LOGS}/tabulate_benchmark.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        code=code("tabulate_benchmark"),
    message:
        "table: benchmark"
    script:
        "../scripts/tabulate_benchmark.py"


rule draw_benchmark:
    input:
        speed=f"{TIMES}/speed.csv",
        growth=f"{TIMES}/growth.csv",
    output:
        pdf=report(grid.figure("benchmark"), caption="../report/benchmark.rst", category="Speed"),
        png=grid.figure("benchmark", "png"),
    log:
        f"{LOGS}/draw_benchmark.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        code=code("draw_benchmark"),
    message:
        "figure: {output.pdf}"
    script:
        "../scripts/draw_benchmark.py"
