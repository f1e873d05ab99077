"""Where a run runs: Python, operating system, hardware, installed packages. Read once a process."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tenfold.tracking.capture.packages import PACKAGES, SOURCES, installed
from tenfold.tracking.secrets import MASK, is_secret_name, masked, masked_arguments


def environment(*, packages: bool, hardware: bool = True, variables: Collection[str] = ()) -> dict[str, Any]:
    """The environment of this process as a tree of JSON values.

    Args:
        variables: Names of environment variables to note, or patterns such as `CUDA_*`; no other is looked at.
    """
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "command": masked_arguments(sys.orig_argv),
        "os": platform.platform(),
        "folder": os.getcwd(),  # noqa: PTH109 - a text, and Path.cwd() fails where the folder is gone as well
    }
    if hardware:
        found |= _hardware()
    if packages:
        versions, sources = installed()
        found |= {PACKAGES: versions} | ({SOURCES: sources} if sources else {})
    if variables:
        found["variables"] = allowed_variables(variables, os.environ)
    return found


def allowed_variables(patterns: Collection[str], variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that a pattern names, by name; what is called or looks like a secret is masked.

    >>> allowed_variables(["OMP_*", "X_TOKEN"], {"OMP_NUM_THREADS": "4", "X_TOKEN": "abc", "HOME": "/root"})
    {'OMP_NUM_THREADS': '4', 'X_TOKEN': '••••••'}
    """
    names = sorted(name for name in variables if any(fnmatchcase(name, pattern) for pattern in patterns))
    return {name: MASK if is_secret_name(name) else masked(variables[name]) for name in names}


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
