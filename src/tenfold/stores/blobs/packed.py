"""`PackedBlobs`: the contract of blobs over any medium."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from tenfold.base.addresses import check_path
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import BlobNotFound, Conflict, Invalid
from tenfold.base.hashing import is_digest
from tenfold.contracts import Blobs, Medium
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry, Tree
from tenfold.stores.blobs import pins
from tenfold.stores.blobs.checkout import checkout
from tenfold.stores.blobs.collect import collect
from tenfold.stores.blobs.comparing import Pair, compare
from tenfold.stores.blobs.editing import changes_of, edit
from tenfold.stores.blobs.files import (
    cached_file,
    forget_cached,
    keep_as_cached,
    making_folder,
    permission_said,
    vanishing_said,
)
from tenfold.stores.blobs.folder import Scan, store_path, walk_folder
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.linking import Linker, check_link_types, links_folder
from tenfold.stores.blobs.nodes import FOLDER, Fields, decode_items, entry_of, nest
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE
from tenfold.stores.blobs.reading import WHOLE, ContentReader, parts_of, read_content
from tenfold.stores.blobs.repair import repair
from tenfold.stores.blobs.soundness import condemning, is_sound
from tenfold.stores.blobs.state import FolderState
from tenfold.stores.blobs.trees import find_item, list_folder, read_times, store_nest, store_node, walk
from tenfold.stores.blobs.upload import Upload, uploading
from tenfold.stores.blobs.usage import usage
from tenfold.stores.blobs.verify import verify
from tenfold.stores.blobs.whole_files import can_take, cut_file, name_parts, take_file, taken_file


class PackedBlobs(Blobs):
    """Bytes and trees in packs on a medium. Safe for threads; any number of processes may use one medium at once.

    Args:
        medium: Where packs and index lie.
        cache: A folder for what can be made again: files handed out, folder states, segments of a far medium.
        far: The medium is reached over a network: its index is cached, and reads go several at once.
    """

    def __init__(self, medium: Medium, cache: Path, *, far: bool = False, clock: Clock = now_ms) -> None:
        self.medium = medium
        self.cache = Path(cache)
        self.index = Index(medium, self.cache if far else None, threads=8 if far else 0, clock=clock)

    def put_bytes(self, data: bytes) -> str:
        return uploading(self.index, lambda upload: upload.add_content(data), lambda key: [key]).hex()

    @permission_said()
    def put_file(self, path: Path) -> Entry:
        info = Path(path).stat()

        def work(upload: Upload) -> bytes:
            return store_path(upload, os.fspath(path), info.st_size, info.st_mtime_ns)

        key = uploading(self.index, work, lambda key: [key])
        mode = 0o755 if info.st_mode & 0o100 else 0o644
        return Entry(path.name, key.hex(), info.st_size, mode, "file", info.st_mtime_ns)

    def place_to_make(self) -> Path:
        return making_folder(self.cache)

    @permission_said()
    def put_made(self, path: Path) -> Entry:
        if not can_take(self.index, path):
            return self._put_and_keep(path)
        info, taken = path.stat(), False
        key, parts = cut_file(path)

        def work(upload: Upload) -> bytes | None:
            nonlocal taken  # by an attempt before this one: the file is gone from its place
            if not self._stored(upload, key):
                taken = taken or take_file(upload, path, key, parts)
                if not taken:
                    return None
                name_parts(upload, key, parts)
            return key

        if uploading(self.index, work, lambda key: [key] if key else []) is None:
            return self._put_and_keep(path)
        entry = Entry(path.name, key.hex(), info.st_size, 0o644, "file", info.st_mtime_ns)
        if path.exists() and taken_file(self.index, key) is None:  # it was stored before, in pieces
            keep_as_cached(self.cache, path, entry)
        return entry

    def _put_and_keep(self, path: Path) -> Entry:
        entry = self.put_file(path)
        keep_as_cached(self.cache, path, entry)
        return entry

    @permission_said()
    def put_tree(self, files: Mapping[str, Path | bytes | Entry], *, progress: Progress | None = None) -> Tree:
        for path in files:
            check_path(path)

        def work(upload: Upload) -> Tree:
            entries = [self._take(upload, path, source) for path, source in files.items()]
            return store_nest(upload, nest(entries))

        return uploading(self.index, work, _root, progress)

    def edit_tree(self, tree: str, put: Mapping[str, Entry], remove: Iterable[str] = ()) -> Tree:
        changes = changes_of({check_path(path): entry for path, entry in put.items()}, map(check_path, remove))
        key = _key(tree)

        def work(upload: Upload) -> Tree:
            for path, entry in put.items():
                self._take(upload, path, entry)
            if not self._stored(upload, key, given=True):
                raise BlobNotFound(f"There is no tree {tree}. It may have been collected as garbage")
            return edit(upload, self.index, key, changes)

        return uploading(self.index, work, _root)

    @permission_said()
    def put_folder(
        self, folder: Path, *, ignore: Callable[[str], bool] | None = None, progress: Progress | None = None
    ) -> Tree:
        state = FolderState(folder, self.cache)

        def work(upload: Upload) -> Tree:
            def read(path: str, size: int, mtime_ns: int, known: bytes | None) -> bytes:
                if known is not None and self._stored(upload, known):
                    upload.advance(size)
                    return known
                return store_path(upload, path, size, mtime_ns)

            def emit(_: str, items: list[Fields], stamps: list[int]) -> Tree:
                return store_node(upload, items, stamps)

            return walk_folder(
                Path(folder),
                state,
                ignore=ignore,
                read=read,
                link=upload.add_content,
                emit=emit,
                links=links_folder(self.cache),
                broken=_raise_broken,
            )

        with vanishing_said():
            tree = uploading(self.index, work, _root, progress)
        state.save()
        return tree

    def has(self, digests: Iterable[str]) -> set[str]:
        wanted = set(digests)
        found = {digest for digest in wanted if self._complete(digest)}
        if len(found) < len(wanted) and self.index.refresh():
            found |= {digest for digest in wanted - found if self._complete(digest)}
        return found

    def sound(self, digests: Iterable[str]) -> set[str]:
        return {one for one in self.has(digests) if is_sound(self.index, self.cache, _key(one))}

    def get_bytes(self, digest: str) -> bytes:
        with condemning(self.index, self.cache, _key(digest)):
            return read_content(self.index, _key(digest))

    def open(self, digest: str) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(ContentReader(self.index, _key(digest)), 65_536))

    def local_path(self, digest: str) -> Path:
        key = _key(digest)
        with condemning(self.index, self.cache, key):
            return taken_file(self.index, key) or cached_file(self.index, self.cache, key)

    def entries(self, tree: str) -> list[Entry]:
        return sorted(walk(self.index, _key(tree)), key=lambda entry: entry.path)

    def find_entry(self, tree: str, path: str) -> Entry | None:
        found = find_item(self.index, _key(tree), check_path(path))
        if found is None:
            return None
        item, mtime_ns = found
        if item.what == FOLDER and (item.files or next(walk(self.index, item.key, path, times=False)).path != path):
            return None  # a folder that is not empty is no entry
        return entry_of(item, path, 0 if item.what == FOLDER else mtime_ns)

    def folder_entries(
        self, tree: str, folder: str = "", *, find: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[list[tuple[Entry, int]], int]:
        until = None if limit is None else offset + limit
        return list_folder(self.index, _key(tree), check_path(folder) if folder else "", find, slice(offset, until))

    def diff(self, before: str | None, after: str | None) -> list[tuple[Entry | None, Entry | None]]:
        one, two = (None if tree is None else (_key(tree), self._folder) for tree in (before, after))
        return _sorted_pairs(compare(one, two))

    @permission_said()
    def diff_folder(
        self, tree: str | None, folder: Path, *, ignore: Callable[[str], bool] | None = None
    ) -> tuple[Tree, list[tuple[Entry | None, Entry | None]]]:
        state = FolderState(folder, self.cache)
        with vanishing_said():
            scan = Scan(Path(folder), state, ignore=ignore, links=links_folder(self.cache))
        state.save()
        before = None if tree is None else (_key(tree), self._folder)
        return scan.tree, _sorted_pairs(compare(before, (_key(scan.tree.digest), scan.read)))

    def checkout(
        self,
        tree: str,
        folder: Path,
        *,
        paths: list[str] | None = None,
        link: Sequence[str] = (),
        relink: bool = False,
        progress: Progress | None = None,
    ) -> int:
        entries = walk(self.index, _key(tree), folders=True) if paths is None else self._below(_key(tree), paths)
        return self.place(entries, folder, link=link, relink=relink, progress=progress)

    @permission_said()
    def place(
        self,
        entries: Iterable[Entry],
        folder: Path,
        *,
        link: Sequence[str] = (),
        relink: bool = False,
        progress: Progress | None = None,
    ) -> int:
        linker = Linker(self.cache, check_link_types(link))
        return checkout(self.index, entries, Path(folder), linker=linker, relink=relink, progress=progress)

    def pins(self) -> Iterator[str]:
        for digests in pins.read_pins(self.medium, self.index.clock()).values():
            yield from (digest.hex() for digest in digests)

    def collect(
        self, keep: Iterable[str], *, grace_ms: int, dry_run: bool = False, only: Iterable[str] | None = None
    ) -> tuple[int, int]:
        doomed = None if only is None else [_key(digest) for digest in only]
        kept = [_key(digest) for digest in keep]
        freed = collect(self.index, kept, grace_ms=grace_ms, dry_run=dry_run, only=doomed)
        if not dry_run:
            forget_cached(self.index, self.cache)
        return freed

    def verify(self, *, progress: Progress | None = None) -> list[str]:
        return verify(self.index, progress=progress)

    def repair(self, keep: Iterable[str]) -> tuple[int, list[str]]:
        return repair(self.index, self.cache, [_key(digest) for digest in keep])

    def usage(self, groups: Mapping[str, Iterable[str]]) -> dict[str, tuple[int, int]]:
        return usage(self.index, {name: [_key(tree) for tree in trees] for name, trees in groups.items()})

    def size(self) -> tuple[int, int]:
        self.index.refresh()
        return len({key for key, _ in self.index.all()}), sum(size for _, size, _ in self.medium.scan())

    def _folder(self, key: bytes) -> tuple[list[Fields], list[int]]:
        items = decode_items(read_content(self.index, key), key)
        return items, read_times(self.index, key, len(items))

    def _take(self, upload: Upload, path: str, source: Path | bytes | Entry) -> Entry:
        if isinstance(source, Entry):
            if source.kind != "folder":
                key = _key(source.digest)
                if not self._stored(upload, key, given=True):
                    self.index.refresh()
                    if not self._stored(upload, key, given=True):
                        raise BlobNotFound(f"The content {source.digest} of {path!r} is not stored. Store it first")
            return Entry(path, source.digest, source.size_bytes, source.mode, source.kind, source.mtime_ns)
        if isinstance(source, (bytes, bytearray, memoryview)):
            key = upload.add_content(source)
            upload.advance(len(source))
            return Entry(path, key.hex(), len(source))
        info = Path(source).stat()
        key = store_path(upload, os.fspath(source), info.st_size, info.st_mtime_ns)
        return Entry(path, key.hex(), info.st_size, 0o755 if info.st_mode & 0o100 else 0o644, "file", info.st_mtime_ns)

    def _stored(self, upload: Upload, key: bytes, *, given: bool = False) -> bool:
        """True when content is stored whole, and remembered as relied on: a recipe may have outlived its chunks."""
        if upload.has(key, (CHUNK, NODE), given=given):
            return True
        if not upload.has(key, (RECIPE,), given=given):
            return False
        return all(upload.has(part, (CHUNK,), given=given) for part, _ in parts_of(self.index, key))

    def _complete(self, digest: str) -> bool:
        if not is_digest(digest):
            return False
        place = self.index.find_firm(bytes.fromhex(digest), WHOLE)
        if place is None or place.kind != RECIPE:
            return place is not None
        parts = parts_of(self.index, bytes.fromhex(digest))
        return all(self.index.find_firm(part, (CHUNK,)) is not None for part, _ in parts)

    def _below(self, tree: bytes, paths: list[str]) -> Iterator[Entry]:
        seen: set[str] = set()
        for path in paths:
            found = find_item(self.index, tree, check_path(path.rstrip("/")))
            if found is None:
                raise BlobNotFound(
                    f"The tree has no path {path!r}. List what is there with: tenfold data ls NAME", field="paths"
                )
            item, mtime_ns = found
            if item.what == FOLDER:
                entries = walk(self.index, item.key, path.rstrip("/"), folders=True)
            else:
                entries = iter([entry_of(item, path, mtime_ns)])
            for entry in entries:
                if entry.path not in seen:
                    seen.add(entry.path)
                    yield entry


def _key(digest: str) -> bytes:
    if not is_digest(digest):
        raise Invalid(f"{digest!r} is not a content id: 64 characters 0-9 a-f", field="digest")
    return bytes.fromhex(digest)


def _raise_broken(path: str) -> None:
    raise Conflict(
        f"{path} is a link into the cache, which has lost that file. Get it back with: tenfold data checkout",
        field="source",
    )


def _sorted_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (pair[1] or pair[0]).path)  # type: ignore[union-attr]


def _root(tree: Tree) -> list[bytes]:
    return [bytes.fromhex(tree.digest)]
