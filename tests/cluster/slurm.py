"""A real SLURM on this machine: a CPU node, and GPU nodes whose GPUs are counted but are not there."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

CONFIGURATION = """
ClusterName=qunlearn_test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=cred_expire=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill
JobAcctGatherFrequency=task=1
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=120
KillWait=2
MinJobAge=900
NodeName=DEFAULT CPUs=8 RealMemory=64000
NodeName=c1 Port=17001 NodeHostname={host} NodeAddr=127.0.0.1
NodeName=g1 Port=17002 NodeHostname={host} NodeAddr=127.0.0.1 Gres=gpu:4
NodeName=f[1-2] Port=[17003-17004] NodeHostname={host} NodeAddr=127.0.0.1 Gres=gpu:4
PartitionName=DEFAULT MaxTime=1440 DefMemPerCPU=100
PartitionName=cpu Nodes=c1 Default=YES
PartitionName=gpu Nodes=g1
PartitionName=faulty Nodes=f[1-2]
"""
NODES = ("c1", "g1", "f1", "f2")
LINKED = Path(
    "/etc/slurm"
)  # the executor plugin strips SLURM_CONF from its jobs, so the files lie where SLURM looks


def wait_for(condition, seconds, what):
    """The first truthy value of `condition()`; fails with `what` when none came in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    pytest.fail(f"waited {seconds} s in vain for {what}")


def idle():
    """Number of nodes that wait for work; 0 while SLURM does not answer yet."""
    return len(
        subprocess.run(
            ["sinfo", "-hN", "-t", "idle"], capture_output=True, text=True
        ).stdout.splitlines()
    )


def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def start(folder, daemons):
    """Daemons by name; they are children of this process, so that their process ids are known."""
    host = socket.gethostname().split(".")[0]
    (folder / "state").mkdir()
    (folder / "slurm.conf").write_text(CONFIGURATION.format(host=host, folder=folder))
    for gpu in range(4):
        os.mknod(folder / f"gpu{gpu}", 0o020666, os.makedev(1, 3))
    (folder / "gres.conf").write_text(f"NodeName=g1,f[1-2] Name=gpu File={folder}/gpu[0-3]\n")
    LINKED.mkdir(exist_ok=True)
    for name in ("slurm.conf", "gres.conf"):
        (LINKED / name).unlink(missing_ok=True)
        (LINKED / name).symlink_to(folder / name)

    def daemon(name, *command):
        with open(folder / f"{name}.out", "w") as out:
            daemons[name] = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True
            )

    def answers():
        return subprocess.run(["munge", "-n"], capture_output=True).returncode == 0

    if not answers():  # a service where the machine starts services
        Path("/run/munge").mkdir(exist_ok=True)
        shutil.chown("/run/munge", "munge", "munge")
        daemon(
            "munged",
            *["setpriv", "--reuid", "munge", "--regid", "munge", "--clear-groups", "munged", "-F"],
        )
        wait_for(answers, 60, "munge")
    daemon("slurmctld", "slurmctld", "-D")
    for node in NODES:
        daemon(f"slurmd-{node}", "slurmd", "-D", "-N", node)


def stop(daemons):
    """By process id, the newest first; no other process of this machine is touched."""
    subprocess.run(["scancel", "--user=root"], capture_output=True)
    for process in psutil.process_iter():
        with suppress(
            psutil.Error
        ):  # what a killed job left: without cgroups SLURM loses sight of it
            if process.environ().get("SLURM_CLUSTER_NAME") == "qunlearn_test":
                process.kill()
    for process in reversed(daemons.values()):
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder):
    """Starts SLURM with its state and logs in `folder`, and stops it."""
    lacking = [
        name for name in ("munged", "slurmctld", "slurmd", "squeue") if not shutil.which(name)
    ]
    if lacking or os.geteuid() != 0:
        pytest.skip("needs root and SLURM: use `make test-cluster`, which installs it on Debian")
    present = LINKED / "slurm.conf"
    if present.exists() and "ClusterName=qunlearn_test" not in present.read_text():
        pytest.skip(
            f"{LINKED} holds a cluster's configuration: this machine's SLURM is not touched"
        )
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        pytest.skip(
            f"the name of this machine, {socket.gethostname()}, does not resolve: add it to /etc/hosts"
        )
    folder.chmod(0o755)
    daemons = {}
    try:
        start(folder, daemons)
        wait_for(lambda: idle() == len(NODES), 120, "idle nodes")
        yield
    finally:
        stop(daemons)
        for name in ("slurm.conf", "gres.conf"):
            (LINKED / name).unlink(missing_ok=True)
