"""One flipped bit, anywhere: it is named by `verify`, never given out as content, and never makes a collection take too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.base.errors import Damaged
from tenfold.records import Entry
from tenfold.stores.blobs import PackedBlobs, open_blobs, packs, pins
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE, TIMES
from tenfold.testing.blobs import noise


class Filled:
    """A store that has an object of every sort, and what its tree holds."""

    def __init__(self, top: Path) -> None:
        self.top, self.objects = top, top / "objects"
        source = top / "source"
        (source / "d" / "deep").mkdir(parents=True)
        (source / "d" / "deep" / "random").write_bytes(noise(3000))
        (source / "d" / "text").write_bytes(b"the same again " * 300)
        (source / "large").write_bytes(noise(700_000))
        (source / "link").symlink_to("large")
        self.source = source
        blobs = self.opened()
        self.tree = blobs.put_folder(source).digest
        blobs.put_bytes(b"nothing names this")
        blobs.collect([self.tree], grace_ms=0)  # leaves an index segment and a trash list
        self.content = {entry.path: entry for entry in blobs.entries(self.tree)}
        pins.write_pin(blobs.medium, [bytes.fromhex(self.tree)])
        pins.write_session(blobs.medium, ids.new_id(), 5)
        self.trash = set((self.objects / "trash").iterdir())

    def opened(self) -> PackedBlobs:
        return open_blobs(self.objects, self.top / "cache")

    def one(self, folder: str) -> Path:
        return max((self.objects / folder).iterdir(), key=lambda path: path.stat().st_size)

    def forget_findings(self) -> None:
        for path in set((self.objects / "trash").iterdir()) - self.trash:
            path.unlink()

    def read(self, entry: Entry) -> bytes:
        path = self.source / entry.path
        return str(path.readlink()).encode() if entry.kind == "symlink" else path.read_bytes()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return Filled(tmp_path_factory.mktemp("bits"))


def flipped(path: Path, positions: Iterator[int] | list[int]) -> Iterator[int]:
    """Each position with one of its bits changed on disk; whole again afterwards."""
    whole = path.read_bytes()
    path.chmod(0o644)
    try:
        for at in positions:
            data = bytearray(whole)
            data[at] ^= 1 << at % 8
            path.write_bytes(data)
            yield at
    finally:
        path.write_bytes(whole)


def check(filled: Filled) -> None:
    """The flip is named, and whatever is read is right."""
    try:
        assert filled.opened().verify() != []
        for entry in filled.content.values():
            try:
                assert filled.opened().get_bytes(entry.digest) == filled.read(entry)
            except Damaged as error:
                assert "packs/" in str(error) or "format.json" in str(error)
    finally:
        filled.forget_findings()


@pytest.mark.parametrize("kind", [CHUNK, RECIPE, NODE, TIMES])
def test_a_bit_of_an_object_of_each_kind_is_named_with_its_key(filled: Filled, kind: int) -> None:
    path = filled.one("packs")
    places = [(key, place) for key, place in filled.opened().index.all() if place.kind == kind]
    assert places
    for key, place in places:
        middle = [place.offset, place.offset + place.stored // 2, place.offset + place.stored - 1]
        for at in flipped(path, middle):
            try:
                lines = filled.opened().verify()
                assert any(key.hex() in line for line in lines), (at, lines)
            finally:
                filled.forget_findings()


@pytest.mark.parametrize("part", ["header", "records", "tail"])
def test_a_bit_of_the_frame_of_a_pack_is_named(filled: Filled, part: str) -> None:
    path = filled.one("packs")
    size = path.stat().st_size
    count = len([1 for _, place in filled.opened().index.all() if place.pack == path.name])
    begin = size - 44 - 46 * count
    where = {
        "header": range(len(packs.MAGIC)),
        "records": range(begin, size - 44, 13),
        "tail": range(size - 44, size, 5),
    }
    for at in flipped(path, list(where[part])):
        lines = filled.opened().verify()
        filled.forget_findings()
        assert any(path.name in line for line in lines), at


@pytest.mark.parametrize("folder", ["index", "pins", "sessions", "trash"])
def test_a_bit_of_a_segment_or_note_is_named_and_no_content_suffers(filled: Filled, folder: str) -> None:
    path = filled.one(folder)
    size = path.stat().st_size
    for _ in flipped(path, sorted({*range(0, size, 1 + size // 40), size - 1})):
        lines = filled.opened().verify()
        filled.forget_findings()
        assert any(path.name in line for line in lines)
        check(filled)


def test_a_bit_of_format_json_is_refused_or_named_by_its_name(filled: Filled) -> None:
    path = filled.objects / "format.json"
    for _ in flipped(path, list(range(path.stat().st_size))):
        try:
            assert any("format.json" in line for line in filled.opened().verify())
        except ValueError as error:  # another format's name or number: not ours to judge
            assert "format" in str(error)
        filled.forget_findings()


@pytest.mark.parametrize("folder", ["pins", "sessions"])
def test_what_protects_and_cannot_be_read_stops_a_collection(filled: Filled, folder: str) -> None:
    before = {path: path.read_bytes() for path in filled.objects.rglob("*") if path.is_file()}
    for _ in flipped(filled.one(folder), [5, 20]):
        with pytest.raises(Damaged, match=folder):
            filled.opened().collect([filled.tree], grace_ms=0)
    assert {path: path.read_bytes() for path in filled.objects.rglob("*") if path.is_file()} == before


def test_beside_a_trash_list_that_cannot_be_read_everything_is_stored_anew(tmp_path: Path) -> None:
    filled = Filled(tmp_path)
    path = filled.one("trash")
    path.chmod(0o644)
    path.write_bytes(b"\x92" + path.read_bytes()[1:])
    before = filled.opened().size()[1]
    assert filled.opened().put_folder(filled.source).digest == filled.tree
    assert filled.opened().size()[1] > before + 700_000


def test_repair_writes_the_format_again_and_drops_segments_and_headers_that_are_damaged(tmp_path: Path) -> None:
    filled = Filled(tmp_path)
    for path, at in ((filled.objects / "format.json", 0), (filled.one("index"), 700), (filled.one("packs"), 3)):
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
    assert len(filled.opened().verify()) == 3
    assert filled.opened().repair([filled.tree])[1] == []
    again = filled.opened()
    assert again.verify() == []
    assert {entry.path: again.get_bytes(entry.digest) for entry in again.entries(filled.tree)} == {
        path: filled.read(entry) for path, entry in filled.content.items()
    }


def test_notes_of_the_first_revision_are_read(tmp_path: Path) -> None:
    import msgspec

    filled = Filled(tmp_path)
    for folder in ("pins", "sessions", "trash"):
        for path in (filled.objects / folder).iterdir():
            path.unlink()
    blobs = filled.opened()
    key = bytes.fromhex(filled.tree)
    blobs.medium.put(f"pins/{ids.new_id()}", msgspec.msgpack.encode(key + key))
    blobs.medium.put(f"sessions/{ids.new_id()}", msgspec.msgpack.encode({"since_ms": 7}))
    blobs.medium.put(f"trash/{ids.new_id()}", msgspec.msgpack.encode([["p"], key]))
    assert pins.oldest_session(blobs.medium, blobs.index.clock()) == 7
    assert list(blobs.pins()) == [filled.tree, filled.tree]
    fresh = filled.opened()
    assert fresh.verify() == []
    assert fresh.index.condemned == {key: {"p"}}
