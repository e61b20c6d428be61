"""A SLURM cluster of one node, on this machine alone, for as long as a test needs it.

Needs Debian's packages slurmctld, slurmd, slurm-client and munge, and no rights but one's own. It
has no accounting; its node has the machine's cores, and four GPUs that are files.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "srun")

GPUS = 4

CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
GresTypes=gpu
ReturnToService=2
MinJobAge=300
KillWait=3
DefMemPerCPU=500
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `environment` is that of its users."""

    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        """Run one of SLURM's commands; return what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout

    def jobs(self, form: str, *options: str) -> list[str]:
        """Jobs of all states that the controller remembers, in a format of `squeue`."""
        return self.ask("squeue", "-h", "-t", "all", "-o", form, *options).splitlines()


def absent() -> str | None:
    """Which programs of SLURM are not installed, or None."""
    missing = [name for name in PROGRAMS if _found(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster whose files are in a folder of a short name, and end it after the block."""
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    configuration = folder / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            user=getpass.getuser(),
            cores=os.cpu_count(),
            memory=int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20 * 0.9),
            gpus=GPUS,
            controller_port=_free_port(),
            node_port=_free_port(),
        )
    )
    devices = [folder / f"gpu{number}" for number in range(GPUS)]
    for device in devices:
        device.touch()
    (folder / "gres.conf").write_text(
        "".join(f"NodeName=localhost Name=gpu File={device}\n" for device in devices)
    )
    # Within a job the plugin does not pass the configuration on to srun.
    wrapper = folder / "bin/srun"
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {_found("srun")} "$@"\n')
    wrapper.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], "/usr/sbin"])
    environment = {**os.environ, "SLURM_CONF": str(configuration), "PATH": path}
    running: list[subprocess.Popen] = []
    try:
        munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        _start(
            running,
            ["munged", "--foreground", f"--socket={folder}/munge.socket", *munge],
            environment,
            folder,
        )
        _wait(["munge", "-n", "-S", f"{folder}/munge.socket"], environment)
        _start(running, ["slurmctld", "-D", "-c"], environment, folder)
        _wait(["scontrol", "ping"], environment)
        _start(running, ["slurmd", "-D", "-N", "localhost"], environment, folder)
        _wait(["sh", "-c", "sinfo -h -o %T | grep -qx idle"], environment)
        yield Cluster(environment)
    finally:
        with suppress(subprocess.TimeoutExpired):
            cancel = ["scancel", f"--user={getpass.getuser()}"]
            subprocess.run(cancel, env=environment, timeout=30)
            _settle(environment)
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(
    running: list[subprocess.Popen], command: list[str], environment: dict[str, str], folder: Path
) -> None:
    with open(folder / f"{command[0]}.out", "w") as out:
        running.append(
            subprocess.Popen(
                [_found(command[0]) or command[0], *command[1:]],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        )


def _wait(command: list[str], environment: dict[str, str]) -> None:
    for _ in range(100):
        if subprocess.run(command, env=environment, capture_output=True).returncode == 0:
            return
        time.sleep(0.2)
    raise TimeoutError(" ".join(command))


def _settle(environment: dict[str, str]) -> None:
    """Wait until no job runs: those that do outlive the node's daemon."""
    for _ in range(50):
        listed = subprocess.run(
            ["squeue", "-h"], env=environment, capture_output=True, text=True, timeout=30
        )
        if not listed.stdout.strip():
            return
        time.sleep(0.2)


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
