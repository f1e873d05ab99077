"""Whether a step that failed is tried again, and how long to wait first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.hashing import digest

Errors = type[BaseException] | str | Collection["type[BaseException] | str"]
"""An error class, its dotted name, or several."""


class Backoff(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the waits grow, and which errors are worth another try (dotted names of classes; empty: all of them)."""

    factor: float = 2.0
    max_delay_s: float | None = None
    jitter: bool = False
    on: list[str] = []
    unless: list[str] = []


def backoff_of(
    factor: float, max_delay_s: float | None, on: Errors, unless: Errors, *, jitter: bool, what: str
) -> Backoff:
    """Checked. Raises Invalid naming what is wrong."""
    if factor < 1:
        raise Invalid(f"{what}: backoff is 1 or more, not {factor!r}. With 1 every wait is the same", field="backoff")
    if max_delay_s is not None and max_delay_s < 0:
        raise Invalid(f"{what}: max_delay_s is 0 or more, not {max_delay_s!r}", field="max_delay_s")
    return Backoff(
        float(factor),
        max_delay_s,
        bool(jitter),
        _names(on, what=what, field="retry_on"),
        _names(unless, what=what, field="retry_unless"),
    )


def _names(errors: Errors, *, what: str, field: str) -> list[str]:
    given: list[Any] = list(errors) if isinstance(errors, (list, tuple, set, frozenset)) else [errors]
    for one in given:
        if not isinstance(one, str) and not (isinstance(one, type) and issubclass(one, BaseException)):
            raise Invalid(
                f"{what}: {field} takes error classes or their names, like ConnectionError, not {one!r}", field=field
            )
    return [one if isinstance(one, str) else error_name(one) for one in given]


def error_name(kind: type) -> str:
    """A class as retry_on names it: ConnectionError, requests.exceptions.Timeout."""
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def error_names(error: BaseException) -> list[str]:
    """The error's class and those it derives from, nearest first."""
    return [error_name(kind) for kind in type(error).__mro__ if kind not in (object, BaseException)]


def is_worth_it(backoff: Backoff, kinds: Sequence[str]) -> bool:
    """Whether an error of these classes is tried again. `unless` is stronger than `on`.

    A name matches with or without its module: "Timeout" is "requests.exceptions.Timeout". An empty `kinds` is an
    attempt that ended without an error of its own, its process died: that is tried again.
    """
    if not kinds:
        return True
    if any(_matches(name, kind) for name in backoff.unless for kind in kinds):
        return False
    return not backoff.on or any(_matches(name, kind) for name in backoff.on for kind in kinds)


def _matches(name: str, kind: str) -> bool:
    return name == kind or ("." not in name and kind.rpartition(".")[2] == name)


def delay_s(backoff: Backoff, first_s: float, failures: int, *, seed: str) -> float:
    """Seconds to wait after failure number `failures` (0: the first).

    Grows by the factor up to the cap. With jitter it is a part of that, between half and all, which follows from `seed`:
    the same attempt waits equally long whoever asks, and attempts that failed together do not come back together.

    >>> [delay_s(Backoff(2.0, 5.0), 1.0, n, seed="") for n in range(4)]
    [1.0, 2.0, 4.0, 5.0]
    """
    cap = float("inf") if backoff.max_delay_s is None else backoff.max_delay_s
    try:
        grown = first_s * backoff.factor**failures
    except OverflowError:
        grown = cap
    whole = min(grown, cap, YEAR_S)
    if not backoff.jitter:
        return whole
    part = int(digest(f"{seed}\0{failures}".encode())[:12], 16) / 16**12
    return whole * (0.5 + part / 2)


YEAR_S = 365 * 86_400.0
"""No wait is longer."""
