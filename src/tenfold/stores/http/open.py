"""Open all stores of a server."""

from __future__ import annotations

from pathlib import Path

from tenfold.contracts import Events, Lineage, Refs, Runs, Series, Stores, Tasks, Versions
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.http.link import Link
from tenfold.stores.http.medium import HttpMedium
from tenfold.stores.http.remote import remote


def open_http(url: str, token: str | None, cache: Path) -> Stores:
    """The stores of the server at a URL. Nothing is sent before the first use.

    Args:
        cache: A folder for bytes that can be fetched again.
    """
    link = Link(url, token)
    return Stores(
        runs=remote(Runs, link),  # type: ignore[type-abstract]
        series=remote(Series, link),  # type: ignore[type-abstract]
        versions=remote(Versions, link),  # type: ignore[type-abstract]
        refs=remote(Refs, link),  # type: ignore[type-abstract]
        lineage=remote(Lineage, link),  # type: ignore[type-abstract]
        tasks=remote(Tasks, link),  # type: ignore[type-abstract]
        events=remote(Events, link),  # type: ignore[type-abstract]
        blobs=PackedBlobs(HttpMedium(link), cache, far=True),
    )
