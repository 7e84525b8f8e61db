# Poisoning and unlearning in quantum and classical neural networks: data -> train -> unlearn / landscape -> figures.
# The pipeline's rules are in workflow/rules, studies and what they compute in workflow/qunlearn, every knob in config.yaml.
import os
import sys

sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))

from snakemake.exceptions import WorkflowError

from qunlearn.config.check import check
from qunlearn.config.folders import check_folders
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.job import print_in_any_locale, share_library

print_in_any_locale()
share_library()


configfile: os.path.join(workflow.basedir, "config.yaml")


try:
    config = check(config, tuple(os.path.dirname(os.path.abspath(path)) for path in workflow.configfiles))
    check_folders(
        config["paths"], submits=workflow.is_main_process and bool(workflow.resource_settings.nodes)
    )
except UserError as error:
    raise WorkflowError(str(error)) from None
plan = Plan(config)
grid = plan.grid


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/unlearn.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/studies.smk"


rule all:
    default_target: True
    input:
        MAIN_FIGURES,
        MAIN_TABLES,
