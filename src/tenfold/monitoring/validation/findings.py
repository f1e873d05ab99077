"""What a check of a column yields: a type of anomaly, its texts, and what would make the schema allow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """An anomaly before its severity and its examples are known. `clears` stops the checks of the column's values."""

    type: str
    short: str
    long: str
    fields: dict[str, Any] | None = None
    """New values of the feature's fields that would allow it."""
    rows: str = ""
    """Which rows are its examples: 'missing', 'strangers', 'below', 'above', 'nan', 'inf', 'few', 'many', 'twice' …"""
    given: Any = field(default=None, compare=False)
    """What those rows are found by: a limit, or the strange values."""


Found = Iterator[Finding]


def percent(share: float) -> str:
    """'~12%', and '<1%' for less than one."""
    return "<1%" if share < 0.01 else f"~{int(share * 100)}%"
