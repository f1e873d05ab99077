"""Bad input and faults of working copies: each ends in a clear error or a finished job, and never in a loss."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenfold.base.errors import Conflict, Forbidden, StoreFull
from tenfold.contracts import Stores
from tenfold.data import Dataset, Local, Worktree, verify
from tenfold.stores.blobs import folder as walking
from tenfold.testing.blobs import noise
from tenfold.testing.stores import sqlite_stores


def opened(top: Path, desk: Path) -> tuple[Stores, Worktree]:
    stores = sqlite_stores(top / "store")
    return stores, Worktree(Local(stores.blobs, lambda: stores, desk, top / "cache"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB. Needs the right to mount, which the project's container and CI have."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot mount a small disk here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def leave_free(disk: Path, pages: int) -> Path:
    """Fill a disk but for so many pages; gives the file that does."""
    stat = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, stat.f_bavail - pages) * stat.f_frsize))
    return filler


def test_at_whatever_page_the_disk_becomes_full_a_commit_is_whole_or_refused(disk: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    (desk / "raw").mkdir(parents=True)
    (desk / "raw" / "a").write_bytes(noise(20_000))
    work = opened(disk, desk)[1]
    work.add("raw")
    refused = done = 0
    for pages in [*range(0, 24, 2), 30, 60, 120]:
        (desk / "raw" / "b").write_bytes(noise(9_000, pages))
        stores, work = opened(disk, desk)
        before = len(Dataset(stores, "raw").versions())
        filler = leave_free(disk, pages)
        try:
            work.commit(message=f"with {pages} pages")
            done += 1
        except StoreFull as error:
            assert "No room" in str(error)
            refused += 1
        finally:
            filler.unlink()
        assert (desk / "raw" / "b").read_bytes() == noise(9_000, pages)
        stores, work = opened(disk, desk)
        assert verify(stores) == []
        versions = Dataset(stores, "raw").versions()
        assert len(versions) - before in (0, 1)
        for version in versions:
            for entry in stores.blobs.entries(version.digest):
                assert len(stores.blobs.get_bytes(entry.digest)) == entry.size_bytes
        work.commit()
        assert work.status()[0].state == "clean"
    assert refused
    assert done


def test_at_whatever_page_the_disk_becomes_full_a_checkout_can_be_ended(disk: Path, tmp_path: Path) -> None:
    desk = disk / "desk"
    (desk / "raw").mkdir(parents=True)
    contents = []
    for turn in range(2):
        for number in range(6):
            (desk / "raw" / f"f{number}").write_bytes(noise(30_000, 10 * turn + number))
        work = opened(tmp_path, desk)[1]
        work.add("raw") if turn == 0 else work.commit()
        contents.append({path.name: path.read_bytes() for path in (desk / "raw").iterdir()})
    refused = 0
    for turn, pages in enumerate([0, 1, 3, 8, 12, 20, 60]):
        filler = leave_free(disk, pages)
        try:
            opened(tmp_path, desk)[1].checkout(at=f"v{turn % 2 + 1}")
        except StoreFull:
            refused += 1
            for path in (desk / "raw").iterdir():
                assert path.name not in contents[0] or path.read_bytes() in [c[path.name] for c in contents]
        finally:
            filler.unlink()
        opened(tmp_path, desk)[1].checkout(at=f"v{turn % 2 + 1}")
        assert {path.name: path.read_bytes() for path in (desk / "raw").iterdir()} == contents[turn % 2]
    assert refused


@pytest.mark.parametrize("gone", ["sub/b", "sub"])
def test_what_vanishes_while_it_is_read_is_named_and_nothing_is_recorded(
    gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "desk" / "raw"
    (raw / "sub").mkdir(parents=True)
    (raw / "a").write_bytes(b"1")
    (raw / "sub" / "b").write_bytes(b"2")
    listed = walking._listed

    def then_remove(path: str) -> list[os.DirEntry[str]]:
        found = listed(path)
        if gone == "sub" and path == str(raw):
            shutil.rmtree(raw / "sub")
        elif gone == "sub/b" and path == str(raw / "sub"):
            (raw / "sub" / "b").unlink()
        return found

    stores, work = opened(tmp_path, tmp_path / "desk")
    monkeypatch.setattr(walking, "_listed", then_remove)
    with pytest.raises(Conflict, match=f"raw/{gone} vanished"):
        work.add("raw")
    monkeypatch.undo()
    assert list(stores.versions.search("data", "raw")) == []
    work.add("raw")
    assert (raw / "a").read_bytes() == b"1"


def test_a_store_that_may_not_be_written_to_says_so_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "desk" / "raw").mkdir(parents=True)
    (tmp_path / "desk" / "raw" / "a").write_bytes(noise(5000))
    stores, work = opened(tmp_path, tmp_path / "desk")
    work.add("raw")
    (tmp_path / "desk" / "raw" / "a").write_bytes(noise(5000, 2))

    def as_nobody(do: Callable[[], object]) -> None:
        folders = [tmp_path / "store", *(path for path in (tmp_path / "store").rglob("*") if path.is_dir())]
        modes = {folder: folder.stat().st_mode for folder in folders}
        root = os.geteuid() == 0
        for above in [tmp_path, *tmp_path.parents[:3]] if root else []:  # one more where tests run in several processes
            above.chmod(above.stat().st_mode | 0o055)
        for folder in folders:
            folder.chmod(0o555)
        if root:
            os.seteuid(65534)
        try:
            do()
        finally:
            if root:
                os.seteuid(0)
            for folder, mode in modes.items():
                folder.chmod(mode)

    def refused() -> None:
        with pytest.raises(Forbidden, match="may not be"):
            stores.blobs.put_folder(tmp_path / "desk" / "raw")
        tree = Dataset(stores, "raw").at("main").digest
        assert [stores.blobs.get_bytes(entry.digest) for entry in stores.blobs.entries(tree)] == [noise(5000)]

    as_nobody(refused)
    assert work.commit()[0].version.number == 2
    assert verify(stores) == []
