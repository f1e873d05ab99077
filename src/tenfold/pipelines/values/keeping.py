"""Values into the store and out of it: inline when they are small JSON, else a tree of `value.json` and the parts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.errors import BlobNotFound, Forbidden, Invalid
from tenfold.base.hashing import digest, json_digest
from tenfold.pipelines.values.codecs import PICKLE, Codec, codec_for, codec_named
from tenfold.pipelines.values.skeleton import PART, decode, encode
from tenfold.records import Entry, Version
from tenfold.records.version import INLINE_LIMIT_BYTES

if TYPE_CHECKING:
    from tenfold.contracts import Blobs

VALUE_FILE = "value.json"
SHOWN_SKELETON_BYTES = 4096
"""A skeleton up to this size also lies in the version's metadata, which saves reading the tree."""

CURE_OF_READERS = "If you trust them, pass allow_pickle=True"
CURE_OF_STEPS = "If you trust them, allow it where it is read: @step(allow_pickle=True)"

OpenBlobs = Callable[[], "Blobs"]
"""Opened only when a value needs it."""


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stored value, or an item of one: its skeleton, and the tree its parts lie in ('' when it has none).

    The skeleton holds the content ids of its parts, so equal skeletons are equal values.
    """

    skeleton: Any
    tree: str = ""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `keep` stored, as a version's record wants it."""

    value: Value
    digest: str
    size_bytes: int = 0
    files: int = 0
    inline: bytes | None = None
    type: str = "json"
    metadata: dict[str, Any] = {}


def keep(value: Any, blobs: OpenBlobs, *, allow_pickle: bool = False, what: str = "This value") -> Kept:
    """Store a value's bytes; durable on return.

    Raises:
        Invalid: A type that no codec takes; the message names it and what to do.
    """
    entries: dict[str, Entry] = {}
    kinds: list[tuple[str, dict[str, Any]]] = []

    def keep_part(part: Any) -> Any:
        codec = codec_for(part) or (PICKLE if allow_pickle else None)
        if codec is None:
            raise Invalid(_no_codec(part, what))
        place = str(len(kinds))
        leaf, added = _store_part(part, codec, blobs(), place, what="" if allow_pickle else what)
        kinds.append((codec.type, leaf["notes"]))
        entries.update(added)
        return leaf

    skeleton = encode(value, keep_part)
    data = msgspec.json.encode(skeleton)  # in the order the dicts have; for cache keys it does not count
    if not kinds and len(data) <= INLINE_LIMIT_BYTES:
        return Kept(Value(skeleton), digest(data), len(data), inline=data)
    tree = blobs().put_tree({VALUE_FILE: data, **entries})
    alone = isinstance(skeleton, dict) and skeleton.get("$") == PART
    metadata = dict(kinds[0][1]) if alone else {}
    if len(data) <= SHOWN_SKELETON_BYTES:
        metadata["value"] = skeleton
    return Kept(
        Value(skeleton, tree.digest),
        tree.digest,
        tree.size_bytes,
        tree.files,
        type=kinds[0][0] if alone else "json",
        metadata=metadata,
    )


def _store_part(
    part: Any, codec: Codec, blobs: Blobs, place: str, *, what: str
) -> tuple[dict[str, Any], dict[str, Entry]]:
    """Its leaf and its files. `what` is '' for one that may run code when it is loaded."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-part-", dir=blobs.place_to_make()))
    try:
        notes = codec.save(part, folder)
        if what and (said := codec.runs_code(_MadeFiles(folder), notes)):
            raise Invalid(
                f"{what} is {said}, which run code when they are loaded. Leave them out, or allow it with "
                "@step(allow_pickle=True), here and in the steps that take it"
            )
        entries: dict[str, Entry] = {}
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                tree = blobs.put_folder(path.resolve())
                entries |= {f"{path.name}/{entry.path}": entry for entry in blobs.entries(tree.digest)}
                entries.setdefault(path.name, Entry(path.name, mode=0o755, kind="folder"))
            else:
                entries[path.name] = blobs.put_file(path.resolve()) if path.is_symlink() else blobs.put_made(path)
    finally:
        shutil.rmtree(folder)
    # Times are no content: the same bytes made tomorrow are the same value.
    plain = {
        f"{place}/{name}": msgspec.structs.replace(entry, path=f"{place}/{name}", mtime_ns=0)
        for name, entry in entries.items()
    }
    content = json_digest(sorted((name, entry.kind, entry.digest) for name, entry in entries.items()))
    return {"$": PART, "codec": codec.name, "at": place, "digest": content, "notes": notes}, plain


def load(
    value: Value,
    blobs: OpenBlobs,
    scratch: Path | None = None,
    *,
    allow_pickle: bool = False,
    what: str = "This value",
    cure: str = CURE_OF_READERS,
) -> Any:
    """A stored value. Files among its parts are written below `scratch` (a new temporary folder when not given).

    Args:
        allow_pickle: Trust whoever can write to the store: load also what runs their code.
        what: Begins the message of a refusal, which `cure` ends.

    Raises:
        Forbidden: A part would run code when it is loaded, and that is not allowed; nothing of it was loaded.
    """

    def load_part(leaf: dict[str, Any]) -> Any:
        files = _StoredFiles(blobs(), value.tree, leaf["at"], scratch)
        codec = codec_named(leaf["codec"])
        if not allow_pickle and (said := codec.runs_code(files, leaf["notes"])):
            raise Forbidden(
                f"{what} is {said}: loading it runs code of whoever could write to this store. {cure}",
                field="allow_pickle",
            )
        return codec.load(files, leaf["notes"])

    return decode(value.skeleton, load_part)


def value_of(version: Version, blobs: OpenBlobs) -> Value:
    """The value of a stored version of kind output. Raises BlobNotFound when its bytes are gone."""
    if version.inline is not None:
        return Value(msgspec.json.decode(version.inline))
    if "value" in version.metadata:
        return Value(version.metadata["value"], version.digest)
    entry = blobs().find_entry(version.digest, VALUE_FILE)
    if entry is None:
        raise BlobNotFound(f"{version.address} has no {VALUE_FILE}. Run its step again")
    return Value(msgspec.json.decode(blobs().get_bytes(entry.digest)), version.digest)


class _MadeFiles:
    """A part before it is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / name

    def checkout(self) -> Path:
        return self.folder


class _StoredFiles:
    def __init__(self, blobs: Blobs, tree: str, place: str, scratch: Path | None) -> None:
        self.blobs, self.tree, self.place, self.scratch = blobs, tree, place, scratch

    def path(self, name: str) -> Path:
        entry = self.blobs.find_entry(self.tree, f"{self.place}/{name}")
        if entry is None:
            raise BlobNotFound(f"The tree {self.tree} has no {self.place}/{name}. Run the step that made it again")
        return self.blobs.local_path(entry.digest)

    def checkout(self) -> Path:
        if self.scratch is not None:
            self.scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="input-", dir=self.scratch))
        self.blobs.checkout(self.tree, folder, paths=[self.place])
        return folder / self.place


def _no_codec(value: Any, what: str) -> str:
    kind = type(value)
    return (
        f"{what} holds a {kind.__module__}.{kind.__qualname__}, which Tenfold has no format for. Give back plain data, a "
        "table, an array, a Path or a model's address; register a codec with pipelines.register_codec; or allow pickle "
        "with @step(allow_pickle=True)"
    )
