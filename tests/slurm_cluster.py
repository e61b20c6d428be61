"""A SLURM cluster of one node, on this machine alone, for as long as a test needs it.

Needs Debian's packages slurmctld, slurmd, slurm-client and munge, and no rights but one's own; with
accounting slurmdbd and mariadb-server as well. Its node has the machine's cores, and four GPUs that
are files.
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
ACCOUNTING = ("slurmdbd", "sacct", "sacctmgr", "mariadbd", "mariadb-install-db", "mariadb")

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
{accounting}
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

ACCOUNTS = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={accounts_port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageEnforce=associations"""

DATABASE = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={accounts_port}
SlurmUser={user}
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=slurm
StoragePass=slurm
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `environment` is that of its users."""

    environment: dict[str, str]
    folder: Path
    running: dict[str, subprocess.Popen]

    def ask(self, *command: str) -> str:
        """Run one of SLURM's commands; return what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout

    def jobs(self, form: str, *options: str) -> list[str]:
        """Jobs of all states that the controller remembers, in a format of `squeue`."""
        return self.ask("squeue", "-h", "-t", "all", "-o", form, *options).splitlines()

    def restart_controller(self, seconds: float) -> None:
        """End the controller, and start it again some seconds later with what it knew."""
        _end(self.running.pop("slurmctld"))
        time.sleep(seconds)
        self.start("slurmctld", "-D")
        self.wait("scontrol", "ping")

    def start(self, name: str, *arguments: str) -> None:
        """Start one of its daemons, whose output is a file of its name."""
        with open(self.folder / f"{name}.out", "a") as out:
            self.running[name] = subprocess.Popen(
                [_found(name) or name, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def wait(self, *command: str) -> None:
        """Wait until a command succeeds."""
        for _ in range(150):
            if subprocess.run(command, env=self.environment, capture_output=True).returncode == 0:
                return
            time.sleep(0.2)
        raise TimeoutError(" ".join(command))


def absent(*more: str) -> str | None:
    """Which programs of SLURM, and which more, are not installed, or None."""
    missing = [name for name in (*PROGRAMS, *more) if _found(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


@contextmanager
def cluster(folder: Path, accounting: bool = False) -> Iterator[Cluster]:
    """Start a cluster whose files are in a folder of a short name, and end it after the block.

    With accounting its only account is that of the profile, `default`.
    """
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    ports = {
        f"{name}_port": _free_port() for name in ("controller", "node", "accounts", "database")
    }
    configuration = folder / "slurm.conf"
    settings = {"folder": folder, "user": getpass.getuser(), **ports}
    configuration.write_text(
        CONFIGURATION.format(
            **settings,
            cores=os.cpu_count(),
            memory=int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20 * 0.9),
            gpus=GPUS,
            accounting=ACCOUNTS.format(**settings)
            if accounting
            else "AccountingStorageType=accounting_storage/none",
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
    made = Cluster(environment, folder, {})
    try:
        munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        made.start("munged", "--foreground", f"--socket={folder}/munge.socket", *munge)
        made.wait("munge", "-n", "-S", f"{folder}/munge.socket")
        if accounting:
            _start_accounting(made, settings)
        made.start("slurmctld", "-D", "-c")
        made.wait("scontrol", "ping")
        made.start("slurmd", "-D", "-N", "localhost")
        made.wait("sh", "-c", "sinfo -h -o %T | grep -qx idle")
        yield made
    finally:
        with suppress(subprocess.TimeoutExpired):
            cancel = ["scancel", f"--user={getpass.getuser()}"]
            subprocess.run(cancel, env=environment, timeout=30)
            _settle(environment)
        for process in reversed(made.running.values()):
            _end(process)


def _start_accounting(made: Cluster, settings: dict[str, object]) -> None:
    data = made.folder / "database"
    user = f"--user={settings['user']}"
    subprocess.run(
        [
            "mariadb-install-db",
            user,
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ],
        check=True,
        capture_output=True,
    )
    socket_file = f"--socket={made.folder}/database.socket"
    port = f"--port={settings['database_port']}"
    address = "--bind-address=127.0.0.1"
    made.start("mariadbd", "--no-defaults", user, f"--datadir={data}", socket_file, port, address)
    grant = "GRANT ALL ON *.* TO 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm'"
    resolved = "GRANT ALL ON *.* TO 'slurm'@'localhost' IDENTIFIED BY 'slurm'"
    made.wait("mariadb", socket_file, "--user=root", "-e", f"{grant}; {resolved}")
    accounts = made.folder / "slurmdbd.conf"
    accounts.write_text(DATABASE.format(**settings))
    accounts.chmod(0o600)
    made.start("slurmdbd", "-D")
    made.wait("sacctmgr", "-i", "add", "cluster", "test")
    made.ask("sacctmgr", "-i", "add", "account", "default", "cluster=test")
    name = str(settings["user"])
    made.ask("sacctmgr", "-i", "add", "user", name, "account=default", "cluster=test")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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
