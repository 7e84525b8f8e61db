"""Jobs on this machine start as forks of one process that has imported what nearly all of them import.

A small job works for a second, and would spend as long on importing JAX, Numba and pandas. Python's own fork server
(`multiprocessing`) imports them once, beside the first jobs. These start as Snakemake starts every script, with a new
Python; so do, all the time, jobs of several threads, whose libraries read that number while they are imported, jobs in
an environment of their own, those whose rule asks for a Python of their own (`resources: own_python=1`), because they
measure it, those that a cluster runs, and all jobs where there is no fork server or none that works.
"""

import atexit
import multiprocessing
import os
import runpy
import sys
import tempfile
import threading
from contextlib import nullcontext, suppress
from multiprocessing.connection import wait
from subprocess import CalledProcessError

import snakemake.script
from snakemake.benchmark import benchmarked

#: Imported by the server. The second because every process that Python forks for the command `snakemake` imports it.
COMMON = ["qunlearn.runtime.common", "snakemake.cli"]
#: Jobs of a run from which on the server saves more than it takes.
SEVERAL = 10
TEMPORARY = ("TMPDIR", "TMP", "TEMPDIR", "TEMP")

server = multiprocessing.get_context("forkserver") if sys.platform == "linux" else None
ready = threading.Event()
#: Whoever starts a child or reads how it ended: Python looks after all children that have ended at every start.
children = threading.Lock()


def start_server(jobs: int) -> None:
    """Let jobs of a run, which has so many, be forks as soon as there is a server; it starts now."""
    if server and jobs >= SEVERAL:
        snakemake.script.PythonScript = ForkedScript
        server.set_forkserver_preload(COMMON)
        threading.Thread(target=await_server, daemon=True).start()


def await_server() -> None:
    """Ready is a server that has forked once. One that cannot start is no reason to stop: jobs then do without."""
    with suppress(Exception):
        if run_in_fork(os.getpid) == 0:
            ready.set()


def run_in_fork(function, *arguments, record=None) -> int:
    """Exit code of a function in a process of its own, which Snakemake's benchmark `record`, if any, is about."""
    child = server.Process(target=function, args=arguments)
    with children:
        child.start()
    with benchmarked(child.pid, record) if record else nullcontext():
        wait([child.sentinel])
    with children:
        child.join()
    return child.exitcode


class ForkedScript(snakemake.script.PythonScript):
    """A Python script that runs in a fork of the server where it can."""

    def execute_script(self, fname, edit=False):
        environment = self.conda_env or self.container_img or self.env_modules
        own_python = environment or self.resources.get("own_python")
        if not ready.is_set() or own_python or self.threads != 1:
            super().execute_script(fname, edit)
        elif code := run_in_fork(
            run_script, fname, os.getcwd(), self.environment(), record=self.bench_record
        ):
            raise CalledProcessError(code, [sys.executable, fname])

    def environment(self) -> dict[str, str]:
        """The variables that Snakemake would start the script with; those of threads are the server's."""
        scratch = self.resources.get("tmpdir")
        return os.environ | (dict.fromkeys(TEMPORARY, scratch) if scratch else {})


def run_script(file: str, folder: str, environment: dict[str, str]) -> None:
    """In a fork: run a script as a new Python would."""
    os.chdir(folder)
    os.environ.update(environment)
    tempfile.tempdir = None  # looked for anew
    sys.argv = [file]
    try:
        runpy.run_path(file, run_name="__main__")
    finally:
        atexit._run_exitfuncs()
