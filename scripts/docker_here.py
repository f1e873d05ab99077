"""A Docker daemon of one's own, for tests and trials: a socket and a folder of its own, no bridge, no registry. Needs root.

    python scripts/docker_here.py install            Debian's package
    python scripts/docker_here.py start              prints FOLDER; use it with DOCKER_HOST=unix://FOLDER/docker.sock
    python scripts/docker_here.py stop FOLDER

Its image `tenfold-here` is made by `docker import` of a few folders and holds nothing: this machine's system and Python
are mounted into it, read-only.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

IMAGE = "tenfold-here"
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")


def install() -> None:
    """Debian's package, when it is not there."""
    if shutil.which("dockerd") is None:
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "docker.io"]
        subprocess.run(words, check=True, env=environ, stdout=subprocess.DEVNULL)


def start() -> Path:
    """Start a daemon and import the image; gives the folder it lives in."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-docker-"))
    words = [f"--host=unix://{folder}/docker.sock", f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
    words += [f"--pidfile={folder}/dockerd.pid", "--storage-driver=vfs", "--bridge=none", "--iptables=false"]
    log = folder / "dockerd.log"
    in_background = 'log=$1; shift; setsid dockerd "$@" >"$log" 2>&1 </dev/null & '
    subprocess.run(["sh", "-c", in_background, "sh", str(log), *words], check=True)
    environ = {**os.environ, "DOCKER_HOST": f"unix://{folder}/docker.sock"}
    deadline = time.monotonic() + 60
    while subprocess.run(["docker", "info"], env=environ, capture_output=True, check=False).returncode:
        if "failed to start daemon" in log.read_text() or time.monotonic() > deadline:
            said = log.read_text()[-2000:]
            stop(folder)
            sys.exit(f"dockerd did not come up:\n{said}")
        time.sleep(0.2)
    subprocess.run(["docker", "import", "-", IMAGE], input=_root(), env=environ, check=True, stdout=subprocess.DEVNULL)
    return folder


def mounts() -> list[str]:
    """What containers of the image need of this machine: its system, and the environment that runs this."""
    own = {str(Path(sys.prefix)), str(Path(sys.base_prefix)), str(Path(sys.executable).resolve().parent.parent)}
    here = [str(Path(__file__).resolve().parents[1])]
    found = [one for one in (*_SYSTEM, *sorted(own), *here) if Path(one).exists()]
    inside = [one for one in found if not any(one != other and one.startswith(f"{other}/") for other in found)]
    return [f"{one}:{one}:ro" for one in inside]


def stop(folder: Path) -> None:
    """End the daemon of a folder with its containers, and remove it."""
    pid_file = folder / "dockerd.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def _root() -> bytes:
    """A file system of empty folders, as a tar file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in ("tmp", "etc", "proc", "dev", "sys"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        entry = tarfile.TarInfo("etc/passwd")
        data = b"root:x:0:0:root:/tmp:/bin/sh\n"
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


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
