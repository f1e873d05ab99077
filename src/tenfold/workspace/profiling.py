"""Statistics of each dataset version, kept beside it, so that most questions need no data.

A file whose content was profiled before is not read again: its profile is found by the file's hash and merged.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tenfold.base.addresses import parse
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, MissingExtra, NotFound
from tenfold.base.hashing import digest
from tenfold.base.ids import new_id
from tenfold.contracts import resolve
from tenfold.records import Draft, Entry, Version
from tenfold.records.version import INLINE_LIMIT_BYTES

if TYPE_CHECKING:
    from tenfold.contracts import Stores
    from tenfold.profiles import Profile, Table

TABLES = {".parquet", ".csv", ".tsv", ".jsonl", ".ndjson"}
LARGEST_BYTES = 2 << 30
"""A larger file is not profiled on commit."""


def profile_version(stores: Stores, version: Version) -> Version | None:
    """Profile the tables of a dataset version, one profile a folder, and keep it; None when it has no tables.

    Files of one folder are parts of one table (`flights/2013-01.parquet`, `flights/2013-02.parquet` …); files that
    cannot be read as tables are left out and named in the metadata.
    """
    unread: dict[str, str] = {}
    tables = profiles_of(stores, version, unread=unread)
    return None if tables is None else _publish(stores, version, tables, unread)


def profile_of_address(stores: Stores, address: str, columns: Iterable[str] | None = None) -> Profile:
    """The profile of a dataset's only table, or of the one its path names.

    Raises:
        Invalid: There are several tables, or no such column.
        NotFound: There is no such version, or it has no table that can be read.
    """
    from tenfold.profiles import only

    where = parse(address)
    found = profiles_of(stores, resolve(stores, where), where.path or "") or {}
    if not found:
        raise NotFound(f"No table that can be read is in {address}. Its files: tenfold data ls {address}")
    if len(found) > 1:
        names = ", ".join(found)
        raise Invalid(f"{address} has several tables: {names}. Say which: {address}/PATH", field="table")
    return only(next(iter(found.values())), columns)


def profiles_of(
    stores: Stores, version: Version, path: str = "", *, unread: dict[str, str] | None = None
) -> dict[str, Profile] | None:
    """The profiles of a version's tables by name, None when it has none. A file profiled before is not read.

    Args:
        path: Only the file, or the files below the folder, of this name.
        unread: Told what could not be read, and why.
    """
    from tenfold.profiles.images import ENDINGS

    if version.inline is not None:
        return None
    groups: dict[str, list[Entry]] = {}
    images: list[Entry] = []
    for entry in stores.blobs.entries(version.digest):
        if not entry.path.lower().endswith((*TABLES, *ENDINGS)):
            continue
        if path and entry.path != path and not entry.path.startswith(path.rstrip("/") + "/"):
            continue
        place = PurePosixPath(entry.path)
        if entry.kind == "file" and place.suffix.lower() in TABLES and entry.size_bytes <= LARGEST_BYTES:
            name = place.parent.name if place.parent.name else place.stem
            groups.setdefault(name, []).append(entry)
        elif entry.kind == "file" and place.suffix.lower() in ENDINGS:
            images.append(entry)
    if not groups and not images:
        return None
    told = {} if unread is None else unread
    found = {name: merged for name, files in groups.items() if (merged := _of_files(stores, files, told)) is not None}
    if images and (sizes := _of_images(stores, images, told)) is not None:
        found["images" if "images" not in found else "image files"] = sizes
    return found or (None if not groups else {})


def _of_files(stores: Stores, files: list[Entry], unread: dict[str, str]) -> Profile | None:
    """The profile of a table kept in several files; merged in one go, so that quantiles are thinned only once."""
    from tenfold.profiles import merge

    parts = [part for entry in files if (part := _of_file(stores, entry, unread)) is not None]
    return merge(*parts) if parts else None


def _of_file(stores: Stores, entry: Entry, unread: dict[str, str]) -> Profile | None:
    """The profile of one file's content, from the store when it was made before."""
    from tenfold.profiles import encode, profile

    name = f"file.{entry.digest[:32]}"
    if (known := _known(stores, name)) is not None:
        return known
    local = stores.blobs.local_path(entry.digest)
    try:
        made = profile(_table(local, PurePosixPath(entry.path)))
    except Exception as error:
        unread[entry.path] = f"{type(error).__name__}: {error}"[:300]
        return None
    _keep(stores, name, encode(made), metadata={"file": entry.digest})
    return made


def _of_images(stores: Stores, files: list[Entry], unread: dict[str, str]) -> Profile | None:
    """The sizes of images as one table, from the store when the same ones were looked at before."""
    from tenfold.profiles import encode, evenly, image_table, profile

    chosen = evenly(files)
    if len(chosen) < len(files):
        unread["images"] = f"{len(chosen):,} of {len(files):,} were looked at, evenly over all"
    name = f"images.{digest(''.join(entry.digest for entry in chosen).encode())[:32]}"
    if (known := _known(stores, name)) is not None:
        return known
    bad: dict[str, str] = {}
    try:
        table = image_table(
            ((entry.path, entry.size_bytes, stores.blobs.open(entry.digest)) for entry in chosen), unread=bad
        )
    except MissingExtra as error:
        unread["images"] = str(error)
        return None
    unread.update(list(bad.items())[:20])
    made = profile(table)
    _keep(stores, name, encode(made), metadata={"files": len(chosen)})
    return made


def _known(stores: Stores, name: str) -> Profile | None:
    from tenfold.profiles import decode

    known = stores.versions.find("profile", name)
    if known is None:
        return None
    return decode(known.inline if known.inline is not None else stores.blobs.get_bytes(known.metadata["blob"]))


def _table(path: Path, name: PurePosixPath) -> Table:
    """A file named by its hash, as a table of the kind its name in the dataset says; read in batches."""
    import polars as pl

    from tenfold.profiles import Table
    from tenfold.profiles.tables import named_once

    suffix = name.suffix.lower()
    if suffix == ".parquet":
        lazy = pl.scan_parquet(path)
    elif suffix in (".jsonl", ".ndjson"):
        lazy = pl.scan_ndjson(path, infer_schema_length=10_000)
    else:
        separator = "\t" if suffix == ".tsv" else ","
        named_once(path, separator)
        lazy = pl.scan_csv(path, infer_schema_length=10_000, separator=separator)
    names = lazy.collect_schema().names()
    return Table(lazy, names, is_columnar=suffix == ".parquet")


def _publish(stores: Stores, version: Version, tables: dict[str, Profile], unread: dict[str, str]) -> Version:
    import msgspec

    from tenfold.profiles import encode

    content = b'{"tables":{%s}}' % b",".join(
        msgspec.json.encode(name) + b":" + encode(t) for name, t in sorted(tables.items())
    )
    metadata = {
        "of": version.id,
        "number": version.number,
        "rows": {n: t.rows for n, t in tables.items()},
        "unread": unread,
    }
    return _keep(stores, version.name, content, metadata=metadata)


def _keep(stores: Stores, name: str, content: bytes, *, metadata: dict[str, object]) -> Version:
    """Publish JSON content: small in the record, else as a tree of one file (and its blob named for quick reading)."""
    small = len(content) <= INLINE_LIMIT_BYTES
    if small:
        tree_digest, files = digest(content), 1
    else:
        tree = stores.blobs.put_tree({"profile.json": content})
        tree_digest, files = tree.digest, tree.files
        metadata = {**metadata, "blob": digest(content)}
    draft = Draft(
        id=new_id(), kind="profile", name=name, digest=tree_digest, size_bytes=len(content), files=files,
        inline=content if small else None, type="json", metadata=metadata, created_at_ms=now_ms(),
    )  # fmt: skip
    return stores.versions.publish([draft])[0]
