"""Make a folder ready again after the main process of a run was killed: `python workflow/scripts/recover.py`, with the
options that Snakemake was given (`--directory`, `-s`, `--configfile`, `--profile`, ...).

Cancels the jobs that the run left in SLURM's queue, stops those it left on this machine, and unlocks the folder.
Results that were finished stay. Refuses while a main process still runs on this machine; one on another login node it
cannot see.
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: Snakemake needs another `tabulate`

from qunlearn.config import called
from qunlearn.runtime.errors import UserError

PATIENCE = 120  # seconds for SLURM to end what was cancelled


def processes(here: Path) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Main processes of Snakemake in this folder, and jobs that they started."""
    mains, jobs = [], []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if Path(process.cwd()) != here or process.status() == psutil.STATUS_ZOMBIE:
                continue
        except (psutil.Error, OSError):
            continue
        if any("/.snakemake/scripts/" in part for part in command) or "--target-jobs" in command:
            jobs.append(process)
        elif any(Path(part).name == "snakemake" for part in command[:3]):
            mains.append(process)
    return mains, jobs


def queued(runs: list[str]) -> list[str]:
    """Job numbers in SLURM's queue that belong to these runs: each names its jobs by its run ID."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--format=%i", f"--name={','.join(runs)}"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if listed.returncode:
        sys.exit(
            f"SLURM does not answer: {listed.stderr.strip()}. Nothing was changed; try again later."
        )
    return listed.stdout.split()


started_in = Path.cwd()
try:
    given = called.options(sys.argv[1:])
    called.enter(given)
except UserError as error:
    sys.exit(str(error))
here = Path.cwd()
if not (here / ".snakemake").is_dir():
    sys.exit(
        f"{here} holds no .snakemake: change to the folder that Snakemake was started in, "
        "or give the --directory that it was given."
    )
mains, _ = processes(here)
if mains:
    sys.exit(
        f"Snakemake still runs here (process {mains[0].pid}): wait for it, or stop it with Ctrl-C. Nothing was changed."
    )

logs = (
    path.read_text(encoding="utf-8", errors="replace")
    for path in sorted((here / ".snakemake/log").glob("*.log"))
)
runs = sorted({name for text in logs for name in re.findall(r"SLURM run ID: (\S+)", text)})
if runs and shutil.which("squeue"):
    jobs = queued(runs)
    if jobs:
        print(f"cancelling {len(jobs)} jobs in SLURM's queue")
        subprocess.run(["scancel", *jobs], check=True)
    began = time.monotonic()
    while jobs := queued(runs):
        if time.monotonic() - began > PATIENCE:
            sys.exit(f"SLURM has not ended job {jobs[0]} yet: run this command again in a while.")
        time.sleep(1)

_, left = processes(here)
for process in left:
    print(f"stopping process {process.pid}")
    process.kill()
psutil.wait_procs(left, timeout=10)
unlock = [sys.executable, "-m", "snakemake", "--quiet", "all", "--unlock", *sys.argv[1:]]
if subprocess.run(unlock, cwd=started_in).returncode:
    sys.exit(
        "The folder is still locked: mend what Snakemake says above, then run this command again."
    )
print("unlocked; run the same command again")
