"""`when`: branches that are decided by what steps give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.pipelines.authoring.building import Choice, Open, building


def when(condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any] | None = None) -> Any:
    """Take one of two branches, decided at run time; gives what the branch taken gives, None without an `otherwise`.

    >>> when(3 > 2, lambda: "yes", lambda: "no")
    'yes'

    In a pipeline's body both branches are drawn, and the steps of the one not taken are skipped, with all that needs
    them. Branches may hold branches, `.map` and calls of other pipelines. Outside of one it is a plain `if`.

    Args:
        condition: A comparison of what steps give (`score > 0.9`; combine with `&`, `|`, `~`), or something whose truth
            counts. Its sides are numbers, texts, lists or None.
        then: Called without arguments; the steps it calls belong to this branch.
    """
    graph = building()
    if graph is None or not isinstance(condition, Open):
        return then() if condition else otherwise() if otherwise else None
    with graph.only_if(condition, True):
        yes = then()
    with graph.only_if(condition, False):
        no = otherwise() if otherwise else None
    return Choice(condition, yes, no)
