"""The files of a run, of a logged model and of a registered version, behind one small interface.

A file of a run is a version of kind `media` of its own: ten thousand of them cost ten thousand small writes, where a tree
of all would be written anew for each. A small one lies in its version: a pack of its own would be flushed to the disk
thrice, 14 ms where the version alone takes 2. A model's files are few, and are one tree.
"""

from __future__ import annotations

import io
import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.doors.mlflow import logged_models, runs
from tenfold.doors.mlflow.checks import safe_path, version_number
from tenfold.doors.mlflow.errors import MlflowError, missing
from tenfold.records import Draft, Entry, Version

REGISTERED, MODELS, FOLDER = "registered", "models", "artifacts"
ARTIFACT = "artifact"
"""In a version's metadata: the path that a run's file was uploaded to."""

UNDER = "under"
"""In the metadata of a tree that an import made: the folder of the run's artifacts that it was, '' for all of them."""

_INLINE_BYTES = 16 << 10
_PAGE = 1000


class File(NamedTuple):
    """One file. `holder` holds the tree that `entry` is in; without an entry the file is all that the holder holds."""

    path: str
    size_bytes: int
    holder: Version
    entry: Entry | None = None


class Files(ABC):
    """The files of one thing, by their paths in it."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    @abstractmethod
    def all(self) -> list[File]:
        """Every file, sorted by path."""

    def sizes(self) -> dict[str, int]:
        """The size in bytes of every file by its path, in no order."""
        return {file.path: file.size_bytes for file in self.all()}

    def find(self, path: str) -> File | None:
        """One file."""
        return next((file for file in self.all() if file.path == path), None)

    @abstractmethod
    def put(self, path: str, content: bytes | Path) -> None:
        """Store a file, in place of the one that is there."""

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove a file, or all below a folder; what is not there is no error."""

    def open(self, file: File) -> BinaryIO:
        """A reader of a file's bytes."""
        content = self.content(file)
        return io.BytesIO(content) if isinstance(content, bytes) else self.stores.blobs.open(content.digest)

    def content(self, file: File) -> Entry | bytes:
        """A file as a tree takes it: what is stored is not read."""
        if file.entry is not None:
            return file.entry
        return (
            file.holder.inline if file.holder.inline is not None else self.stores.blobs.entries(file.holder.digest)[0]
        )


def within(path: str, folder: str) -> bool:
    """True for the path itself and all below it."""
    return not folder or path == folder or path.startswith(folder + "/")


def files_at(stores: Stores, path: str) -> tuple[Files, str]:
    """Whose files a path of the artifact server means, and the path among them.

    `…/<run>/artifacts/…`, `…/models/<model>/artifacts/…`, `registered/<name>/<version>/artifacts/…`, where … is what the
    experiment's artifact location says. Any other path is nobody's.
    """
    safe = safe_path(path)
    parts = safe.split("/")
    if len(parts) >= 4 and parts[3] == FOLDER and parts[0] == REGISTERED:
        return RegisteredFiles(stores, parts[1], version_number(parts[2])), "/".join(parts[4:])
    for at, part in enumerate(parts):
        if part == FOLDER and at >= 2 and parts[at - 2] == MODELS and parts[at - 1].startswith("m-"):
            return ModelFiles(stores, parts[at - 1]), "/".join(parts[at + 1 :])
        if part == FOLDER and at and runs.is_there(stores, parts[at - 1]):
            return RunFiles(stores, parts[at - 1], is_there=True), "/".join(parts[at + 1 :])
    if len(parts) > 2 and parts[2] == FOLDER and parts[0].isdecimal():
        return RunFiles(stores, parts[1]), ""  # raises: what a run would have is nobody's only by mistake
    return LooseFiles(stores), safe


class RunFiles(Files):
    """Files uploaded by a run, and below `<kind>/<name>/v<number>/` what Tenfold's own client logged in it."""

    kind = "media"

    def __init__(self, stores: Stores, run_id: str, *, is_there: bool = False) -> None:
        super().__init__(stores)
        self.run_id: str | None = run_id if is_there else runs.load(stores, run_id).id

    def all(self) -> list[File]:
        found: dict[str, File] = {}
        for version in self._versions():
            for file in self._in(version):
                found.setdefault(file.path, file)  # the newest comes first
        return [found[path] for path in sorted(found)]

    def sizes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for version in self._versions():  # one page at a time: they hold the bytes of small files
            for file in self._in(version):
                found.setdefault(file.path, file.size_bytes)
        return found

    def find(self, path: str) -> File | None:
        version = self.stores.versions.find(self.kind, self._name(path))
        if version is not None:
            return next(iter(self._in(version)), None)
        return super().find(path)  # one of a tree

    def put(self, path: str, content: bytes | Path) -> None:
        name = path.rpartition("/")[2]
        inline = content if isinstance(content, bytes) and len(content) <= _INLINE_BYTES else None
        if inline is not None:
            held, size = digest(inline), len(inline)
        else:
            tree = self.stores.blobs.put_tree({name: content})
            held, size = tree.digest, tree.size_bytes
        draft = Draft(
            id=ids.new_id(), kind=self.kind, name=self._name(path), digest=held, size_bytes=size, files=1, inline=inline,
            type="file", metadata={ARTIFACT: path, "file": name}, run_id=self.run_id, role=path, created_at_ms=now_ms(),
        )  # fmt: skip
        self.stores.versions.publish([draft])

    def delete(self, path: str) -> None:
        gone = [
            version.id
            for version in self._versions()
            if ARTIFACT in version.metadata and within(version.metadata[ARTIFACT], path)
        ]
        self.stores.versions.set_deleted(gone, at_ms=now_ms())

    def _versions(self) -> Iterator[Version]:
        for offset in itertools.count(0, _PAGE):
            some = self._page(offset)
            yield from some
            if len(some) < _PAGE:
                return

    def _page(self, offset: int) -> list[Version]:
        return self.stores.versions.search(run_id=self.run_id, offset=offset, limit=_PAGE)

    def _in(self, version: Version) -> list[File]:
        path = version.metadata.get(ARTIFACT)
        if path is not None:
            return [File(path, version.size_bytes, version)]
        if version.type == "model/mlflow":
            return []  # those files are there under the path they were uploaded to
        below = f"{version.kind}/{version.name}/v{version.number}/"
        if (under := version.metadata.get(UNDER)) is not None:
            below = f"{under}/" if under else ""
        if version.inline is not None:
            return [File(below + version.metadata.get("file", "content"), len(version.inline), version)]
        return [_file(below, version, entry) for entry in self.stores.blobs.entries(version.digest)]

    def _name(self, path: str) -> str:
        readable = re.sub(r"[^A-Za-z0-9._+-]", ".", path)[-100:]
        return f"{self.run_id or self.kind}.{readable}.{digest(path.encode())[:12]}"


class LooseFiles(RunFiles):
    """Files put at a path of the artifact server that no run has, as MLflow's server takes them too."""

    kind = "file"

    def __init__(self, stores: Stores, kind: str = "file") -> None:
        Files.__init__(self, stores)
        self.run_id, self.kind = None, kind

    def _page(self, offset: int) -> list[Version]:
        return self.stores.versions.search(self.kind, offset=offset, limit=_PAGE)


class ModelFiles(Files):
    """Files of a logged model."""

    def __init__(self, stores: Stores, model_id: str) -> None:
        super().__init__(stores)
        self.model = logged_models.load(stores, model_id)

    def all(self) -> list[File]:
        return [_file("", self.model, entry) for entry in self.stores.blobs.entries(self.model.digest)]

    def put(self, path: str, content: bytes | Path) -> None:
        logged_models.change(self.stores, self.model.name, lambda there: {**there, path: content}, at_ms=now_ms())

    def delete(self, path: str) -> None:
        def without(there: dict[str, Entry]) -> dict[str, Entry]:
            return {name: entry for name, entry in there.items() if not within(name, path)}

        logged_models.change(self.stores, self.model.name, without, at_ms=now_ms())


class RegisteredFiles(Files):
    """Files of a version of a registered model, which never change."""

    def __init__(self, stores: Stores, name: str, number: int) -> None:
        super().__init__(stores)
        found = stores.versions.find("model", name, number)
        if found is None or found.deleted_at_ms is not None:
            raise missing(f"Model Version (name={name}, version={number}) not found")
        self.version = found

    def all(self) -> list[File]:
        return [_file("", self.version, entry) for entry in self.stores.blobs.entries(self.version.digest)]

    def put(self, path: str, content: bytes | Path) -> None:
        raise MlflowError("PERMISSION_DENIED", f"{self.version.address} is a version: its files never change")

    def delete(self, path: str) -> None:
        raise MlflowError("PERMISSION_DENIED", f"{self.version.address} is a version: its files never change")


def _file(below: str, holder: Version, entry: Entry) -> File:
    return File(below + entry.path, entry.size_bytes, holder, entry)
