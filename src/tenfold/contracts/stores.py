"""All stores of one place, as the workspace opens them and the engines take them."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.contracts.blobs import Blobs
from tenfold.contracts.events import Events
from tenfold.contracts.lineage import Lineage
from tenfold.contracts.refs import Refs
from tenfold.contracts.runs import Runs
from tenfold.contracts.series import Series
from tenfold.contracts.tasks import Tasks
from tenfold.contracts.versions import Versions


@dataclass(frozen=True, slots=True)
class Stores:
    """A bundle, not a store: it has no methods and nobody inherits from it."""

    runs: Runs
    series: Series
    versions: Versions
    refs: Refs
    lineage: Lineage
    tasks: Tasks
    events: Events
    blobs: Blobs
