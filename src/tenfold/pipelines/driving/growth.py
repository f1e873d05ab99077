"""What a step asks for grows with each attempt that failed: more memory after it ran out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.resources import Resources


class Growth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Factors by which the second, third, … attempt multiplies; after the last one given, what it gives stays.

    `each` goes on forever: the n-th attempt multiplies by its (n-1)-th power.
    """

    memory: list[float] = []
    cpu: list[float] = []
    each: dict[str, float] = {}


def growth_of(given: float | Sequence[float] | Mapping[str, float], asked: Resources, *, what: str) -> Growth:
    """Checked: one factor, a factor for each attempt from the first on, or one factor each for memory and cpu.

    Raises:
        Invalid: A factor below 1, or nothing declared that could grow.
    """
    numbers = (
        list(given.values()) if isinstance(given, Mapping) else [given] if isinstance(given, (int, float)) else given
    )
    if any(not isinstance(one, (int, float)) or one <= 0 for one in numbers):
        raise Invalid(f"{what}: resources_growth is factors like 2.0, not {given!r}", field="resources_growth")
    if isinstance(given, Mapping):
        if unknown := sorted(given.keys() - {"memory", "cpu"}):
            raise Invalid(f"{what}: {unknown[0]!r} cannot grow. memory and cpu can", field="resources_growth")
        made = Growth(each={name: float(factor) for name, factor in given.items()})
    elif isinstance(given, (int, float)):
        made = Growth() if given == 1 else Growth(each={"memory": float(given), "cpu": float(given)})
    else:
        factors = [float(one) for one in given]
        made = Growth(memory=factors, cpu=factors)
    if made != Growth() and not asked.memory_bytes and not asked.cpu:
        raise Invalid(
            f'{what}: resources_growth needs resources to grow, like resources={{"memory": "4GiB"}}',
            field="resources_growth",
        )
    return made


def grown(asked: Resources, growth: Growth, failures: int) -> Resources:
    """What the attempt after so many failed ones asks for; gpu and nodes stay.

    >>> grown(Resources(memory_bytes=4), Growth(each={"memory": 2.0}), 2).memory_bytes
    16
    """
    if growth == Growth():
        return asked
    return msgspec.structs.replace(
        asked,
        memory_bytes=int(asked.memory_bytes * _factor(growth, "memory", failures)),
        cpu=asked.cpu * _factor(growth, "cpu", failures),
    )


def _factor(growth: Growth, name: str, failures: int) -> float:
    listed = growth.memory if name == "memory" else growth.cpu
    if listed:
        return listed[min(failures, len(listed) - 1)]
    return growth.each.get(name, 1.0) ** failures


def shown(resources: Resources) -> dict[str, float]:
    """What was asked for, as an attempt's record says it: {"memory_bytes": …, "cpu": …}."""
    found = msgspec.to_builtins(resources)
    return {name: value for name, value in found.items() if value and (name != "nodes" or value > 1)}
