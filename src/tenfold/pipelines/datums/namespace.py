"""`/pfs` for one process and its children: a mount namespace of its own in which a folder stands there. Linux only.

The process gets a root made of the real one's entries (bound, so nothing is copied) and `/pfs` beside them: nothing is
made in the machine's own root folder, and it works for an ordinary user where user namespaces are allowed.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_BIND, _REC, _PRIVATE = 0x1000, 0x4000, 1 << 18


def enter(root: Path, pfs: Path, out: Path, working_dir: str) -> Callable[[], None]:
    """What a child process calls before it becomes the program: then `pfs` is /pfs, and `out` is /pfs/out.

    Args:
        root: An empty folder to build in.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()

    def call(name: str, *args: object) -> None:
        if getattr(libc, name)(*args) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")

    def bind(source: str, target: str) -> None:
        call("mount", source.encode(), target.encode(), None, ctypes.c_ulong(_BIND | _REC), None)

    def before_exec() -> None:
        call("unshare", _NEWNS if uid == 0 else _NEWNS | _NEWUSER)
        if uid != 0:
            for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
                with open(f"/proc/self/{file}", "w") as map_file:
                    map_file.write(text)
        call("mount", b"none", b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None)
        call("mount", b"tmpfs", str(root).encode(), b"tmpfs", ctypes.c_ulong(0), None)
        for here in Path("/").iterdir():
            there = root / here.name
            if here.name == "pfs":
                continue
            if here.is_symlink():
                there.symlink_to(here.readlink())
            elif here.is_dir():
                there.mkdir()
                bind(str(here), str(there))
        (root / "pfs").mkdir()
        bind(str(pfs), f"{root}/pfs")
        bind(str(out), f"{root}/pfs/out")
        os.chroot(root)
        os.chdir(working_dir)

    return before_exec


@cache
def is_possible() -> bool:
    """True when this process may make such namespaces; tried once."""
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory() as folder:
        root, pfs, out = (Path(folder, name) for name in ("root", "pfs", "out"))
        for made in (root, pfs, out, pfs / "out"):
            made.mkdir()
        try:
            done = subprocess.run(["test", "-d", "/pfs/out"], preexec_fn=enter(root, pfs, out, "/pfs"), check=False)
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0
