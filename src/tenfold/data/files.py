"""The files of one version, of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.base.globs import is_glob
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.globs import choose_entries
from tenfold.data.parts import tree_here
from tenfold.data.referenced import blobs_of
from tenfold.records import Entry, Version


def files_of(stores: Stores, version: Version) -> list[Entry]:
    """Its files, symlinks and empty folders, sorted by path. Raises Invalid for a version that is a small value."""
    return stores.blobs.entries(_tree_here(stores, version))


def find_file(stores: Stores, version: Version, path: str) -> Entry:
    """One file of it. Raises BlobNotFound, naming files that are there."""
    entry = stores.blobs.find_entry(_tree_here(stores, version), path)
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
    found = choose_entries(files_of(stores, version), path)
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
    return blobs_of(stores, version).checkout(
        _tree_here(stores, version), folder, paths=paths, link=link, progress=progress
    )


def tree_of(version: Version) -> str:
    """The digest of its tree. Raises Invalid when it has none."""
    if version.inline is not None:
        raise Invalid(f"{version.address} is a small value, not files. Read its value instead", field="address")
    return version.digest


def _tree_here(stores: Stores, version: Version) -> str:
    tree_of(version)
    return tree_here(stores, version)
