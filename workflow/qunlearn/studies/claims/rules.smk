# Is each claim of the paper true here: `snakemake results/claims.md`.
from qunlearn.studies.reproduction import published_runs
from qunlearn.studies.reproduction.layouts import LAYOUTS

study_folder = str(registry.find("study", "claims").folder())


rule decide_claims:
    input:
        guarded("decide_claims"),
        tables=asked("claims", lambda wildcards: plan.study("claims").table_files(plan)),
        controls=told(lambda wildcards: plan.study("claims").control_files(plan)),
        published=told(
            lambda wildcards: placed([file for layout in LAYOUTS for file in published_runs(plan, layout)])
        ),
    output:
        csv=report(
            f"{RESULTS}claims.csv",
            caption=os.path.join(study_folder, "caption.rst"),
            category="Claims",
        ),
        md=f"{RESULTS}claims.md",
    log:
        f"{LOGS}decide_claims.log",
    benchmark:
        f"{TIMES}/decide_claims.tsv"
    conda:
        environment("decide_claims")
    threads: 1
    resources:
        **asks(lambda wildcards: plan.study("claims").request(requests)),
    params:
        settings=told(lambda wildcards: plan.study("claims").deciding(plan)),
        origin=told(lambda wildcards: plan.study("claims").origin()),
        code=told(lambda wildcards: code(*plan.study("claims").code_files())),
    message:
        "claims: {output.md}"
    script:
        "decide_claims.py"
