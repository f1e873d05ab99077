"""Large files made for a store are moved into it: written once, read where they lie, and otherwise as all other content."""

from __future__ import annotations

import mmap
import os
import tempfile
import time
from pathlib import Path

import pytest

from tenfold.records import Entry
from tenfold.stores.blobs import LocalMedium, PackedBlobs, open_blobs
from tenfold.testing.blobs import noise

PIECE = 1 << 20
DATA = noise(3 * PIECE + 17) + bytes(2 * PIECE)


def opened(folder: Path) -> PackedBlobs:
    return open_blobs(folder / "objects", folder / "cache")


def made(blobs: PackedBlobs, data: bytes) -> Entry:
    path = blobs.place_to_make() / f"{len(data)}"
    path.write_bytes(data)
    try:
        return blobs.put_made(path)
    finally:
        path.unlink(missing_ok=True)


def written(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_made_file_is_written_once_and_read_where_it_lies(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    entry = made(blobs, DATA)
    for reader in (blobs, opened(tmp_path)):
        path = reader.local_path(entry.digest)
        assert path.read_bytes() == DATA == reader.get_bytes(entry.digest)
        assert path.parent == tmp_path / "objects" / "packs"
        assert not path.stat().st_mode & 0o222
        with reader.open(entry.digest) as file:
            file.seek(3 * PIECE)
            assert file.read(20) == DATA[3 * PIECE :][:20]
        assert reader.sound([entry.digest]) == {entry.digest}
        assert reader.verify() == []
    again = made(blobs, DATA)
    assert again.digest == entry.digest
    assert written(tmp_path) < len(DATA) + 4096
    other = made(blobs, DATA[:PIECE])  # one piece of it, and of the size to be taken: it is there
    assert blobs.local_path(other.digest).read_bytes() == DATA[:PIECE]


def test_a_file_that_begins_as_another_of_its_size_is_not_mistaken_for_it(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    twin = DATA[:-1] + b"x"
    first, second = made(blobs, DATA), made(blobs, twin)
    assert blobs.local_path(second.digest).read_bytes() == twin
    assert blobs.local_path(first.digest).read_bytes() == DATA


def test_collections_take_dead_files_and_carry_over_what_others_use(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    small = blobs.put_tree({"a": made(blobs, DATA[:PIECE]), "zeros": made(blobs, bytes(5 * PIECE))})
    large = blobs.put_tree({"b": made(blobs, DATA)})
    (tmp_path / "objects" / "ends" / "F0000000000000000000000000").write_bytes(bytes(100))  # of a killed writer
    assert blobs.collect([small.digest, large.digest], grace_ms=-1) == (0, 0)
    assert blobs.collect([small.digest], grace_ms=-1)[1] >= 3 * PIECE
    fresh = opened(tmp_path)
    assert fresh.has([large.digest]) == set()
    assert fresh.local_path(fresh.entries(small.digest)[1].digest).read_bytes() == bytes(5 * PIECE)
    assert fresh.get_bytes(fresh.entries(small.digest)[0].digest) == DATA[:PIECE]
    assert fresh.verify() == []
    fresh.collect([], grace_ms=-1)
    assert list((tmp_path / "objects").glob("packs/*")) + list((tmp_path / "objects").glob("ends/*")) == []


def test_damage_in_a_taken_file_is_noticed_and_the_next_put_mends_it(tmp_path: Path) -> None:
    blobs, other = opened(tmp_path), opened(tmp_path)
    entry = made(blobs, DATA)
    assert other.sound([entry.digest]) == {entry.digest}
    path = other.local_path(entry.digest)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(2 * PIECE + 5)
        file.write(b"!")
    assert blobs.sound([entry.digest]) == set()
    assert made(blobs, DATA).digest == entry.digest
    for reader in (blobs, other, opened(tmp_path)):
        assert reader.local_path(entry.digest).read_bytes() == DATA
        assert reader.sound([entry.digest]) == {entry.digest}
    assert blobs.repair([entry.digest])[1] == []
    assert opened(tmp_path).verify() == []
    assert not path.exists()


def test_a_pack_whose_end_is_lost_is_damaged_and_stops_nobody(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    lost, kept = made(blobs, DATA), blobs.put_bytes(b"other")
    (end,) = (tmp_path / "objects" / "ends").iterdir()
    end.unlink()
    fresh = opened(tmp_path)
    assert fresh.get_bytes(kept) == b"other"
    assert fresh.has([lost.digest]) == set()
    assert any(end.name in line for line in fresh.verify())
    assert made(fresh, DATA).digest == lost.digest
    assert fresh.local_path(lost.digest).read_bytes() == DATA


def test_a_file_from_another_disk_is_copied(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        elsewhere = Path(tempfile.gettempdir())
    if elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    blobs = opened(tmp_path)
    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        path = Path(folder) / "f"
        path.write_bytes(DATA)
        entry = blobs.put_made(path)
        assert path.read_bytes() == DATA
    assert list((tmp_path / "objects" / "ends").iterdir()) == []
    assert blobs.local_path(entry.digest).read_bytes() == DATA
    assert blobs.verify() == []


def test_a_file_that_someone_else_can_write_to_is_copied(tmp_path: Path) -> None:
    """By another name of it, an open file, or a memory map: what they write later is not written into the store."""
    blobs = opened(tmp_path)
    for number, size in enumerate((len(DATA), len(DATA) - 1, PIECE + 5)):
        path = blobs.place_to_make() / "made"
        path.write_bytes(DATA[:size])
        path.chmod(0o600)
        if number == 0:
            theirs = tmp_path / "theirs"
            theirs.hardlink_to(path)
            writer = theirs.open("r+b")
            writer.close()
        else:
            writer = path.open("r+b")
        if number == 2:
            map_ = mmap.mmap(writer.fileno(), size)
            writer.close()
        entry = blobs.put_made(path)
        if number == 0:
            assert theirs.stat().st_mode & 0o777 == 0o600
            theirs.write_bytes(b"!" * size)
        elif number == 1:
            writer.write(b"!" * size)
            writer.close()
        else:
            map_[:] = b"!" * size
            map_.close()
        path.unlink(missing_ok=True)
        assert blobs.get_bytes(entry.digest) == DATA[:size]
        assert blobs.local_path(entry.digest).read_bytes() == DATA[:size]
    assert not (tmp_path / "objects" / "ends").exists()
    assert blobs.verify() == []


def test_a_taken_file_is_as_old_as_its_coming_whatever_its_maker_says(tmp_path: Path) -> None:
    """A collection leaves alone what came within its grace, as nothing may name it yet."""
    blobs = opened(tmp_path)
    path = blobs.place_to_make() / "old"
    path.write_bytes(DATA[:PIECE])  # one piece: nothing younger names it
    os.utime(path, (1, 1))
    entry = blobs.put_made(path)
    assert opened(tmp_path).collect([], grace_ms=3_600_000) == (0, 0)
    assert opened(tmp_path).get_bytes(entry.digest) == DATA[:PIECE]


def test_a_put_that_a_collection_crossed_after_the_file_was_moved_goes_on(tmp_path: Path) -> None:
    """The first attempt relied on how the content is cut, which was stored before; the second finds that gone."""

    class Crossed(LocalMedium):
        def take(self, name: str, path: Path) -> bool:
            moved = super().take(name, path)
            opened(tmp_path).collect([], grace_ms=3_600_000)
            return moved

    other = opened(tmp_path)
    entry = made(other, DATA)
    path = other.local_path(entry.digest)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"!")
    assert other.verify() != []  # from now on the first piece counts as not stored
    for path in (tmp_path / "objects" / "packs").iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    blobs = PackedBlobs(Crossed(tmp_path / "objects"), tmp_path / "cache")
    assert made(blobs, DATA).digest == entry.digest
    fresh = opened(tmp_path)
    assert fresh.get_bytes(entry.digest) == DATA
    assert fresh.verify() == []
