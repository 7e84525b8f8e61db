"""Decide claims with as many seeds as they take: after every look, more seeds for the models of claims that are still
undecided, until none is or the last look was taken.

    python workflow/scripts/grow_seeds.py presets/decisive.yaml [more configuration files] [-- options of snakemake]

Numbers of seeds stand in `seeds.yaml` beside the results, so that a run that was stopped goes on where it was.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "workflow")  # not this folder: Snakemake needs another `tabulate`

from qunlearn.config import called
from qunlearn.config.check import check
from qunlearn.config.plan import Plan
from qunlearn.runtime.errors import UserError

started_in = Path.cwd()


def plan_of(files, options):
    """The plan of the project's configuration with files on top, and of Snakemake's `options`. Enters the folder that
    Snakemake works in."""
    given = called.options(["--configfile", *map(str, files), *options])
    folders = tuple(str(file.parent) for file in files)
    return Plan(check(called.configuration(given), folders))


def decide(files, options):
    """Compute what claims take at the seeds of these configurations, and decide them."""
    plan = plan_of(files, options)
    target = plan.grid.root / "claims.csv"
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", *files, *options]
    subprocess.run([*map(str, command), "--", str(target)], check=True, cwd=started_in)
    return plan, target


def main(arguments):
    import yaml

    from qunlearn.results.decisions import read_decisions
    from qunlearn.runtime.files import replacing
    from qunlearn.studies.claims.growth import configuration, grown, in_words, undecided

    split = arguments.index("--") if "--" in arguments else len(arguments)
    files = [Path(file).absolute() for file in arguments[:split]]
    options = arguments[split + 1 :]
    plan = plan_of(files, options)
    claims = plan.study("claims")
    looks, patience = claims.looks, claims.patience
    if not looks:
        sys.exit(
            "claims.looks: is empty, so there is one look at all seeds; name their numbers, as [10, 20, 40]."
        )
    seeds = Path(plan.grid.root).absolute() / "seeds.yaml"
    while True:
        plan, table = decide([*files, seeds] if seeds.exists() else files, options)
        rows = read_decisions(table)
        more = grown(rows, looks, patience)
        print(
            f"{len(rows)} verdicts, {len(undecided(rows))} undecided at up to {len(plan.grid.seeds)} "
            f"seeds; runs that get more: {len(more)}"
        )
        config = configuration(plan, more)
        if config["fewer_seeds"]["runs"] == plan.grid.fewer["runs"]:
            break
        with replacing(seeds) as temporary:
            temporary.write_text(yaml.safe_dump(config), encoding="utf-8")
    print("\n".join(in_words(rows, looks, patience)) or "nothing is undecided")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
