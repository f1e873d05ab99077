"""Links of checkouts: reflinks where the file system has them, and what gc may take from where links point to."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.stores.blobs import PackedBlobs, files, open_blobs
from tenfold.testing.blobs import noise


@pytest.fixture
def xfs(tmp_path: Path) -> Iterator[Path]:
    """A file system with reflinks, in a file of 300 MiB that is nearly all hole."""
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(320 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-K", "-m", "reflink=1", image], check=True)
    made = subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"REFLINKS WERE NOT TRIED: no XFS can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_reflinks_share_their_bytes_with_the_cache_and_are_edited_freely(xfs: Path) -> None:
    blobs = open_blobs(xfs / "objects", xfs / "cache")
    tree = blobs.put_tree({"a": noise(40_000_000), "b": b"small"})

    def used() -> int:
        subprocess.run(["sync", "-f", xfs], check=True)
        return int(subprocess.run(["stat", "-f", "-c", "%f", xfs], capture_output=True, check=True).stdout) * -4096

    blobs.checkout(tree.digest, xfs / "one", link=["reflink"])
    before = used()
    blobs.checkout(tree.digest, xfs / "two", link=["reflink"])
    assert used() - before < 4_000_000
    with (xfs / "two" / "a").open("r+b") as file:
        file.write(b"edited")
    assert [two.path for _, two in blobs.diff_folder(tree.digest, xfs / "two")[1] if two] == ["a"]
    assert blobs.diff_folder(tree.digest, xfs / "one") == (tree, [])
    blobs.checkout(tree.digest, xfs / "two", link=["reflink"])
    assert blobs.diff_folder(tree.digest, xfs / "two") == (tree, [])


@pytest.mark.parametrize("link", ["hardlink", "symlink"])
def test_gc_takes_from_where_links_point_to_only_what_no_link_can_point_to(
    tmp_path: Path, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = PackedBlobs(open_blobs(tmp_path / "objects", tmp_path / "cache").medium, tmp_path / "cache")
    tree = blobs.put_tree({"a": b"1", "b": b"2"})
    blobs.checkout(tree.digest, tmp_path / "out", link=[link])
    (tmp_path / "out" / "b").unlink()

    def kept() -> int:
        blobs.collect([tree.digest], grace_ms=0)
        return len(list((tmp_path / "cache" / "links").glob("*/*")))

    assert kept() == 2  # fresh: a checkout may be about to link it
    now = time.time
    monkeypatch.setattr(files.time, "time", lambda: now() + 7200)
    assert kept() == (1 if link == "hardlink" else 2)
    assert blobs.diff_folder(tree.digest, tmp_path / "out")[1][0][0].path == "b"
    assert (tmp_path / "out" / "a").read_bytes() == b"1"


def test_times_of_folders_come_back_where_the_checkout_makes_them(tmp_path: Path) -> None:
    import os

    blobs = open_blobs(tmp_path / "objects", tmp_path / "cache")
    top = tmp_path / "in"
    (top / "sub" / "deep").mkdir(parents=True)
    (top / "sub" / "a").write_bytes(b"1")
    (top / "empty").mkdir()
    folders = ["sub/deep", "sub", "empty"]
    for number, folder in enumerate(folders):
        os.utime(top / folder, ns=(10**18, 10**18 + number))
    tree = blobs.put_folder(top)
    (tmp_path / "out" / "empty").mkdir(parents=True)
    blobs.checkout(tree.digest, tmp_path / "out")
    times = [(tmp_path / "out" / folder).stat().st_mtime_ns - 10**18 for folder in folders]
    assert times[:2] == [0, 1]
    assert times[2] != 2  # was there before: left as it is
    assert blobs.put_folder(tmp_path / "out") == tree
