"""Where a run runs: Python, operating system, hardware, installed packages. Read once a process."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from typing import Any


def environment(*, packages: bool, hardware: bool = True) -> dict[str, Any]:
    """The environment of this process as a tree of JSON values."""
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "os": platform.platform(),
        "folder": os.getcwd(),  # noqa: PTH109 - a text, and Path.cwd() fails where the folder is gone as well
    }
    if hardware:
        found |= _hardware()
    if packages:
        found["packages"] = dict(_packages())
    return found


@cache
def _packages() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for each in distributions():
        name = each.metadata["Name"]
        if name:
            found.setdefault(name, each.version)
    return tuple(sorted(found.items(), key=lambda item: item[0].lower()))


@cache
def _hardware() -> dict[str, Any]:
    import psutil

    found: dict[str, Any] = {
        "cpus": psutil.cpu_count(logical=True),
        "memory_bytes": psutil.virtual_memory().total,
        "machine": platform.machine(),
    }
    model = _cpu_model()
    if model:
        found["cpu"] = model
    names = gpu_names()
    if names:
        found["gpus"] = names
    return found


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.lower().startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def gpu_names() -> list[str]:
    """Names of NVIDIA GPUs; none where the library or the driver is not there."""
    try:
        import pynvml

        pynvml.nvmlInit()
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index))
            found.append(name.decode() if isinstance(name, bytes) else str(name))
        return found
    except Exception:  # no library, no driver, no device: each says so in its own way
        return []
