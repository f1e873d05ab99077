"""What `run.use(...)` gives: a version to read from, already an edge of the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.records import Entry, Version

if TYPE_CHECKING:
    from tenfold.contracts import Blobs, Stores


class Used:
    """One version's content. Files are fetched when asked for, never all of them."""

    def __init__(self, stores: Stores, version: Version, *, on_read: Callable[[str, str], None] | None = None) -> None:
        self._stores, self.version, self._on_read = stores, version, on_read

    @property
    def address(self) -> str:
        """`data:flights@v3`: always with the number, so that it means the same tomorrow."""
        return self.version.address

    def files(self) -> list[Entry]:
        """The files, folders and links of the version, sorted by path."""
        return self._stores.blobs.entries(self._tree())

    def path(self, path: str) -> Path:
        """A read-only local file with the content of one path. Raises VersionNotFound when it is not in the version."""
        return self._blobs().local_path(self._entry(path).digest)

    def open(self, path: str) -> BinaryIO:
        """A seekable reader of one path that fetches only what is read."""
        return self._blobs().open(self._entry(path).digest)

    def checkout(self, folder: str | Path, paths: list[str] | None = None) -> int:
        """Write the version (or only these paths) into a folder; gives the number of files written."""
        return self._blobs().checkout(self._tree(), Path(folder), paths=paths)

    def table(self, paths: list[str] | None = None, columns: list[str] | None = None) -> Any:
        """The version's Parquet and CSV files (or only these) as one Polars DataFrame."""
        from tenfold.data import Dataset

        return Dataset(self._stores, self.version.name).table(self.version.number, paths=paths, columns=columns)

    def _blobs(self) -> Blobs:
        from tenfold.data.referenced import blobs_of

        return blobs_of(self._stores, self.version)

    def _tree(self) -> str:
        if self.version.inline is not None:
            raise Invalid(f"{self.address} is a small value without files. Read it as version.inline")
        return self.version.digest

    def _entry(self, path: str) -> Entry:
        entry = self._stores.blobs.find_entry(self._tree(), path)
        if entry is None:
            some = ", ".join(e.path for e in self.files()[:5])
            raise VersionNotFound(f"{self.address} has no file {path!r}. It has: {some}", field="path")
        if self._on_read is not None:
            self._on_read(self.address, path)
        return entry

    def __repr__(self) -> str:
        return f"<used {self.address}>"
