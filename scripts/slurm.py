"""A Slurm of one's own with two emulated nodes, for tests and trials: free ports, a folder of its own. Needs root.

python scripts/slurm.py install             Debian's packages
python scripts/slurm.py start               prints FOLDER; use it with SLURM_CONF=FOLDER/slurm.conf
python scripts/slurm.py stop FOLDER
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
NODES = ("n1", "n2")
_CONF = """\
ClusterName=tiny
SlurmctldHost=localhost
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdSpoolDir={folder}/spool/%n
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmctldTimeout=30
SlurmdTimeout=10
KillWait=5
MinJobAge=60
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
{nodes}
PartitionName=debug Nodes=n1,n2 Default=YES State=UP
"""


def install() -> None:
    """Debian's packages, when they are not there."""
    if not all(shutil.which(name) for name in ("slurmctld", "slurmd", "sbatch", "munged")):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
        subprocess.run(words, check=True, env=environ, stdout=subprocess.DEVNULL)


def start() -> Path:
    """Start munged, slurmctld and two slurmd; gives the folder they live in."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-slurm-"))
    folder.chmod(0o755)
    for name in ("state", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    ports = _free_ports(3)
    host = socket.gethostname().partition(".")[0]
    nodes = "\n".join(
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=4000"
        for node, port in zip(NODES, ports[1:], strict=True)
    )
    (folder / "slurm.conf").write_text(_CONF.format(folder=folder, ports=ports, nodes=nodes))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    socket_file = f"--socket={folder}/munge.socket"
    quiet = [f"--key-file={key}", f"--log-file={folder}/munged.log", f"--pid-file={folder}/munged.pid"]
    _run("munged", "--force", socket_file, *quiet, f"--seed-file={folder}/munge.seed")
    environ = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    _run("slurmctld", "-c", environ=environ)
    for node in NODES:
        _run("slurmd", "-N", node, environ=environ)
    deadline = time.monotonic() + 60
    while True:
        words = ["sinfo", "--noheader", "--Node", "--format=%T"]
        states = subprocess.run(words, env=environ, capture_output=True, text=True, check=False).stdout.split()
        if states == ["idle"] * len(NODES):
            return folder
        if time.monotonic() > deadline:
            stop(folder)
            sys.exit(f"Slurm's nodes did not come up: {states}")
        time.sleep(0.2)


def stop(folder: Path) -> None:
    """End the daemons of a folder and remove it."""
    names = ["slurmctld", *(f"slurmd-{node}" for node in NODES), "munged"]
    pids = [int((folder / f"{name}.pid").read_text()) for name in names if (folder / f"{name}.pid").exists()]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _run(*words: str, environ: dict[str, str] | None = None) -> None:
    """Start a daemon, which goes to the background by itself."""
    done = subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words[0]} failed: {done.stdout}{done.stderr}")


def main() -> None:
    """Read the command line."""
    if sys.argv[1:] == ["install"]:
        install()
    elif sys.argv[1:] == ["start"]:
        print(start())
    elif len(sys.argv) == 3 and sys.argv[1] == "stop":
        stop(Path(sys.argv[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
