"""Damage is found and named, a full disk loses nothing, and leftovers of the dead are removed."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Conflict, Damaged, Forbidden, Invalid, InvalidAddress, StoreFull
from tenfold.stores.blobs import LocalMedium, MemoryMedium, PackedBlobs, open_blobs
from tenfold.testing.blobs import noise


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "objects" / "packs").iterdir())


@pytest.fixture
def blobs(tmp_path: Path) -> PackedBlobs:
    return open_blobs(tmp_path / "objects", tmp_path / "cache")


def test_a_flipped_bit_is_never_given_out_and_names_the_content(blobs: PackedBlobs, tmp_path: Path) -> None:
    key = blobs.put_bytes(noise(1000))
    sound = blobs.put_bytes(b"sound")
    flip(packs(tmp_path)[0], 500)
    for ask in (blobs.get_bytes, blobs.local_path, lambda k: blobs.open(k).read()):
        with pytest.raises(Damaged, match=key):
            ask(key)
    lines = blobs.verify()
    assert len(lines) == 1
    assert key in lines[0]
    assert blobs.get_bytes(sound) == b"sound"
    assert not list((tmp_path / "cache" / "files").rglob("*.*"))


def test_each_flipped_bit_of_a_pack_is_found(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    tree = blobs.put_tree({"a": noise(200), "b": b"text " * 100, "c/d": b"x"})
    (pack,) = packs(tmp_path)
    whole = pack.read_bytes()
    pack.chmod(0o644)
    for at in range(8, len(whole), 7):
        pack.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert open_blobs(tmp_path / "objects", tmp_path / "cache").verify() != [], at
    for length in (0, 5, 100, len(whole) - 1):
        pack.write_bytes(whole[:length])
        assert open_blobs(tmp_path / "objects", tmp_path / "cache").verify() != [], length
    pack.write_bytes(whole)
    again = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert again.verify() == []
    assert len(again.entries(tree.digest)) == 3


def test_a_damaged_index_segment_costs_nothing_but_is_reported(blobs: PackedBlobs, tmp_path: Path) -> None:
    keys = [blobs.put_bytes(b"%d" % number) for number in range(5)]
    blobs.index.consolidate(force=True)
    (segment,) = (tmp_path / "objects" / "index").iterdir()
    flip(segment, 700)
    again = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert [again.get_bytes(key) for key in keys] == [b"0", b"1", b"2", b"3", b"4"]
    assert len(again.verify()) == 1
    segment.unlink()
    assert open_blobs(tmp_path / "objects", tmp_path / "cache").verify() == []


def test_verify_names_what_is_missing_when_a_pack_is_lost(blobs: PackedBlobs, tmp_path: Path) -> None:
    part = blobs.put_bytes(b"content")
    entry = blobs.put_tree({"folder/name.txt": b"content"})
    packs(tmp_path)[0].unlink()
    lines = open_blobs(tmp_path / "objects", tmp_path / "cache").verify()
    assert len(lines) == 1
    assert "name.txt" in lines[0]
    assert part in lines[0]
    assert entry.files == 1


def test_damaged_content_stored_again_is_whole_again(blobs: PackedBlobs, tmp_path: Path) -> None:
    key = blobs.put_bytes(noise(1000))
    flip(packs(tmp_path)[0], 500)
    packs(tmp_path)[0].rename(tmp_path / "aside")
    fresh = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert fresh.put_bytes(noise(1000)) == key
    (tmp_path / "aside").rename(tmp_path / "objects" / "packs" / "01AAAAAAAAAAAAAAAAAAAAAAAA")
    assert open_blobs(tmp_path / "objects", tmp_path / "cache").get_bytes(key) == noise(1000)


def test_collection_never_moves_or_removes_damaged_bytes(blobs: PackedBlobs, tmp_path: Path) -> None:
    tree = blobs.put_tree({"kept": noise(1000)})
    other = blobs.put_tree({"kept": noise(1000), "doomed": noise(5000, 1)})
    kept = blobs.find_entry(tree.digest, "kept")
    assert kept is not None
    flip(packs(tmp_path)[0], 500)
    open_blobs(tmp_path / "objects", tmp_path / "cache").collect([tree.digest], grace_ms=0)
    again = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert any(kept.digest in line for line in again.verify())
    assert again.has([other.digest]) == set()


def test_collection_stops_before_anything_when_a_kept_tree_cannot_be_read(blobs: PackedBlobs, tmp_path: Path) -> None:
    tree = blobs.put_tree({f"{n}/file": b"%d" % n for n in range(50)})
    blobs.put_bytes(noise(5000))
    flip(packs(tmp_path)[0], 1200)
    before = {path.name: path.read_bytes() for path in packs(tmp_path)}
    damaged = open_blobs(tmp_path / "objects", tmp_path / "cache")
    with pytest.raises((Damaged, BlobNotFound)):
        damaged.entries(tree.digest)
    with pytest.raises((Damaged, BlobNotFound)):
        damaged.collect([tree.digest], grace_ms=0)
    assert {path.name: path.read_bytes() for path in packs(tmp_path)} == before


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB. Needs the right to mount, which the project's container and CI have."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot mount a small disk here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_what_was_stored_stays(tiny_disk: Path, tmp_path: Path) -> None:
    blobs = open_blobs(tiny_disk / "objects", tmp_path / "cache")
    key = blobs.put_bytes(noise(1_000_000))
    with pytest.raises(StoreFull, match="What was stored before is intact"):
        blobs.put_bytes(noise(4_000_000, 1))
    assert not list((tiny_disk / "objects" / "tmp").iterdir())
    again = open_blobs(tiny_disk / "objects", tmp_path / "cache")
    assert again.verify() == []
    assert again.get_bytes(key) == noise(1_000_000)
    assert blobs.get_bytes(blobs.put_bytes(noise(500_000, 2))) == noise(500_000, 2)


def test_checkout_to_a_full_disk_is_said_and_leaves_no_part_of_a_file(tiny_disk: Path, tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    tree = blobs.put_tree({"a": b"small", "b": noise(4_000_000)})
    with pytest.raises(StoreFull):
        blobs.checkout(tree.digest, tiny_disk / "out")
    assert [path.name for path in (tiny_disk / "out").iterdir()] == ["a"]


def test_what_a_dead_writer_left_is_removed_and_a_live_one_is_let_be(tmp_path: Path) -> None:
    import fcntl

    medium = LocalMedium(tmp_path)
    (tmp_path / "tmp").mkdir()
    dead, young, live = (tmp_path / "tmp" / name for name in ("dead", "young", "live"))
    for path in (dead, young, live):
        path.write_bytes(b"half")
    for path in (dead, live):
        os.utime(path, (time.time() - 3600, time.time() - 3600))
    with live.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert medium.sweep() == 1
    assert not dead.exists()
    assert live.exists()
    assert young.exists()


def test_a_file_that_changes_while_it_is_read_is_refused(blobs: PackedBlobs, tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(noise(9_000_000))

    def grow(done: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(Conflict, match="growing"):
        blobs.put_tree({"growing": path}, progress=grow)


def test_what_is_no_file_is_refused_by_name(blobs: PackedBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(Invalid, match="pipe"):
        blobs.put_folder(folder)
    (folder / "pipe").unlink()
    (folder / "back\\slash").write_bytes(b"x")
    with pytest.raises(InvalidAddress, match="slash"):
        blobs.put_folder(folder)
    (folder / "back\\slash").unlink()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"x")
    with pytest.raises(InvalidAddress, match="UTF-8"):
        blobs.put_folder(folder)


def test_a_store_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    medium = MemoryMedium()
    medium.put("format.json", b'{"format":"tenfold-blobs","version":2}')
    with pytest.raises(Invalid, match="newer"):
        PackedBlobs(medium, tmp_path).put_bytes(b"x")
    with pytest.raises(Invalid, match="newer"):
        PackedBlobs(medium, tmp_path).has(["0" * 64])
    assert [name for name, _, _ in medium.scan()] == ["format.json"]


def test_a_changed_file_with_its_old_size_and_mtime_is_still_seen(blobs: PackedBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "f").write_bytes(b"one")
    os.utime(folder / "f", ns=(10**18, 10**18))
    first = blobs.put_folder(folder)
    assert blobs.put_folder(folder) == first
    (folder / "f").write_bytes(b"two")
    os.utime(folder / "f", ns=(10**18, 10**18))
    second = blobs.put_folder(folder)
    assert second != first
    entry = blobs.find_entry(second.digest, "f")
    assert entry is not None
    assert blobs.get_bytes(entry.digest) == b"two"


def test_a_known_file_whose_content_was_collected_is_stored_again(blobs: PackedBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "small").write_bytes(b"small")
    (folder / "large").write_bytes(noise(2_000_000))
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    tree = blobs.put_folder(folder)
    open_blobs(tmp_path / "objects", tmp_path / "cache").collect([], grace_ms=0)
    assert blobs.put_folder(folder) == tree
    assert open_blobs(tmp_path / "objects", tmp_path / "cache").verify() == []
    assert blobs.checkout(tree.digest, tmp_path / "out") == 2


def test_putting_damaged_content_again_heals_it_once_the_damage_was_found(blobs: PackedBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "small").write_bytes(noise(1000))
    (folder / "large").write_bytes(noise(3_000_000, 1))
    os.utime(folder / "small", (1, 1))
    os.utime(folder / "large", (1, 1))
    tree = blobs.put_folder(folder)
    flip(packs(tmp_path)[0], 100)
    flip(packs(tmp_path)[0], 1_500_000)
    assert len(blobs.verify()) >= 2
    fresh = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert fresh.put_folder(folder) == tree
    assert fresh.checkout(tree.digest, tmp_path / "out") == 2
    assert fresh.verify() != []
    removed, lines = fresh.repair([tree.digest])
    assert (removed >= 2, lines) == (True, [])
    assert open_blobs(tmp_path / "objects", tmp_path / "cache-2").checkout(tree.digest, tmp_path / "out-2") == 2


def test_repair_takes_from_the_cache_and_keeps_what_nothing_can_replace(blobs: PackedBlobs, tmp_path: Path) -> None:
    tree = blobs.put_tree({"large": noise(3_000_000), "lost": noise(2000, 1)})
    entry = blobs.find_entry(tree.digest, "large")
    assert entry is not None
    assert blobs.local_path(entry.digest).stat().st_size == 3_000_000
    flip(packs(tmp_path)[0], 1_500_000)
    removed, lines = open_blobs(tmp_path / "objects", tmp_path / "cache").repair([tree.digest])
    assert (removed, lines) == (1, [])
    lost = blobs.find_entry(tree.digest, "lost")
    assert lost is not None
    blobs.index.refresh()
    place = blobs.index.find(bytes.fromhex(lost.digest))
    assert place is not None
    flip(tmp_path / "objects" / "packs" / place.pack, place.offset)
    before = {path.name: path.read_bytes() for path in packs(tmp_path)}
    again = open_blobs(tmp_path / "objects", tmp_path / "cache")
    removed, lines = again.repair([tree.digest])
    assert removed == 0
    assert any(lost.digest in line for line in lines)
    assert {path.name: path.read_bytes() for path in packs(tmp_path)} == before
    again.put_bytes(noise(2000, 1))
    assert again.repair([tree.digest]) == (1, [])


def test_a_pack_whose_end_is_lost_goes_only_when_all_that_is_named_is_whole(blobs: PackedBlobs, tmp_path: Path) -> None:
    tree = blobs.put_tree({"a": noise(5000)})
    (pack,) = packs(tmp_path)
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-20])
    fresh = open_blobs(tmp_path / "objects", tmp_path / "cache")
    assert fresh.repair([tree.digest])[0] == 0
    assert pack.exists()
    assert fresh.put_tree({"a": noise(5000)}) == tree
    assert fresh.repair([tree.digest]) == (1, [])
    assert not pack.exists()


@pytest.mark.parametrize("link", ["hardlink", "symlink"])
def test_links_whose_file_the_cache_lost_are_missing_and_come_back(
    blobs: PackedBlobs, tmp_path: Path, link: str
) -> None:
    import shutil

    tree = blobs.put_tree({"a": b"1", "b": noise(500_000)})
    out = tmp_path / "out"
    blobs.checkout(tree.digest, out, link=[link])
    shutil.rmtree(tmp_path / "cache")
    gone = [one.path for one, two in blobs.diff_folder(tree.digest, out)[1] if one and not two]
    assert gone == (["a", "b"] if link == "symlink" else [])
    if link == "symlink":
        with pytest.raises(Conflict, match="tenfold data checkout"):
            blobs.put_folder(out)
    blobs.checkout(tree.digest, out)
    assert blobs.put_folder(out) == tree


def test_a_link_type_the_file_system_lacks_becomes_the_next_one(tiny_disk: Path, tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    tree = blobs.put_tree({"a": b"1", "b": b"2"})
    assert blobs.checkout(tree.digest, tiny_disk / "out", link=["reflink", "hardlink"]) == 2
    assert [path.stat().st_nlink for path in (tiny_disk / "out").iterdir()] == [1, 1]
    assert blobs.diff_folder(tree.digest, tiny_disk / "out") == (tree, [])


def test_case_twins_and_deep_folders_and_times_come_back(blobs: PackedBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    deep = folder.joinpath(*(f"level {n}" for n in range(20)))
    deep.mkdir(parents=True)
    (deep / "bottom").write_bytes(b"")
    (folder / "A").write_bytes(b"upper")
    (folder / "a").write_bytes(b"lower")
    (folder / "out").symlink_to("../../outside")
    for path in (deep / "bottom", folder / "A", folder / "out"):
        os.utime(path, ns=(10**18 + 7, 10**18 + 7), follow_symlinks=False)
    tree = blobs.put_folder(folder)
    blobs.checkout(tree.digest, tmp_path / "back")
    assert blobs.diff_folder(tree.digest, tmp_path / "back") == (tree, [])
    assert (tmp_path / "back" / "A").read_bytes() == b"upper"
    for path in folder.rglob("*"):
        if not path.is_dir() and path.name != "a":
            assert (tmp_path / "back" / path.relative_to(folder)).lstat().st_mtime_ns == 10**18 + 7


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a user without rights, whom this process is meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
            for path in Path(folder).rglob("*"):
                if not path.is_symlink():
                    path.chmod(0o755)


def test_what_may_not_be_read_or_written_is_named_and_nothing_is_lost(nobody: Path) -> None:
    blobs = open_blobs(nobody / "objects", nobody / "cache")
    (nobody / "folder" / "sub").mkdir(parents=True)
    (nobody / "folder" / "open").write_bytes(b"1")
    (nobody / "folder" / "sub" / "secret").write_bytes(b"2")
    tree = blobs.put_folder(nobody / "folder")
    (nobody / "folder" / "sub" / "secret").write_bytes(b"changed")
    (nobody / "folder" / "sub" / "secret").chmod(0)
    for ask in (blobs.put_folder, lambda folder: blobs.diff_folder(tree.digest, folder)):
        with pytest.raises(Forbidden, match="secret may not be read"):
            ask(nobody / "folder")
    (nobody / "folder" / "sub").chmod(0o555)
    with pytest.raises(Forbidden, match="may not be"):
        blobs.checkout(tree.digest, nobody / "folder")
    assert (nobody / "folder" / "open").read_bytes() == b"1"
    (nobody / "folder" / "sub").chmod(0o755)
    (nobody / "folder" / "sub" / "secret").chmod(0o644)
    assert (nobody / "folder" / "sub" / "secret").read_bytes() == b"changed"
    assert blobs.verify() == []
