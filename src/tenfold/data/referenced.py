"""Versions whose files lie elsewhere: where these are read, and what refuses to read them.

How such files are kept stands in stores/blobs/referenced.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tenfold.base.errors import Invalid
from tenfold.contracts import Blobs, Stores
from tenfold.records import Entry, Version
from tenfold.stores.blobs.objects import Object
from tenfold.stores.blobs.referenced import REFERENCE, ReferencedBlobs, is_reference, referenced

__all__ = [
    "REFERENCE", "ReferencedBlobs", "blobs_of", "encode_object", "is_reference", "refuse_reference", "walk_objects"
]  # fmt: skip


def blobs_of(stores: Stores, version: Version) -> Blobs:
    """Where the files of a version are read: this store, or the buckets they are in."""
    return referenced(stores.blobs) if is_reference(version) else stores.blobs


def refuse_reference(version: Version, what: str) -> None:
    """Raise Invalid for a version whose files lie elsewhere, where they would have to be here."""
    if is_reference(version):
        uri = version.metadata.get("uri", "a bucket")
        raise Invalid(
            f"The files of {version.address} lie at {uri}, and {what}. Bring them here with: tenfold data get "
            f"{version.name}@v{version.number}; or as a dataset of their own: tenfold data import {uri} --name NAME"
        )


def encode_object(one: Object) -> bytes:
    """What is stored of a referenced file. The time counts only where there is no etag: written again, it is the same."""
    return msgspec.json.encode(msgspec.structs.replace(one, modified_ms=0) if one.etag else one)


def walk_objects(stores: Stores, version: Version) -> Iterator[tuple[Entry, Object]]:
    """(entry, object) of each file of a referenced version, sorted by path."""
    blobs = referenced(stores.blobs)
    for entry in blobs.entries(version.digest):
        yield entry, blobs.object_of(entry.digest)[1]
