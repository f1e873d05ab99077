"""Containers of the standard library besides list, tuple, dict and set, each as plain ones."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

from tenfold.base.errors import Invalid

_FACTORIES: dict[str, Any] = {kind.__name__: kind for kind in (list, dict, set, int, float, str, bool, tuple)}


def _factory_name(value: defaultdict[Any, Any]) -> str | None:
    factory = value.default_factory
    name = getattr(factory, "__name__", "")
    if factory is not None and _FACTORIES.get(name) is not factory:
        raise Invalid(
            f"A defaultdict of {factory!r} cannot be kept: only {', '.join(_FACTORIES)} are. Return dict(it) instead"
        )
    return name or None


def _made_default(given: list[Any]) -> defaultdict[Any, Any]:
    return defaultdict(_FACTORIES.get(given[0]), given[1])


CONTAINERS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    OrderedDict: ("ordered dict", lambda v: [list(pair) for pair in v.items()], OrderedDict),
    defaultdict: ("default dict", lambda v: [_factory_name(v), dict(v)], _made_default),
    Counter: ("counter", dict, Counter),
    deque: ("deque", lambda v: [v.maxlen, list(v)], lambda v: deque(v[1], v[0])),
}
"""By class: its tag, the plain value that stands for it, and back."""

BY_TAG = {tag: read for tag, _, read in CONTAINERS.values()}
