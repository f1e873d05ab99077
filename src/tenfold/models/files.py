"""The files of a kept model: those of a version in a store, or those just made that are about to become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from tenfold.base.errors import Damaged
from tenfold.contracts import Stores
from tenfold.records import Version

Contents = Mapping[str, Path | bytes]


class Files(ABC):
    """Files by their path in the model."""

    @abstractmethod
    def paths(self) -> list[str]:
        """Every path, sorted."""

    @abstractmethod
    def bytes(self, path: str) -> bytes:
        """The content of one file. Raises Damaged when it is not there."""

    @contextmanager
    def folder(self, under: str = "") -> Iterator[Path]:
        """A folder on disk with the files below a path, or with that file; gone after the block.

        Raises:
            Damaged: There is none, or a path leads out of the folder.
        """
        with TemporaryDirectory(prefix="tenfold-model-") as name:
            self.write(Path(name), under)
            yield Path(name)

    def write(self, folder: Path, under: str = "") -> None:
        """Write the files below a path into a folder. Raises as `folder` does."""
        wanted = [path for path in self.paths() if not under or path == under or path.startswith(f"{under}/")]
        if not wanted:
            raise Damaged(f"The model has no file {under}. Save the model again")
        for path in wanted:
            inside = path[len(under) + 1 :] if under and path != under else path
            parts = PurePosixPath(inside)
            if parts.is_absolute() or ".." in parts.parts:
                raise Damaged(f"The model has a file {path!r}, which leads out of its folder")
            target = folder / parts
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.bytes(path))


class FilesOfVersion(Files):
    """The files of a model version."""

    def __init__(self, stores: Stores, version: Version) -> None:
        self._stores, self._of = stores, version.address
        entries = stores.blobs.entries(version.digest) if not version.inline else ()
        self._digests = {entry.path: entry.digest for entry in entries}

    def paths(self) -> list[str]:
        return sorted(self._digests)

    def bytes(self, path: str) -> bytes:
        if path not in self._digests:
            raise Damaged(f"{self._of} has no file {path}. Save the model again")
        return self._stores.blobs.get_bytes(self._digests[path])


class FilesAtHand(Files):
    """Files that were just made."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def paths(self) -> list[str]:
        return sorted(self._contents)

    def bytes(self, path: str) -> bytes:
        content = self._contents[path]
        return content if isinstance(content, bytes) else content.read_bytes()
