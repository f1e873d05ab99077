"""Content-addressed bytes: chunks in packs on a medium, trees above them, garbage collection below. See docs/format.md.

Mediums: a folder, memory, a bucket. Here lives no knowledge of versions or datasets.
"""

from tenfold.stores.blobs.linking import LINK_TYPES
from tenfold.stores.blobs.local import LocalMedium
from tenfold.stores.blobs.memory import MemoryMedium
from tenfold.stores.blobs.opening import open_blobs, open_medium
from tenfold.stores.blobs.packed import PackedBlobs

__all__ = ["LINK_TYPES", "LocalMedium", "MemoryMedium", "PackedBlobs", "open_blobs", "open_medium"]
