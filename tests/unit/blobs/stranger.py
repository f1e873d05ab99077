"""A reader of blob stores made from docs/format.md alone: nothing of Tenfold is imported.

python stranger.py STORE check                 every object, note and segment against its hash; prints what was found, as JSON
python stranger.py STORE restore TREE FOLDER   writes a tree to a folder that is not there yet
"""

import json
import os
import struct
import sys
from pathlib import Path

import zstandard
from blake3 import blake3

CHUNK, RECIPE, NODE, TIMES = 0, 1, 2, 3


def digest(data: bytes) -> bytes:
    return blake3(data).digest()


def unpack(data: bytes, at: int = 0) -> tuple[object, int]:
    """(value, position behind it) of MessagePack: the types that the format uses."""
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if 0x90 <= head < 0xA0 or head in (0xDC, 0xDD):
        count, at = (head - 0x90, at) if head < 0xA0 else number(data, at, 2 << head - 0xDC)
        found = []
        for _ in range(count):
            value, at = unpack(data, at)
            found.append(value)
        return found, at
    if 0xA0 <= head < 0xC0 or 0xD9 <= head <= 0xDB:
        size, at = (head - 0xA0, at) if head < 0xC0 else number(data, at, 1 << head - 0xD9)
        return data[at : at + size].decode(), at + size
    if 0xC4 <= head <= 0xC6:
        size, at = number(data, at, 1 << head - 0xC4)
        return data[at : at + size], at + size
    if 0xCC <= head <= 0xCF:
        return number(data, at, 1 << head - 0xCC)
    raise ValueError(f"the format has no MessagePack type {head:#x}")


def number(data: bytes, at: int, width: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + width], "big"), at + width


class Store:
    """The objects of a store and where they lie: by the segments, and by the ends of the packs that none covers."""

    def __init__(self, folder: Path) -> None:
        says = json.loads((folder / "format.json").read_bytes())
        if (says["format"], says["version"]) != ("tenfold-blobs", 1):
            raise ValueError(f"another format: {says}")
        self.folder = folder
        self.packs = {path.name for path in (folder / "packs").iterdir()}
        self.places: dict[tuple[bytes, int], list[tuple[str, int, int, int, int]]] = {}
        self.segments = sorted((folder / "index").iterdir()) if (folder / "index").is_dir() else []
        covered: set[str] = set()
        for path in self.segments:
            covered |= self.read_segment(path.read_bytes())
        for pack in sorted(self.packs - covered):
            for key, kind, codec, *where in struct.iter_unpack(">32sBBIII", self.records(pack)):
                self.places.setdefault((key, kind), []).append((pack, codec, *where))

    def read_segment(self, data: bytes) -> set[str]:
        assert data[:8] == b"TFINDEX1"
        assert digest(data[:-32]) == data[-32:]
        packs, count = struct.unpack_from(">II", data, 8)
        names = [data[16 + 26 * n : 42 + 26 * n].decode() for n in range(packs)]
        assert names == sorted(names)
        fan = struct.unpack_from(">256I", data, 16 + 26 * packs)
        records = data[16 + 26 * packs + 1024 : -32]
        assert len(records) == 50 * count
        assert fan[255] == count
        for at, (key, kind, codec, pack, *where) in enumerate(struct.iter_unpack(">32sBBIIII", records)):
            assert (fan[key[0] - 1] if key[0] else 0) <= at < fan[key[0]]
            if names[pack] in self.packs:  # else it means nothing any more
                self.places.setdefault((key, kind), []).append((names[pack], codec, *where))
        return set(names)

    def records(self, pack: str) -> bytes:
        if pack.startswith("F"):
            data = (self.folder / "ends" / pack).read_bytes()[32:]
        else:
            data = (self.folder / "packs" / pack).read_bytes()
            assert data[:8] == b"TFPACK01"
        hash_, count, end = struct.unpack(">32sI8s", data[-44:])
        records = data[-44 - 46 * count : -44]
        assert end == b"TFPACKED"
        assert digest(records) == hash_
        return records

    def read(self, key: bytes, kind: int, copy: int = 0) -> bytes:
        pack, codec, offset, stored, plain = self.places[key, kind][copy]
        with (self.folder / "packs" / pack).open("rb") as file:
            file.seek(offset)
            data = file.read(stored)
        if codec == 1:
            data = zstandard.ZstdDecompressor().decompress(data, max_output_size=plain)
        assert len(data) == plain
        if kind in (CHUNK, NODE):
            assert digest(data) == key
            return data
        assert digest(data[32:]) == data[:32]
        return data[32:]

    def content(self, key: bytes) -> bytes:
        for kind in (CHUNK, NODE):
            if (key, kind) in self.places:
                return self.read(key, kind)
        parts = list(struct.iter_unpack(">32sI", self.read(key, RECIPE)))
        whole = b"".join(self.content(part) for part, _ in parts)
        assert len(whole) == sum(size for _, size in parts)
        assert digest(whole) == key
        return whole

    def items(self, key: bytes) -> list[tuple[str, int, bytes, int, int, int]]:
        """(name, what, key, size, files, mtime in ns or 0) of all in a folder."""
        data = self.content(key)
        assert data[:8] == b"TFNODE01"
        (size, files, items), end = unpack(data, 8)
        assert end == len(data)
        assert (size, files) == (sum(item[3] for item in items), sum(item[4] for item in items))
        assert [item[0] for item in items] == sorted(item[0] for item in items)
        times = self.read(key, TIMES) if (key, TIMES) in self.places else bytes(8 * len(items))
        return [(*item, mtime) for item, (mtime,) in zip(items, struct.iter_unpack(">q", times), strict=True)]

    def restore(self, tree: bytes, folder: Path) -> None:
        folder.mkdir()
        for name, what, key, _, _, mtime_ns in self.items(tree):
            assert not {"/", "\\", "\0"} & set(name)
            assert name not in ("", ".", "..")
            path = folder / name
            if what == 3:
                self.restore(key, path)
                continue
            if what == 2:
                path.symlink_to(os.fsdecode(self.content(key)))
            else:
                path.write_bytes(self.content(key))
                path.chmod(0o755 if what == 1 else 0o644)
            if mtime_ns:
                os.utime(path, ns=(mtime_ns, mtime_ns), follow_symlinks=False)

    def note(self, path: Path) -> list[object]:
        """The values of a pin, session or trash list."""
        data = path.read_bytes()
        values, end = unpack(data)
        head = (
            0x90 + len(values) - 1
        )  # the array of the values alone: the same bytes under another head, without the hash
        assert end == len(data)
        assert digest(bytes([head]) + data[1:-34]) == values[-1]
        return values[:-1]


def check(store: Store) -> dict[str, object]:
    for (key, kind), places in store.places.items():
        for copy in range(len(places)):
            store.read(key, kind, copy)
    notes = {
        kind: [store.note(path) for path in sorted((store.folder / kind).glob("*"))]
        for kind in ("pins", "sessions", "trash")
    }
    return {
        "objects": {name: sum(k == kind for _, k in store.places) for name, kind in
                    (("chunk", CHUNK), ("recipe", RECIPE), ("node", NODE), ("times", TIMES))},
        "twice": sum(len(places) > 1 for places in store.places.values()),
        "codecs": sorted({place[1] for places in store.places.values() for place in places}),
        "packs": len(store.packs),
        "segments": len(store.segments),
        "pinned": [pin[0][i : i + 32].hex() for pin in notes["pins"] for i in range(0, len(pin[0]), 32)],
        "sessions": [session[0] for session in notes["sessions"]],
        "trash": [[packs, len(keys) // 32] for packs, keys in notes["trash"]],
    }  # fmt: skip


if __name__ == "__main__":
    opened = Store(Path(sys.argv[1]))
    if sys.argv[2] == "check":
        sys.stdout.write(json.dumps(check(opened)))
    else:
        opened.restore(bytes.fromhex(sys.argv[3]), Path(sys.argv[4]))
    assert not any(name.startswith("tenfold") for name in sys.modules)
