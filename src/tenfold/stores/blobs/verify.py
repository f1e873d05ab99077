"""Reading everything there is, and naming each object that is damaged or missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Damaged, TenfoldError
from tenfold.contracts.blobs import Progress
from tenfold.stores.blobs import pins
from tenfold.stores.blobs.index import FORMAT, FORMAT_NAME, Index, encode_trash
from tenfold.stores.blobs.nodes import FOLDER, decode_node, is_node
from tenfold.stores.blobs.packs import CHUNK, MAGIC, NODE, RECIPE, TIMES, Place, is_file, pack_reader, read_footer
from tenfold.stores.blobs.reading import WHOLE, check, read_content, read_object
from tenfold.stores.blobs.recipes import decode_recipe


class Damage(NamedTuple):
    """One thing that is wrong. `pack` is set where bytes are there and damaged; `key` is what cannot be had there."""

    text: str
    pack: str = ""
    key: bytes = b""


def verify(index: Index, *, progress: Progress | None = None) -> list[str]:
    """One line for each damaged or missing object, none when all is sound.

    Every pack is read whole, every object checked against its hash, and every recipe and folder for what it names.
    What is damaged in one pack but sound in another is reported too. Writers will not rely on what was found damaged.
    """
    found = find_damage(index, progress=progress)
    condemn(index, found)
    return [damage.text for damage in found]


def condemn(index: Index, found: list[Damage]) -> None:
    """List damaged objects under trash/, so that whoever puts that content again stores it anew. May fail silently."""
    by_pack: dict[str, set[bytes]] = {}
    for damage in found:
        if damage.pack and damage.pack not in index.condemned.get(damage.key, ()):
            by_pack.setdefault(damage.pack, set()).add(damage.key)
    with contextlib.suppress(OSError, TenfoldError):  # a store that cannot be written to can be verified all the same
        for pack, keys in by_pack.items():
            index.medium.put(f"trash/{ids.new_id()}", encode_trash({pack}, keys))
    if by_pack:
        index.refresh()


def find_damage(index: Index, *, progress: Progress | None = None) -> list[Damage]:
    """What `verify` says, for programs."""
    with contextlib.suppress(Damaged):  # said with the other notes below
        index.check_format()
    index.assume_format()
    index.refresh()
    found = [Damage(text) for name, text in sorted(index.broken.items()) if name.startswith("index/")]
    found += _verify_notes(index)
    sound: set[bytes] = set()
    recipes: dict[bytes, list[bytes]] = {}
    nodes: list[bytes] = []
    total = sum(size for size, _ in index.packs.values())
    done = 0
    for name, (size, _) in sorted(index.packs.items()):
        found += _verify_pack(index, name, size, sound, recipes, nodes)
        done += size
        if progress is not None:
            progress(done, total)
    found += [Damage(line) for line in _verify_recipes(index, recipes, sound, nodes)]
    for node in nodes:
        found += [Damage(line) for line in _verify_node(index, node, sound)]
    return found


def _verify_pack(
    index: Index, name: str, size: int, sound: set[bytes], recipes: dict[bytes, list[bytes]], nodes: list[bytes]
) -> Iterator[Damage]:
    try:
        read = pack_reader(index.medium, name)
        places = list(read_footer(index.medium, name, size))
    except BlobNotFound:  # removed by a collection meanwhile
        return
    except Damaged as error:
        yield Damage(str(error), name)
        # where a segment still knows what lies in it, each object is judged by itself
        places = [(key, place) for key, place in index.all() if place.pack == name]
    if not is_file(name) and read(0, len(MAGIC)) != MAGIC:
        yield Damage(f"The pack packs/{name} does not begin as a pack does. All in it is checked by itself", name)
    for key, place in places:
        try:
            plain = check(key, place, read(place.offset, place.stored))
            _note(key, place, plain, recipes, nodes)
        except BlobNotFound:
            return
        except Damaged as error:
            yield Damage(str(error), name, key)
            continue
        if place.kind != TIMES:
            sound.add(key)


def _verify_notes(index: Index) -> Iterator[Damage]:
    """What is wrong with format.json, pins, sessions and trash lists."""
    try:
        sound = msgspec.json.decode(index.medium.get(FORMAT_NAME)) == FORMAT
    except (BlobNotFound, msgspec.MsgspecError, UnicodeDecodeError):
        sound = not index.packs
    if not sound:
        yield Damage(f"{FORMAT_NAME} is missing or damaged. Write it again with: tenfold doctor --repair")
    yield from (Damage(text) for _, text in sorted(index.doubtful.items()))
    for read in (pins.read_pins, pins.oldest_session):
        try:
            read(index.medium, index.clock())
        except Damaged as error:
            yield Damage(str(error))


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
