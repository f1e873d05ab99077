"""A PostgreSQL server of one's own, for tests and trials: loopback, a free port, a folder of its own, gone when stopped.

    python scripts/postgres.py start            prints FOLDER and URL
    python scripts/postgres.py stop FOLDER

Uses the programs of the newest installed PostgreSQL; scripts/system_packages.sh installs them. Never as root: the
server refuses that, so root lends it the user `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": os.environ.get("TENFOLD_POSTGRES_BUFFERS", "32MB"),
    "max_connections": "60",
}
"""A trial server need not survive a power cut, and most hold little; bench/ asks for the buffers that a real one has."""


def start() -> tuple[Path, str]:
    """A new server; gives its folder and the URL of its empty database."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-pg-"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    _run(
        "initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "tenfold", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = _SETTINGS | {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    _run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-t", "60", "-o", options, "start")
    return folder, f"postgresql://tenfold@127.0.0.1:{port}/postgres"


def stop(folder: Path) -> None:
    """Stop a server and remove its folder."""
    _run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).parent)
    if not found:
        sys.exit("No PostgreSQL here. Install it with: scripts/system_packages.sh")
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0)


def _user() -> pwd.struct_passwd | None:
    """Who runs the server: oneself, unless one is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _run(program: str, *args: str) -> None:
    user = _user()
    lent = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(
        [str(_programs() / program), *args],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        text=True,
        **lent,
    )
    if done.returncode:
        sys.exit(f"{program} failed: {done.stdout or ''}{done.stderr or ''}")


def main() -> None:
    """Read the command line."""
    if sys.argv[1:] == ["start"]:
        folder, url = start()
        print(folder, url)
    elif len(sys.argv) == 3 and sys.argv[1] == "stop":
        stop(Path(sys.argv[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
