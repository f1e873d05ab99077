"""What a step asks of the machine it runs on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tenfold.base.errors import Invalid

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", re.IGNORECASE)


class Resources(msgspec.Struct, frozen=True, omit_defaults=True):
    """0 means: whatever the engine gives by itself. `cpu` may be a fraction of a core."""

    cpu: float = 0
    memory_bytes: int = 0
    gpu: int = 0
    nodes: int = 1
    """Machines that run it together, one process each; cpu, memory and gpu are those of one of them."""


def resources_of(given: Mapping[str, float | str], *, what: str, nodes: int = 1) -> Resources:
    """Checked resources: keys cpu, memory and gpu; memory is bytes or text like "4GiB". Each is that of one node.

    >>> resources_of({"cpu": 2, "memory": "4GiB", "gpu": 1}, what="step train")
    Resources(cpu=2.0, memory_bytes=4294967296, gpu=1)
    """
    if unknown := sorted(given.keys() - {"cpu", "memory", "gpu"}):
        raise Invalid(f"{what} asks for {unknown[0]!r}. Resources are cpu, memory and gpu", field="resources")
    cpu, gpu = given.get("cpu", 0), given.get("gpu", 0)
    if not isinstance(cpu, (int, float)) or cpu < 0:
        raise Invalid(f"{what}: cpu is a number of cores, not {cpu!r}", field="resources")
    if not isinstance(gpu, int) or gpu < 0:
        raise Invalid(f"{what}: gpu is a whole number, not {gpu!r}", field="resources")
    if not isinstance(nodes, int) or isinstance(nodes, bool) or nodes < 1:
        raise Invalid(f"{what}: nodes is a whole number from 1 on, not {nodes!r}", field="nodes")
    return Resources(float(cpu), size_bytes(given.get("memory", 0), what=what), gpu, nodes)


def size_bytes(given: float | str, *, what: str) -> int:
    """Bytes of a number or of text like "512MB" (powers of ten) and "4GiB" (powers of two)."""
    found = _SIZE.fullmatch(str(given).strip())
    if found is None:
        raise Invalid(f"{what}: memory is {given!r}. Write it like '4GiB'", field="resources")
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()])
