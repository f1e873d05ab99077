"""Marks that people set on runs. They are tags in a namespace of their own, so that every store, search, import and
MLflow's client carries them; in a search they are called `starred` and `archived`."""

from __future__ import annotations

from collections.abc import Mapping

STARRED = "tenfold.starred"
ARCHIVED = "tenfold.archived"
MARKS = frozenset({STARRED, ARCHIVED})
"""A mark is set when its tag is there, whatever its value."""


def without_marks(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people gave by name."""
    return {key: value for key, value in tags.items() if key not in MARKS}
