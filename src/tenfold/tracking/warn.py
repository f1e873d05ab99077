"""Warnings of tracking: each matter is said once a run, on stderr's own channel, and never stops the training."""

from __future__ import annotations

import logging

logger = logging.getLogger("tenfold.tracking")


class WarnOnce:
    """Says each matter once. Needs no lock, which a fork could leave held: setting a key of a dict is one step."""

    def __init__(self) -> None:
        self._said: dict[str, object] = {}

    def __call__(self, about: str, text: str) -> None:
        mine = object()
        if self._said.setdefault(about, mine) is mine:
            logger.warning("%s", text)
