"""A page of a longer list."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`total` counts all matches, or, with `at_least`, so many that a store stopped counting there; `next` is the offset to
    go on with, or None at the end.
    """

    items: list[T]
    total: int
    next: int | None = None
    at_least: bool = False
