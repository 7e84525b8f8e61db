# One job unlearns the poisoned models of its seeds by every method, told everything that the study tells.


rule unlearn_known:
    input:
        guarded("unlearn_known"),
        data=f"{RESULTS}data/{{dataset}}.h5",
        trained=asked("known", partial(analysed_models, "known")),
    output:
        f"{RESULTS}known/{CELLS}.h5",
    log:
        f"{LOGS}unlearn_known/{CELLS}.log",
    benchmark:
        f"{TIMES}/unlearn_known/{CELLS}.tsv"
    priority: cell_cost
    conda:
        environment("unlearn_known")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("known").request(
                requests,
                sweep_of(wildcards),
                len(alphas_of("known", wildcards)) * len(cell_seeds(wildcards)),
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        methods=told(lambda wildcards: plan.study("known").runs(plan, wildcards.dataset, wildcards.model)),
        tellings=told(lambda wildcards: [list(one) for one in plan.study("known").tellings()]),
        alphas=told(partial(alphas_of, "known")),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=methods_code("known", "unlearn_known.py"),
    message:
        "known: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alphas}, seed {wildcards.seeds}"
    script:
        "unlearn_known.py"
