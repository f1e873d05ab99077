"""A process that does a run again: its run of the same place in the order of starting gets the id and tag it was told.

Who starts the process says so in TENFOLD_REPRODUCES; see workspace/reproducing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

VARIABLE = "TENFOLD_REPRODUCES"
REPRODUCES = "reproduces"
"""Tag of a run that does another again: the id of that one."""
ORDER = "order"
"""Key of a run's environment: 0 for the first run that its process started."""


@dataclass(frozen=True, slots=True)
class Again:
    """The run `of` is done again as `new_id`, by the run that is started as number `order`."""

    of: str
    new_id: str
    order: int

    def variable(self) -> str:
        return f"{self.of} {self.new_id} {self.order}"


def reproduced(order: int) -> Again | None:
    """What the run that this process starts as number `order` does again, if it does. Said once, and not to children."""
    words = os.environ.get(VARIABLE, "").split()
    if len(words) != 3 or not words[2].isdigit() or int(words[2]) != order:
        return None
    del os.environ[VARIABLE]
    return Again(words[0], words[1], order)
