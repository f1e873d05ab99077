"""The in-memory twin of every store: plain dicts under one lock. For tests, and to say what the others must do.

Here: one file a record family over one shared `State`. Not here: anything that reads or writes a disk.
"""

from tenfold.stores.memory.events import MemoryEvents
from tenfold.stores.memory.lineage import MemoryLineage
from tenfold.stores.memory.refs import MemoryRefs
from tenfold.stores.memory.runs import MemoryRuns
from tenfold.stores.memory.series import MemorySeries
from tenfold.stores.memory.state import State
from tenfold.stores.memory.tasks import MemoryTasks
from tenfold.stores.memory.versions import MemoryVersions

__all__ = [
    "MemoryEvents",
    "MemoryLineage",
    "MemoryRefs",
    "MemoryRuns",
    "MemorySeries",
    "MemoryTasks",
    "MemoryVersions",
    "State",
]
