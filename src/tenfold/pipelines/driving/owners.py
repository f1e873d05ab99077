"""Who drives a run: a name for one scheduler, and whether its process is still there."""

from __future__ import annotations

import functools
import os
import secrets
import socket
from pathlib import Path

import psutil

PARTS = 7


def new_owner() -> str:
    """A name for one scheduler that says where it lives: host, machine, boot, space of process ids, pid, when that began,
    and a random end."""
    return "/".join([*_here(), str(os.getpid()), _began(os.getpid()), secrets.token_hex(4)])


def is_dead(owner: str) -> bool:
    """True when the owner lived on this machine and its process is gone; False when that cannot be known.

    A pid counts only within the boot and the space of process ids (a container has its own) that it was given in: after
    a reboot all of that machine are dead, whoever has their pids now. What cannot be known ends with its lease.
    """
    parts = owner.split("/")
    if len(parts) != PARTS:
        return False
    host, machine, boot, space, pid, began, _ = parts
    here = _here()
    if (host, machine) != here[:2]:
        return False
    if boot != here[2]:
        return bool(machine)  # without a machine's own id it may be another of the same name
    return space == here[3] and _began(int(pid)) != began


@functools.cache
def _here() -> tuple[str, str, str, str]:
    """(host, machine, boot, space of process ids) of this process; '' for what the system does not tell."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        space = ""
    boot = _read("/proc/sys/kernel/random/boot_id") or f"{psutil.boot_time():.0f}"
    return socket.gethostname(), _read("/etc/machine-id"), boot, space


def _read(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, by a clock that nobody sets: ticks since the boot. '' when there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self/stat").exists():
        return ""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
