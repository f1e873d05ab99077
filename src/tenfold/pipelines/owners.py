"""Who drives a run: a name for one scheduler, and whether its process is still there."""

from __future__ import annotations

import os
import secrets
import socket

import psutil


def new_owner() -> str:
    """A name for one scheduler that says where it lives: host, pid, that process's start, and a random end."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()}/{os.getpid()}/{started:.2f}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """True when the owner lived on this machine and its process is gone; False when that cannot be known."""
    host, _, rest = owner.partition("/")
    if host != socket.gethostname() or rest.count("/") != 2:
        return False
    pid, started, _ = rest.split("/")
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
