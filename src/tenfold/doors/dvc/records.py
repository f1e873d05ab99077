"""What DVC's files say, as values: outputs, dependencies, stages, and what content something had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

MD5 = "md5"
MD5_TEXT = "md5-dos2unix"
"""DVC 2 hashed text with its line ends made `\\n`; entries without `hash: md5` are of that kind."""


class Content(msgspec.Struct, frozen=True):
    """The hash of a file or folder: 32 hex digits, and `.dir` behind those of a folder. Sizes are in bytes."""

    md5: str
    size: int | None = None
    files: int | None = None
    """How many files a folder has; None for a file."""
    is_executable: bool = False
    hash: str = MD5

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(".dir")

    def same_as(self, other: Content | None) -> bool:
        """True for the same bytes: neither size nor the executable bit counts, as in DVC."""
        return other is not None and (self.md5, self.hash) == (other.md5, other.hash)


class Out(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that a stage makes, or that is tracked by itself."""

    path: str
    """As written: relative to the stage's working folder, or absolute, or a URL."""
    place: Path
    """Where it is on this machine."""
    content: Content | None = None
    cache: bool = True
    persist: bool = False
    push: bool = True
    remote: str = ""
    is_metric: bool = False
    plot: dict[str, Any] | None = None
    extra: dict[str, Any] = {}
    """desc, type, labels, meta, and what else was written beside it."""
    files: list[dict[str, Any]] | None = None


class Dep(msgspec.Struct, frozen=True, kw_only=True):
    """Something a stage reads. `foreign` holds what makes it no path of this machine: repo, etag, a URL."""

    path: str
    place: Path | None
    content: Content | None = None
    foreign: dict[str, Any] = {}


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters a stage depends on, of one file. No keys stand for the whole file."""

    path: str
    place: Path
    keys: tuple[str, ...] = ()
    locked: dict[str, Any] | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One .dvc file, or one entry of a dvc.yaml with what dvc.lock has of it."""

    file: Path
    name: str = ""
    """Empty for a .dvc file."""
    folder: Path
    """Its working folder."""
    cmd: str | list[str] | None = None
    locked_cmd: str | list[str] | None = None
    deps: tuple[Dep, ...] = ()
    params: tuple[Params, ...] = ()
    outs: tuple[Out, ...] = ()
    is_frozen: bool = False
    is_always_changed: bool = False
    md5: str = ""
    is_locked: bool = False
    """dvc.lock has an entry for it."""
    raw: dict[str, Any] = {}
    """The .dvc file as it was read."""

    @property
    def is_pipeline(self) -> bool:
        return bool(self.name)

    @property
    def is_import(self) -> bool:
        """True for what import or import-url tracks: a frozen stage with one dependency and no command."""
        return not self.cmd and len(self.deps) == 1 and len(self.outs) == 1

    @property
    def is_from_repository(self) -> bool:
        """True for what `dvc import` tracks: its content comes from the other repository and is never pushed from here."""
        return self.is_import and "repo" in self.deps[0].foreign

    @property
    def is_callback(self) -> bool:
        """True for a command that names nothing it reads or makes: it is always changed."""
        return bool(self.cmd) and not (self.deps or self.params or self.outs)
