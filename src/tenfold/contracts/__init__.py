"""Small abstract stores, one a record family. What they promise stands in their text; `testing/` holds each to it.

Every method takes and gives records or plain values that msgspec can encode, so the same contract also runs over the
wire (stores/http). All are safe to call from several threads and, where the medium is shared, several processes.
"""

from tenfold.contracts.blobs import Blobs, Medium, ObjectWriter
from tenfold.contracts.events import Events
from tenfold.contracts.lineage import Lineage
from tenfold.contracts.refs import Refs
from tenfold.contracts.resolve import resolve
from tenfold.contracts.runs import Runs
from tenfold.contracts.series import Series
from tenfold.contracts.stores import Stores
from tenfold.contracts.tasks import Tasks
from tenfold.contracts.versions import Versions

__all__ = [
    "Blobs",
    "Events",
    "Lineage",
    "Medium",
    "ObjectWriter",
    "Refs",
    "Runs",
    "Series",
    "Stores",
    "Tasks",
    "Versions",
    "resolve",
]
