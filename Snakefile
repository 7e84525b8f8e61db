# Poisoning and unlearning in quantum and classical neural networks: data -> train -> unlearn / landscape -> figures.
# Rules live in workflow/rules, one file per stage; what they compute is in workflow/qunlearn; every knob in config.yaml.
import os
import sys

sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))

from snakemake.exceptions import WorkflowError

from qunlearn.validation import check_folders, check_published, validate
from qunlearn.errors import UserError
from qunlearn.grid import TABLES, Grid
from qunlearn.job import share_library

share_library()


configfile: "config.yaml"


try:
    config = validate(config)
    check_folders(config["paths"])
    check_published(config["published"]["dir"])
except UserError as error:
    raise WorkflowError(str(error)) from None
grid = Grid(config)


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/unlearn.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/supplement.smk"
include: "workflow/rules/supplement_landscape.smk"
include: "workflow/rules/supplement_unlearning.smk"
include: "workflow/rules/beyond.smk"
include: "workflow/rules/controls.smk"
include: "workflow/rules/membership.smk"
include: "workflow/rules/noise.smk"
include: "workflow/rules/scaling.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/benchmark.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        [grid.figure(name) for name in ("fig1", "fig2", "fig3", "fig4")],
        [grid.table(name) for name in TABLES],


rule tables:
    input:
        [grid.table(name) for name in TABLES],
