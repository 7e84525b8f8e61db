# One job trains the models of all its seeds, with and without parts of their samples, and ranks these by suspicion.


rule suspect_samples:
    input:
        guarded("suspect_samples"),
        data=f"{RESULTS}data/{{dataset}}.h5",
    output:
        f"{RESULTS}detection/{POISONED}/seed{{seeds}}.h5",
    log:
        f"{LOGS}suspect_samples/{POISONED}/seed{{seeds}}.log",
    benchmark:
        f"{TIMES}/suspect_samples/{POISONED}/seed{{seeds}}.tsv"
    priority: cell_cost
    conda:
        environment("suspect_samples")
    threads: 1
    resources:
        **SCRATCH,
        **asks(
            lambda wildcards: plan.study("detection").request(
                requests, sweep_of(wildcards), len(cell_seeds(wildcards))
            )
        ),
    params:
        architecture=cell_architecture,
        poison=cell_poison,
        schedule=told(lambda wildcards: plan.training_schedule(wildcards.dataset, wildcards.model)),
        folds=told(lambda wildcards: plan.study("detection").folds),
        seeds=told(cell_seeds),
        precision=config["precision"],
        code=cell_code(str(registry.find("study", "detection").folder() / "suspect_samples.py")),
    message:
        "suspect: {wildcards.dataset} {wildcards.model} {wildcards.corruption} "
        "alpha {wildcards.alpha}, seed {wildcards.seeds}"
    script:
        "suspect_samples.py"
