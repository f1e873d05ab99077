"""The format on disk is what docs/format.md says: the golden store is read by Tenfold, and by a reader that is none of it."""

from __future__ import annotations

import json
import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.stores.blobs import chunks, open_blobs

GOLDEN = Path(__file__).parents[2] / "golden" / "store-1"
TREE = "68379d250178f2770ccf19bc37b6d3857384252eb6c638c7af9890bdbe9b9248"
AFTER_SEGMENT = "251d61068bf5a8de7b999a9f49753144fff1726f772362574ffba24cdb33abb4"
NOISE = random.Random(1).randbytes(900_000)
CONTENT = {
    "folder/deep/noise.bin": NOISE,
    "folder/words.txt": b"the same words again\n" * 500,
    "hello.txt": b"hello\n",
    "link": b"folder/words.txt",
    "nothing": b"",
    "run.sh": b"#!/bin/sh\n",
}
MTIME_NS = 1_700_000_000_123_456_789


class Stranger:
    """A reader made from docs/format.md alone."""

    def __init__(self, folder: Path) -> None:
        assert json.loads((folder / "format.json").read_bytes())["version"] == 1
        self.objects: dict[tuple[bytes, int], bytes] = {}
        for path in (folder / "packs").iterdir():
            self._read_pack(path.read_bytes())

    def _read_pack(self, pack: bytes) -> None:
        assert (pack[:8], pack[-8:]) == (b"TFPACK01", b"TFPACKED")
        hash_, count = pack[-44:-12], int.from_bytes(pack[-12:-8], "big")
        records = pack[-44 - 46 * count : -44]
        assert blake3(records).digest() == hash_
        for key, kind, codec, offset, stored, plain in struct.iter_unpack(">32sBBIII", records):
            data = pack[offset : offset + stored]
            if codec == 1:
                data = zstandard.decompress(data, max_output_size=plain)
            assert len(data) == plain
            assert blake3(data).digest() == key if kind in (0, 2) else blake3(data[32:]).digest() == data[:32]
            self.objects[key, kind] = data

    def content(self, key: bytes) -> bytes:
        for kind in (0, 2):
            if (key, kind) in self.objects:
                return self.objects[key, kind]
        recipe = self.objects[key, 1][32:]
        whole = b"".join(self.content(part) for part, _ in struct.iter_unpack(">32sI", recipe))
        assert blake3(whole).digest() == key
        return whole

    def walk(self, key: bytes, folder: str = "") -> Iterator[tuple[str, int, bytes, int]]:
        """(path, what, content, mtime in ns) of all below."""
        data = self.content(key)
        assert data[:8] == b"TFNODE01"
        size, files, items = msgspec.msgpack.decode(data[8:])
        assert (size, files) == (sum(item[3] for item in items), sum(item[4] for item in items))
        times = self.objects.get((key, 3), bytes(32 + 8 * len(items)))[32:]
        for item, (mtime_ns,) in zip(items, struct.iter_unpack(">q", times), strict=True):
            name, what, inner = item[:3]
            if what == 3:
                yield (f"{folder}{name}/", what, b"", 0)
                yield from self.walk(inner, f"{folder}{name}/")
            else:
                yield (folder + name, what, self.content(inner), mtime_ns)


def test_a_stranger_reads_the_golden_store() -> None:
    stranger = Stranger(GOLDEN)
    found = list(stranger.walk(bytes.fromhex(TREE)))
    assert {path: content for path, what, content, _ in found if what != 3} == CONTENT
    assert {path for path, what, _, _ in found if what == 3} == {"empty/", "folder/", "folder/deep/"}
    assert {path: what for path, what, _, _ in found if what in (1, 2)} == {"run.sh": 1, "link": 2}
    assert {mtime for _, what, _, mtime in found if what != 3} == {MTIME_NS}
    assert stranger.content(bytes.fromhex(AFTER_SEGMENT)) == b"written after the segment"


def test_every_revision_reads_the_golden_store_and_stores_the_same_content_under_the_same_ids(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "objects")
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert {e.path: blobs.get_bytes(e.digest) for e in blobs.entries(TREE) if e.kind != "folder"} == CONTENT
    assert {e.mtime_ns for e in blobs.entries(TREE) if e.kind != "folder"} == {MTIME_NS}
    assert blobs.get_bytes(AFTER_SEGMENT) == b"written after the segment"
    assert blobs.verify() == []
    size = blobs.size()
    assert blobs.checkout(TREE, tmp_path / "out") == 6
    found, differences = blobs.diff_folder(TREE, tmp_path / "out")
    assert (found.digest, differences) == (TREE, [])
    assert blobs.put_folder(tmp_path / "out").digest == TREE
    pins = (tmp_path / "objects" / "pins").glob("*")
    assert blobs.size()[1] - sum(path.stat().st_size for path in pins) == size[1]
    fresh = open_blobs(tmp_path / "fresh", tmp_path / "cache-2")
    assert fresh.put_folder(tmp_path / "out").digest == TREE


def test_a_stranger_reads_what_is_written_today(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    tree = blobs.put_tree({f"d{n % 7}/f{n}": b"%d" % n * n for n in range(300)} | {"large": NOISE * 3})
    blobs.collect([tree.digest], grace_ms=0)
    found = {p: c for p, what, c, _ in Stranger(tmp_path / "objects").walk(bytes.fromhex(tree.digest)) if what != 3}
    assert found == {f"d{n % 7}/f{n}": b"%d" % n * n for n in range(300)} | {"large": NOISE * 3}


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 1_048_576, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_a_stream_is_cut_where_the_same_bytes_in_memory_are(size: int, tmp_path: Path) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / "f").write_bytes(data)
    with (tmp_path / "f").open("rb", buffering=0) as source:
        streamed = [bytes(chunk) for chunk in chunks.cut_stream(source)]
    assert streamed == [bytes(chunk) for chunk in chunks.cut_bytes(data) if len(chunk)]
    assert b"".join(streamed) == data
    if size > chunks.SMALL:
        assert all(chunks.MIN <= len(chunk) <= chunks.MAX for chunk in streamed[:-1])


paths = st.lists(st.sampled_from(["a", "b", "a-b", "ä", "c.txt", "z"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(paths, st.binary(max_size=300), max_size=12))
def test_any_tree_goes_round(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {p: c for p, c in files.items() if not any(q.startswith(f"{p}/") for q in files)}
    top = tmp_path_factory.mktemp("any")
    blobs = open_blobs(top / "objects", top / "cache")
    tree = blobs.put_tree(files)
    assert {e.path: blobs.get_bytes(e.digest) for e in blobs.entries(tree.digest)} == files
    assert [e.path for e in blobs.entries(tree.digest)] == sorted(files)
    assert blobs.checkout(tree.digest, top / "out") == len(files)
    assert blobs.diff_folder(tree.digest, top / "out") == (tree, [])
    assert (tree.files, tree.size_bytes) == (len(files), sum(map(len, files.values())))
