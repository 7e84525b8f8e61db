# Is a flat landscape robust, or a barren plateau? One job measures the circuits of all depths on one dataset.


rule measure_gradients:
    input:
        guarded("measure_gradients"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("gradients", lambda wildcards: plan.study("gradients").trained(plan, wildcards.dataset)),
    output:
        f"{RESULTS}gradients/{{dataset}}.csv",
    log:
        f"{LOGS}measure_gradients/{{dataset}}.log",
    benchmark:
        f"{TIMES}/measure_gradients/{{dataset}}.tsv"
    conda:
        environment("measure_gradients")
    threads: 1
    resources:
        **SCRATCH,
        **asks(lambda wildcards: plan.study("gradients").request(requests, wildcards.dataset)),
    params:
        architectures=told(lambda wildcards: plan.study("gradients").architectures(plan, wildcards.dataset)),
        corruption=told(lambda wildcards: plan.study("gradients").corruption),
        poison=told(lambda wildcards: plan.corruption_options(plan.study("gradients").corruption)),
        alphas=told(lambda wildcards: plan.study("gradients").all_alphas()),
        seeds=told(lambda wildcards: plan.study("gradients").seeds(plan, wildcards.dataset)),
        draws=told(lambda wildcards: plan.study("gradients").draws),
        code=told(lambda wildcards: code(*plan.study("gradients").code_files(plan))),
    message:
        "gradients: {wildcards.dataset}"
    script:
        "measure_gradients.py"
