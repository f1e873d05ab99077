"""Reading everything there is, and naming each object that is damaged or missing."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.contracts.blobs import Progress
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.nodes import FOLDER, decode_node, is_node
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE, TIMES, Place, read_footer
from tenfold.stores.blobs.reading import WHOLE, check, read_content, read_object
from tenfold.stores.blobs.recipes import decode_recipe


def verify(index: Index, *, progress: Progress | None = None) -> list[str]:
    """One line for each damaged or missing object, none when all is sound.

    Every pack is read whole, every object checked against its hash, and every recipe and folder for what it names.
    What is damaged in one pack but sound in another is reported too.
    """
    index.refresh()
    lines = [text for name, text in sorted(index.broken.items()) if name.startswith("index/")]
    sound: set[bytes] = set()
    recipes: dict[bytes, list[bytes]] = {}
    nodes: list[bytes] = []
    total = sum(size for size, _ in index.packs.values())
    done = 0
    for name, (size, _) in sorted(index.packs.items()):
        lines += _verify_pack(index, name, size, sound, recipes, nodes)
        done += size
        if progress is not None:
            progress(done, total)
    lines += _verify_recipes(index, recipes, sound, nodes)
    for node in nodes:
        lines += _verify_node(index, node, sound)
    return lines


def _verify_pack(
    index: Index, name: str, size: int, sound: set[bytes], recipes: dict[bytes, list[bytes]], nodes: list[bytes]
) -> Iterator[str]:
    try:
        data = memoryview(index.medium.get(f"packs/{name}"))
        places = list(read_footer(index.medium, name, size))
    except BlobNotFound:  # removed by a collection meanwhile
        return
    except Damaged as error:
        yield str(error)
        return
    for key, place in places:
        try:
            plain = check(key, place, data[place.offset : place.offset + place.stored])
            _note(key, place, plain, recipes, nodes)
        except Damaged as error:
            yield str(error)
            continue
        if place.kind != TIMES:
            sound.add(key)


def _note(key: bytes, place: Place, plain: bytes, recipes: dict[bytes, list[bytes]], nodes: list[bytes]) -> None:
    if place.kind == RECIPE:
        recipes[key] = [part for part, _ in decode_recipe(plain, key)]
    elif place.kind == NODE:
        nodes.append(key)


def _verify_recipes(
    index: Index, recipes: dict[bytes, list[bytes]], sound: set[bytes], nodes: list[bytes]
) -> Iterator[str]:
    for key, parts in recipes.items():
        lost = [part for part in parts if not _sound(index, part, sound)]
        for part in lost:
            yield f"The file {key.hex()} lacks its chunk {part.hex()}. Store the file again, or restore the store from a copy"
        if lost:
            continue
        try:
            if is_node(read_object(index, parts[0], (CHUNK, NODE))[1]):
                nodes.append(key)
        except (BlobNotFound, Damaged) as error:
            yield str(error)


def _verify_node(index: Index, key: bytes, sound: set[bytes]) -> Iterator[str]:
    try:
        node = decode_node(read_content(index, key), key)
    except (BlobNotFound, Damaged) as error:
        yield str(error)
        return
    for item in node.items:
        if not _sound(index, item.key, sound):
            what = "folder" if item.what == FOLDER else "file"
            yield f"The tree {key.hex()} lacks its {what} {item.name!r} ({item.key.hex()}). Restore it from a copy"


def _sound(index: Index, key: bytes, sound: set[bytes]) -> bool:
    if key in sound:
        return True
    try:  # written, or moved to another pack, since we passed
        read_object(index, key, WHOLE)
    except (BlobNotFound, Damaged):
        return False
    sound.add(key)
    return True
