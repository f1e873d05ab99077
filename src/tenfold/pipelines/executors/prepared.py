"""A fork server that was started before its pipeline was known: it has imported what every one needs, and waits.

Python and the stores take half a second of CPU to import. A process that waits for a run to drive has that done already
when the run is due. What the server is told when it is taken: where this process finds modules, its arguments, its
folder and where its output goes; everything else is as when they were started together.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from tenfold.pipelines.executors.prepared import wait; wait(int(sys.argv[1]), json.loads(sys.argv[3]))"
)
_LENGTH = struct.Struct("!I")


@dataclass
class _Prepared:
    server: subprocess.Popen[bytes]
    control: socket.socket
    environ: dict[str, str]


_prepared: list[_Prepared] = []


def prepare(environ: Mapping[str, str], modules: Sequence[str]) -> None:
    """Start one, with these variables; the next `take` that wants the same ones gets it."""
    ours, theirs = socket.socketpair()
    with theirs:
        words = [str(theirs.fileno()), json.dumps(sys.path), json.dumps(list(modules))]
        server = subprocess.Popen(
            [sys.executable, "-c", _BOOT, *words], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            start_new_session=True, env=dict(environ),
        )  # fmt: skip
    _prepared.append(_Prepared(server, ours, dict(environ)))


def take(environ: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket] | None:
    """A server that waits with these variables, and the socket to it; None when there is none, or it died."""
    while _prepared:
        found = _prepared.pop()
        told = json.dumps([sys.path, sys.argv, str(Path.cwd())]).encode()
        try:
            if found.environ == dict(environ) and found.server.poll() is None:
                socket.send_fds(found.control, [_LENGTH.pack(len(told))], [1, 2])
                found.control.sendall(told)
                return found.server, found.control
        except OSError:  # it died just now
            pass
        found.control.close()  # which ends it
        found.server.wait()
    return None


def wait(fd: int, modules: Sequence[str]) -> None:
    """Be the server at the other end of a socket: import, wait to be told, serve."""
    from tenfold.pipelines.executors import forkserver

    for module in modules:
        importlib.import_module(module)
    control = socket.socket(fileno=fd)
    head, handed, _, _ = socket.recv_fds(control, _LENGTH.size, 2, socket.MSG_WAITALL)
    if len(head) < _LENGTH.size:
        return
    told = control.recv(_LENGTH.unpack(head)[0], socket.MSG_WAITALL)
    for target, given in zip((1, 2), handed, strict=True):
        os.dup2(given, target)
        os.close(given)
    sys.path[:], sys.argv[:], folder = json.loads(told)
    os.chdir(folder)
    forkserver.main(control.detach())


def _after_fork() -> None:
    _prepared.clear()  # they are the parent's


os.register_at_fork(after_in_child=_after_fork)
