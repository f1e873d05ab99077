"""Marks that people set on runs. They are tags in a namespace of their own, so that every store, search, import and
MLflow's client carries them; in a search they are called `starred` and `archived`. One more asks a running run to stop."""

from __future__ import annotations

from collections.abc import Mapping

STARRED = "tenfold.starred"
ARCHIVED = "tenfold.archived"
STOP = "tenfold.stop"
"""Asks the run's process to stop, which takes the mark away when it obeys."""
MARKS = frozenset({STARRED, ARCHIVED, STOP})
"""A mark is set when its tag is there, whatever its value."""


def without_marks(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people gave by name."""
    return {key: value for key, value in tags.items() if key not in MARKS}
