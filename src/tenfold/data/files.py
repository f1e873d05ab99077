"""The files of one version, of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.globs import glob_pattern, is_glob
from tenfold.data.referenced import blobs_of
from tenfold.records import Entry, Version


def files_of(stores: Stores, version: Version) -> list[Entry]:
    """Its files, symlinks and empty folders, sorted by path. Raises Invalid for a version that is a small value."""
    return stores.blobs.entries(tree_of(version))


def find_file(stores: Stores, version: Version, path: str) -> Entry:
    """One file of it. Raises BlobNotFound, naming files that are there."""
    entry = stores.blobs.find_entry(tree_of(version), path)
    if entry is None or entry.kind == "folder":
        there = [entry.path for entry in files_of(stores, version) if entry.kind != "folder"]
        some = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise BlobNotFound(f"{version.address} has no file {path!r}. It has: {some or 'no files'}", field="path")
    return entry


def matching(stores: Stores, version: Version, path: str) -> list[Entry]:
    """The entries of a file, of all below a folder, or of a glob (also of all below folders that match it), sorted by path.

    Raises:
        BlobNotFound: Nothing matches.
    """
    entries = files_of(stores, version)
    if is_glob(path):
        pattern = glob_pattern(path.rstrip("/"))
        found = [e for e in entries if any(pattern.fullmatch(part) for part in _heads(e.path))]
    else:
        found = [e for e in entries if e.path == path or e.path.startswith(f"{path.rstrip('/')}/")]
    if not found:
        raise BlobNotFound(
            f"{version.address} has nothing at {path!r}. List its files with: tenfold data ls {version.name}@v{version.number}",
            field="path",
        )
    return found


def open_file(stores: Stores, version: Version, path: str) -> BinaryIO:
    """A seekable reader of one file, which fetches only what is read. Raises BlobNotFound."""
    return blobs_of(stores, version).open(find_file(stores, version, path).digest)


def local_file(stores: Stores, version: Version, path: str) -> Path:
    """A read-only file on this machine with the content of one file, named by its hash. Raises BlobNotFound."""
    return blobs_of(stores, version).local_path(find_file(stores, version, path).digest)


def check_out(
    stores: Stores,
    version: Version,
    folder: Path,
    paths: list[str] | None,
    *,
    link: Sequence[str] = (),
    progress: Progress | None = None,
) -> int:
    """Write a version, or only these paths or globs and what lies below them; gives the files written. Raises Invalid."""
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{folder} is a file. Check out into a folder, a new one or one that is there", field="folder")
    if paths is not None and any(is_glob(path) for path in paths):
        entries = {entry.path: entry for path in paths for entry in matching(stores, version, path)}
        return blobs_of(stores, version).place(entries.values(), folder, link=link, progress=progress)
    return blobs_of(stores, version).checkout(tree_of(version), folder, paths=paths, link=link, progress=progress)


def tree_of(version: Version) -> str:
    """The digest of its tree. Raises Invalid when it has none."""
    if version.inline is not None:
        raise Invalid(f"{version.address} is a small value, not files. Read its value instead", field="address")
    return version.digest


def _heads(path: str) -> list[str]:
    """The path and the folders above it."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
