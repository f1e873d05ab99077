"""Opening a blob store, or only its medium, by where it is."""

from __future__ import annotations

from pathlib import Path

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Medium
from tenfold.stores.blobs.local import LocalMedium
from tenfold.stores.blobs.packed import PackedBlobs
from tenfold.stores.blobs.services import SCHEMES


def open_medium(where: str | Path) -> Medium:
    """The medium in a folder, at `s3://bucket/prefix` or a URL of another service (`SCHEMES`); nothing is read or written before its first use."""
    text = str(where)
    if text.partition("://")[0] in SCHEMES:
        from tenfold.stores.blobs.bucket import BucketMedium

        return BucketMedium(text)
    if "://" in text:
        raise Invalid(f"Cannot keep blobs at {text!r}. Give a folder or s3://bucket/prefix", field="blobs")
    return LocalMedium(where)


def open_blobs(where: str | Path, cache: Path, *, clock: Clock = now_ms) -> PackedBlobs:
    """The blob store in a folder or at `s3://bucket/prefix`; nothing is read or written before its first use.

    Args:
        cache: A folder for what can be made again.
    """
    medium = open_medium(where)
    return PackedBlobs(medium, cache, far=not isinstance(medium, LocalMedium), clock=clock)
