"""A copy of a new output sent out: into a folder, or below a prefix of a bucket."""

from __future__ import annotations

from pathlib import Path

from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.records import Version


def check_egress(url: str) -> str:
    """The place itself. Raises Invalid for one that cannot be written to."""
    scheme, there, _ = url.partition("://")
    if there and scheme not in ("file", "s3"):
        raise Invalid(f"Output cannot be sent to {url!r}. Name a folder or s3://bucket/prefix", field="egress")
    return url


def send_out(stores: Stores, version: Version, url: str) -> None:
    """Write the files of a version to a place; what is there under other names stays."""
    if not url.startswith("s3://"):
        stores.blobs.checkout(version.digest, Path(url.removeprefix("file://")))
        return
    from tenfold.stores.blobs import open_medium

    medium = open_medium(url)
    for entry in stores.blobs.entries(version.digest):
        if entry.kind == "file":
            medium.put(entry.path, stores.blobs.get_bytes(entry.digest))
