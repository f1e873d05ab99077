"""What `@step(…)` takes besides the function, checked once and kept as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.executor_names import check_executor
from tenfold.pipelines.authoring.resources import Resources, resources_of
from tenfold.pipelines.driving.growth import Growth, growth_of
from tenfold.pipelines.driving.retrying import Backoff, Errors, backoff_of
from tenfold.pipelines.environments import Environment, environment_of

ONLY_OUTPUT = "output"
"""Name of the output of a step that declares none."""


EVERY = 1e18
"""More items than there are."""


class StepOptions(TypedDict, total=False):
    """Keywords of `@step`, besides its name and outputs; see there."""

    retries: int
    retry_delay_s: float
    backoff: float
    max_delay_s: float | None
    jitter: bool
    retry_on: Errors
    retry_unless: Errors
    timeout_s: float | None
    cache: bool | str
    packages: Sequence[str]
    env: Mapping[str, Any] | None
    image: str
    environ: Mapping[str, str] | None
    cwd: str | Path
    secrets: Sequence[str]
    allow_pickle: bool
    allow_failures: bool | int | float
    executor: str
    resources: Mapping[str, float | str] | None
    resources_growth: float | Sequence[float] | Mapping[str, float]
    nodes: int
    pool: str
    pool_slots: int
    priority: int


class Options(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a step is run. Kept with its place, so that a scheduler needs nothing else to know it."""

    retries: int = 0
    retry_delay_s: float = 1.0
    backoff: Backoff = Backoff()
    timeout_s: float | None = None
    cache: bool = True
    cache_version: str = ""
    """Counts for the cache key in place of the code, when it is set."""
    env: Environment | None = None
    """Packages of its own."""
    image: str = ""
    environ: dict[str, str] = {}
    """Variables it is given."""
    cwd: str = ""
    """Working folder; '' is where the pipeline was started."""
    secrets: list[str] = []
    """Names of the secrets it is given, see secrets.py."""
    allow_pickle: bool = False
    allow_failures: float = 0
    """How many items of a mapped place may fail: below 1 a share of them, from 1 on a number."""
    executor: str = ""
    """Where it runs; '': where the run's other steps do."""
    resources: Resources = Resources()
    growth: Growth = Growth()
    """How what it asks for grows with each attempt that failed."""
    pool: str = ""
    priority: int = 0


def options_of(given: StepOptions, *, what: str) -> Options:
    """Checked options.

    Raises:
        Invalid: An option that there is not, or a value that it does not take; `what` begins the message.
    """
    if unknown := sorted(given.keys() - StepOptions.__annotations__.keys()):
        raise Invalid(f"{what} has no option {unknown[0]!r}. See docs/pipelines.md", field=unknown[0])
    retries, delay, timeout = given.get("retries", 0), given.get("retry_delay_s", 1.0), given.get("timeout_s")
    if retries < 0 or delay < 0 or (timeout is not None and timeout <= 0):
        raise Invalid(f"{what}: retries and retry_delay_s are 0 or more, timeout_s more than 0")
    cache, priority = given.get("cache", True), given.get("priority", 0)
    if not isinstance(cache, (bool, str)) or cache == "":
        raise Invalid(f"{what}: cache is True, False or the text of a version, not {cache!r}", field="cache")
    if not isinstance(priority, int):
        raise Invalid(f"{what}: priority is a whole number, not {priority!r}", field="priority")
    executor, pool = given.get("executor", ""), given.get("pool", "")
    asked = resources_of(given.get("resources") or {}, what=what, nodes=given.get("nodes", 1))
    return Options(
        retries=retries,
        retry_delay_s=delay,
        backoff=backoff_of(
            given.get("backoff", 2.0),
            given.get("max_delay_s"),
            given.get("retry_on", ()),
            given.get("retry_unless", ()),
            jitter=given.get("jitter", False),
            what=what,
        ),
        timeout_s=timeout,
        cache=bool(cache),
        cache_version=cache if isinstance(cache, str) else "",
        env=environment_of(given.get("env"), what=what),
        image=given.get("image", ""),
        environ=_texts(given.get("environ") or {}, what=what),
        cwd=str(given.get("cwd", "")),
        secrets=_secrets(given.get("secrets", ()), what=what),
        allow_pickle=given.get("allow_pickle", False),
        allow_failures=_allowed(given.get("allow_failures", False), what=what),
        executor=check_executor(executor) if executor else "",
        resources=asked,
        growth=growth_of(given.get("resources_growth", 1.0), asked, what=what),
        pool=_pool(pool, given.get("pool_slots", 1), what=what),
        priority=priority,
    )


def _pool(pool: str, slots: int, *, what: str) -> str:
    """As a task holds it: the name, and the slots when they are several."""
    if not isinstance(slots, int) or slots < 1 or (slots > 1 and not pool):
        raise Invalid(f"{what}: pool_slots is 1 or more, of the pool it names", field="pool_slots")
    if pool:
        check_name(pool, what=f"{what}: pool")
    return f"{pool}*{slots}" if slots > 1 else pool


def _texts(given: Mapping[str, str], *, what: str) -> dict[str, str]:
    for name, value in given.items():
        if not name or "=" in name or not isinstance(value, str):
            raise Invalid(f"{what}: environ is names with texts, not {name!r}: {value!r}", field="environ")
    return dict(given)


def _secrets(given: Sequence[str], *, what: str) -> list[str]:
    if isinstance(given, str):
        raise Invalid(f"{what}: secrets is a list of names, like [{given!r}]", field="secrets")
    return list(given)


def _allowed(given: bool | int | float, *, what: str) -> float:
    if not isinstance(given, (bool, int, float)) or given < 0:
        raise Invalid(
            f"{what}: allow_failures is True, a number of items, or a share of them below 1, not {given!r}",
            field="allow_failures",
        )
    return EVERY if given is True else float(given)
