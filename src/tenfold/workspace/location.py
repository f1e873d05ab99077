"""Where a workspace's stores are, as settings name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tenfold.base import settings
from tenfold.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Location:
    """`store` is a folder, a PostgreSQL URL or a server URL; `folder` holds journals and caches on this machine."""

    kind: Literal["folder", "postgresql", "server"]
    store: str
    folder: Path
    blobs: str | None = None
    token: str | None = None

    def __str__(self) -> str:
        """The location without any password."""
        if self.kind == "folder":
            return self.store
        parts = urlsplit(self.store)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path}"


def locate(store: str | None = None, *, blobs: str | None = None, token: str | None = None) -> Location:
    """The location that flags, environment and tenfold.toml name; else the nearest `.tenfold` upwards, else `./.tenfold`.

    Raises:
        Invalid: The store's scheme is not known, or PostgreSQL is named without a place for bytes.
    """
    wanted = settings.get("store", store)
    if wanted is None:
        nearest = settings.find_upwards(".tenfold")
        wanted = str(nearest if nearest is not None and nearest.is_dir() else Path.cwd() / ".tenfold")
    scheme = wanted.partition("://")[0] if "://" in wanted else ""
    if not scheme:
        folder = Path(wanted).expanduser().absolute()
        if folder.is_file():
            raise Invalid(f"The store {folder} is a file. Name a folder with --store or TENFOLD_STORE", field="store")
        return Location("folder", str(folder), folder)
    local = Path.cwd() / ".tenfold"
    nearest = settings.find_upwards(".tenfold")
    local = nearest if nearest is not None and nearest.is_dir() else local
    if scheme in ("postgresql", "postgres"):
        place = settings.get("blobs", blobs)
        if place is None:
            raise Invalid(
                "A PostgreSQL store needs a place for bytes too. Name one with --blobs s3://bucket/prefix or a shared folder",
                field="blobs",
            )
        return Location("postgresql", wanted, local, blobs=place)
    if scheme in ("http", "https"):
        return Location("server", wanted.rstrip("/"), local, token=settings.get("token", token))
    raise Invalid(
        f"The store {wanted!r} has an unknown scheme. Use a folder, postgresql://… or http://server", field="store"
    )
