"""What a copy of trees, or of some files, has to bring from one blob store to another, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenfold.records import Entry
from tenfold.stores.blobs.chunks import SMALL
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.nodes import FOLDER, decode_node
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE, TIMES, Place
from tenfold.stores.blobs.reading import WHOLE, located, parts_of, read_content, stream
from tenfold.stores.blobs.recipes import decode_recipe
from tenfold.stores.blobs.upload import Upload

Object = tuple[Place, bytes]
"""(place in the source, key)."""


@dataclass(slots=True)
class CopyPlan:
    """What a copy brings over, in the order in which it does: content, recipes of large content, folders from below."""

    content: list[Object] = field(default_factory=list)
    recipes: list[Object] = field(default_factory=list)
    folders: list[Object] = field(default_factory=list)
    files: int = 0
    """Files whose content is missing there, each content once."""

    @property
    def size_bytes(self) -> int:
        """Bytes that go over, as they are stored."""
        return sum(place.stored for part in (self.content, self.recipes, self.folders) for place, _ in part)


def plan_trees(source: Index, upload: Upload, trees: Iterable[bytes]) -> CopyPlan:
    """What the target lacks of trees. Raises BlobNotFound when the source lacks some of it."""
    plan = CopyPlan()
    below: dict[bytes, list[bytes]] = {}
    seen: set[bytes] = set()
    small: list[bytes] = []
    large: list[bytes] = []
    level = [tree for tree in dict.fromkeys(trees) if not _has_folder(upload, tree)]
    seen.update(level)
    while level:
        deeper: list[bytes] = []
        for key, data in _contents(source, level):
            below[key] = []
            for item in decode_node(data, key).items:
                inside = item.what == FOLDER
                if inside:
                    below[key].append(item.key)
                if item.key in seen:
                    continue
                seen.add(item.key)
                if inside:
                    if not _has_folder(upload, item.key):
                        deeper.append(item.key)
                elif item.size > SMALL:
                    large.append(item.key)
                elif not upload.has(item.key, (CHUNK, NODE)):
                    small.append(item.key)
        level = deeper
    _plan_files(source, upload, small, large, plan)
    _plan_folders(source, upload, below, plan)
    return plan


def plan_files(source: Index, upload: Upload, entries: Iterable[Entry]) -> CopyPlan:
    """What the target lacks of the content of these entries. Raises BlobNotFound when the source lacks some of it."""
    sizes = {bytes.fromhex(entry.digest): entry.size_bytes for entry in entries if entry.kind != "folder"}
    small = [key for key, size in sizes.items() if size <= SMALL and not upload.has(key, (CHUNK, NODE))]
    plan = CopyPlan()
    _plan_files(source, upload, small, [key for key, size in sizes.items() if size > SMALL], plan)
    return plan


def _plan_files(source: Index, upload: Upload, small: list[bytes], large: list[bytes], plan: CopyPlan) -> None:
    plan.content = located(source, small)
    plan.files = len(small)
    _plan_large(source, upload, [key for place, key in plan.content if place.kind == RECIPE] + large, plan)


def _plan_large(source: Index, upload: Upload, keys: list[bytes], plan: CopyPlan) -> None:
    plan.content = [(place, key) for place, key in plan.content if place.kind != RECIPE]
    parts: dict[bytes, None] = {}
    recipes: list[bytes] = []
    unknown: list[bytes] = []
    for key in keys:
        if upload.has(key, (CHUNK, NODE)):
            continue
        if upload.has(key, (RECIPE,)):  # it may have outlived its chunks
            missing = [part for part, _ in parts_of(upload.index, key) if not upload.has(part, (CHUNK,))]
            parts.update(dict.fromkeys(missing))
            plan.files += bool(missing)
        else:
            unknown.append(key)
    places = located(source, unknown)
    plan.files += len(unknown)
    parts.update(dict.fromkeys(key for place, key in places if place.kind != RECIPE))
    recipes = [key for place, key in places if place.kind == RECIPE]
    for key, data in zip(recipes, stream(source, recipes, (RECIPE,)), strict=True):
        found = [part for part, _ in decode_recipe(data, key)]
        parts.update(dict.fromkeys(part for part in found if part not in parts and not upload.has(part, (CHUNK,))))
    known = {key for _, key in plan.content}
    plan.content += located(source, (part for part in parts if part not in known), (CHUNK, NODE))
    plan.content.sort(key=lambda item: (item[0].pack, item[0].offset))
    plan.recipes += [(place, key) for place, key in places if place.kind == RECIPE]


def _plan_folders(source: Index, upload: Upload, below: dict[bytes, list[bytes]], plan: CopyPlan) -> None:
    """Folders from below upwards, each after its times; a folder so large that it has a recipe, after its chunks."""
    done: set[bytes] = set()
    for top in below:
        waiting = [(top, False)]
        while waiting:
            key, is_ready = waiting.pop()
            if is_ready:
                _plan_folder(source, upload, key, plan)
            elif key not in done:
                done.add(key)
                waiting.append((key, True))
                waiting += [(inner, False) for inner in below[key] if inner in below]


def _plan_folder(source: Index, upload: Upload, key: bytes, plan: CopyPlan) -> None:
    times = source.find(key, (TIMES,))
    if times is not None and not upload.has(key, (TIMES,)):
        plan.folders.append((times, key))
    place = located(source, [key])[0][0]
    if place.kind == RECIPE:
        parts = [part for part, _ in parts_of(source, key) if not upload.has(part, (CHUNK,))]
        plan.folders += located(source, dict.fromkeys(parts), (CHUNK,))
    plan.folders.append((place, key))


def _has_folder(upload: Upload, key: bytes) -> bool:
    """True when the target has a folder: then it has all below it, for folders are stored after what they name.

    But for those that an earlier attempt stored: what it relied on may have been collected.
    """
    return not upload.mine and upload.has(key, (NODE, RECIPE))


def _contents(index: Index, keys: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """(key, content) of each, in the order in which they lie, several reads at once where the store is far."""
    places = located(index, keys)
    plain = [key for place, key in places if place.kind != RECIPE]
    yield from zip(plain, stream(index, plain, WHOLE), strict=True)
    for key in (key for place, key in places if place.kind == RECIPE):
        yield key, read_content(index, key)
