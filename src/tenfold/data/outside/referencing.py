"""Tracking a prefix of a bucket in place: a version says which objects are there, and nothing of them is copied."""

from __future__ import annotations

from tenfold.base.clock import Clock, now_ms
from tenfold.base.hashing import digest
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.data.outside.places import Origin, parent_from, told
from tenfold.data.publishing import publish_tree
from tenfold.data.referenced import REFERENCE, encode_object
from tenfold.records import Entry, Move, Tree, Version
from tenfold.stores.blobs.objects import Bucket, Object


def reference(
    stores: Stores, name: str, uri: str, *, branch: str = "main", message: str = "", clock: Clock = now_ms
) -> Version:
    """Record what lies at a bucket's prefix now as the next version of a dataset; with no change the one that is there.

    Kept are path, size, etag, time and, where the bucket keeps versions, the id of each object's.

    Raises:
        BlobNotFound: Nothing is there.
        Conflict: The branch has files of another origin.
        RefMoved: Somebody committed meanwhile.
    """
    uri = uri.rstrip("/")
    parent = parent_from(stores, name, branch, uri)
    found = Bucket(uri).find(uri)
    tree = store_references(stores, found)
    if parent is not None and parent.digest == tree.digest:
        return parent
    origin = Origin(uri=uri, how="reference", state=tree.digest, at_ms=clock())
    why = Move(
        ref=branch, expect=None if parent is None else parent.id, who=user_name(), why=message or f"reference {uri}"
    )
    return publish_tree(
        stores, name, tree, [] if parent is None else [parent.id], why, None, move=True, at_ms=clock(),
        type_=REFERENCE, metadata=told(origin),
    )  # fmt: skip


def entries_of(found: dict[str, Object]) -> dict[str, Entry]:
    """The entries of a referenced version, by path: sizes and times are those of the objects."""
    return {
        path: Entry(path, digest(encode_object(one)), one.size_bytes, mtime_ns=one.modified_ms * 1_000_000)
        for path, one in found.items()
    }


def store_references(stores: Stores, found: dict[str, Object]) -> Tree:
    """Store what says where the objects are, and the tree of them."""
    stores.blobs.put_tree({path: encode_object(one) for path, one in found.items()})
    return stores.blobs.put_tree(entries_of(found))  # the same contents, with the sizes of what they name
