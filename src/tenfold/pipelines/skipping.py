"""`Skipped`: how a step says, while it runs, that it shall count as skipped."""

from __future__ import annotations


class Skipped(Exception):
    """Raised by a step: it is skipped, not failed, and not tried again.

    Args:
        because: For people.
        by_choice: Nothing is wrong; False: what it needed had failed, so the run has failed too.
    """

    def __init__(self, because: str = "the step said so", *, by_choice: bool = True) -> None:
        super().__init__(because)
        self.by_choice = by_choice
