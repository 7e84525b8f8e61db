# How fast a training update is, against other engines and against the machine: `snakemake benchmark`.
from qunlearn.studies.benchmark import entrants as benchmark_entrants, growth as benchmark_growth

study_folder = str(registry.find("study", "benchmark").folder())
TIMED = f"{TIMES}/rows/{{engine}}/{{task}}/replicas{{replicas}}.json"


rule benchmark:
    input:
        f"{TIMES}/speed.csv",
        f"{TIMES}/growth.csv",
        f"{TIMES}/laws.csv",
        grid.figure("benchmark"),


# Every row has a process of its own, so that compile time and peak memory are its own, and the machine to itself.
rule time_engine:
    input:
        guarded("time_engine"),
    output:
        TIMED,
    log:
        f"{LOGS}time_engine/{{engine}}/{{task}}/replicas{{replicas}}.log",
    wildcard_constraints:
        engine="|".join(benchmark_entrants.ENTRANTS),
        task="|".join([*benchmark_growth.TASKS, *benchmark_growth.GROWTH]),
        replicas=r"[1-9]\d*",
    conda:
        environment("time_engine")
    threads: workflow.cores or 1
    resources:
        **asks(
            lambda wildcards: plan.study("benchmark").request(
                requests, wildcards.engine, wildcards.task, int(wildcards.replicas)
            )
        ),
        own_python=1,
    params:
        options=told(lambda wildcards: plan.study("benchmark").timing()),
        code=code(
            os.path.join(study_folder, "time_engine.py"),
            part_file("model", "qnn"),
            part_file("model", "mlp"),
        ),
    message:
        "time: {wildcards.engine} on {wildcards.task}, {wildcards.replicas} replicas"
    script:
        "time_engine.py"


rule tabulate_benchmark:
    input:
        guarded("tabulate_benchmark"),
        speed=asked("benchmark", lambda wildcards: plan.study("benchmark").rows(plan)["speed"]),
        growth=asked("benchmark", lambda wildcards: plan.study("benchmark").rows(plan)["growth"]),
    output:
        speed=f"{TIMES}/speed.csv",
        growth=f"{TIMES}/growth.csv",
        laws=f"{TIMES}/laws.csv",
    log:
        f"{LOGS}tabulate_benchmark.log",
    conda:
        environment("tabulate_benchmark")
    threads: 1
    resources:
        **asks(lambda wildcards: requests.plain(compiles=False)),
    params:
        code=code(os.path.join(study_folder, "tabulate_benchmark.py")),
    message:
        "table: benchmark"
    script:
        "tabulate_benchmark.py"
