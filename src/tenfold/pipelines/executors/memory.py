"""Memory as the kernel holds a step to it: was something killed for want of it, and a limit for one process."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from tenfold.pipelines.authoring.resources import Resources

_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Of the container's own group: version 2, version 1. They say "oom_kill 3"."""


def oom_kills() -> int:
    """How many processes the kernel has killed in this process's memory group; 0 where that cannot be read."""
    for place in _COUNTERS:
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)$", Path(place).read_text(), re.MULTILINE)
            if found is not None:
                return int(found[1])
    return 0


def asked_for(resources: Resources) -> str:
    """'It asked for 512 MiB' for the end of a message; '' when it asked for none."""
    return f" It asked for {resources.memory_bytes / 2**20:,.0f} MiB" if resources.memory_bytes else ""


@contextlib.contextmanager
def held_to(resources: Resources) -> Iterator[None]:
    """Hold this process, and each it starts, to the memory that the step asks for: more is a MemoryError inside it.

    What counts is memory of its own that can be written (RLIMIT_DATA): neither mapped files nor address space that is
    only reserved. A step with a GPU is not held: its libraries map more than they use.
    """
    if not resources.memory_bytes or resources.gpu:
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = resources.memory_bytes if hard == resource.RLIM_INFINITY else min(resources.memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))
