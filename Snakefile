# Poisoning and unlearning in quantum and classical neural networks: data -> train -> unlearn / landscape -> figures.
# The pipeline's rules are in workflow/rules, studies and what they compute in workflow/qunlearn, every knob in config.yaml.
# Another workflow may import this one as a module (docs/extending.md), so nothing here asks where the main Snakefile is.
import os
import sys

HOME = os.path.dirname(os.path.abspath(workflow.snakefile))
sys.path.insert(0, os.path.join(HOME, "workflow"))

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from forked_jobs import start_server
from qunlearn.config.check import check
from qunlearn.config.folders import check_folders
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError
from qunlearn.runtime.job import print_in_any_locale, share_library

print_in_any_locale()
share_library()


configfile: os.path.join(HOME, "config.yaml")


# The `config:` of a module would come instead of this file; here it comes on top, as with --configfile.
IMPORTED = not workflow.modifier.is_main_snakefile()
if IMPORTED:
    if not isinstance(config, dict):
        raise WorkflowError(
            f"module {__name__}: config: {config!r} is no mapping; give a dictionary of keys of config.yaml"
        )
    given, config = config, load_configfile(os.path.join(HOME, "config.yaml"))
    update_config(config, given)
try:
    config = check(config, tuple(os.path.dirname(os.path.abspath(path)) for path in workflow.configfiles))
    check_folders(
        config["paths"], submits=workflow.is_main_process and bool(workflow.resource_settings.nodes)
    )
except UserError as error:
    raise WorkflowError(f"module {__name__}: {error}" if IMPORTED else str(error)) from None
plan = Plan(config)
grid = plan.grid


report: "workflow/report/workflow.rst"


# Jobs on this machine are forks of a process that has imported what they need; a cluster's are not.
#
# As long after every look for work as --max-jobs-per-timespan says, Snakemake looks again: once more for every job that has
# ended, hundreds of times a second after a thousand. The limit is lifted where nobody asked for one; cores are limit enough.
onstart:
    if not workflow.resource_settings.nodes:
        start_server(len(workflow.dag))
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


include: "workflow/rules/common.smk"


# The first rule, thus the default target; of another workflow that imports this one, its own first rule is.
rule all:
    input:
        MAIN_FIGURES,
        MAIN_TABLES,


include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/unlearn.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/studies.smk"
