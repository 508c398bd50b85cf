"""A SLURM of one node on this machine: munged, slurmctld and slurmd on loopback, all files in one folder."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun")
# The node pretends to have what the profile asks for: cores, memory, GPUs. Memory in use is looked at every second.
GPUS = ("/dev/null", "/dev/zero", "/dev/full")  # any device does
CONFIGURATION = """\
ClusterName=c3
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
ReturnToService=2
KillWait=2
MinJobAge=600
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=32 RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Why there can be no such SLURM here; None if there can."""
    absent = [name for name in PROGRAMS if not _program(name)]
    if absent:
        return f"{', '.join(absent)} not installed (Debian: munge, slurmctld, slurmd, slurm-client)"
    if os.geteuid() != 0:
        return "slurmd needs root"
    return None


class NotRunning(Exception):
    """SLURM does not start on this machine: what its programs said."""


class Slurm:
    """The running node; a context manager. ``environment`` is what its clients need."""

    def __init__(self, folder: Path):
        self.folder, self._daemons = folder, []
        path = os.pathsep.join([str(folder / "bin"), *os.get_exec_path()])
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        for name in ("bin", "state", "spool"):
            (self.folder / name).mkdir()
        # Snakemake takes SLURM_CONF away from the srun within a job.
        srun = self.folder / "bin/srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {_program("srun")} "$@"\n')
        srun.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        (self.folder / "gres.conf").write_text("".join(f"Name=gpu File={device}\n" for device in GPUS))
        configuration = CONFIGURATION.format(host=host, folder=self.folder, ports=_free_ports(2), gpus=len(GPUS))
        (self.folder / "slurm.conf").write_text(configuration)
        munged = ["munged", "--foreground", "--force", f"--key-file={key}"]
        munged += [f"--{name}-file={self.folder}/munge.{name}" for name in ("log", "pid", "seed")]
        try:
            self._start([*munged, f"--socket={self.folder}/munge.socket"])
            self._wait(lambda: (self.folder / "munge.socket").exists())
            self._start(["slurmctld", "-D"])
            self._start(["slurmd", "-D"])
            self._wait(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        # Without control groups a process whose parent was killed first outlives its job.
        for process in psutil.process_iter(["environ"]):
            if (process.info["environ"] or {}).get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                process.kill()

    def ask(self, *command: str) -> str:
        """What a client of SLURM prints."""
        return subprocess.run(command, env=self.environment, text=True, capture_output=True).stdout

    def jobs(self, **wanted: str) -> list[dict]:
        """All jobs so far, in their order, as `scontrol show job` lists them, that have these values."""
        lines = [line for line in self.ask("scontrol", "--oneliner", "show", "job").splitlines() if "JobId=" in line]
        jobs = [dict(item.split("=", 1) for item in line.split() if "=" in item) for line in lines]
        jobs.sort(key=lambda job: int(job["JobId"]))
        return [job for job in jobs if all(job.get(key) == value for key, value in wanted.items())]

    def _start(self, command):
        with open(self.folder / f"{command[0]}.out", "w") as out:
            command = [_program(command[0]), *command[1:]]
            self._daemons.append(subprocess.Popen(command, env=self.environment, stdout=out, stderr=out))

    def _wait(self, ready):
        for _ in range(100):
            if ready():
                return
            if any(daemon.poll() is not None for daemon in self._daemons):
                break
            time.sleep(0.2)
        said = [f"{path.name}: {path.read_text(errors='replace')[-1000:]}" for path in self.folder.glob("*.out")]
        raise NotRunning("\n".join(said))


def _program(name):
    """The path of a program; not every PATH has the daemons."""
    return shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin", "/sbin"]))


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
