"""What every blob store must do. A store's tests inherit the suite and give it an empty store, and a way to open it again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.base.hashing import digest
from tenfold.contracts import Blobs
from tenfold.testing.samples import LARGE, make_folder, noise
from tenfold.testing.trees import TreesSuite

__all__ = ["BlobsSuite", "noise"]


class BlobsSuite(TreesSuite):
    """Inherit it and give a fixture `blobs`, an empty store, and `again`, which opens the same store afresh."""

    def test_bytes_of_every_size_come_back(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        contents = [b"", b"x", b"text " * 100, noise(262_144), noise(262_145), noise(LARGE), bytes(LARGE)]
        digests = [blobs.put_bytes(data) for data in contents]
        assert digests == [digest(data) for data in contents]
        for store in (blobs, again()):
            assert [store.get_bytes(d) for d in digests] == contents
        assert blobs.has([*digests, "0" * 64]) == set(digests)

    def test_what_is_not_stored_is_said_to_be_so(self, blobs: Blobs) -> None:
        for ask in (blobs.get_bytes, blobs.open, blobs.local_path, blobs.entries):
            with pytest.raises(BlobNotFound, match="000000"):
                ask("0" * 64)
            with pytest.raises(Invalid):
                ask("../../etc/passwd")
        assert blobs.has(["0" * 64, "nonsense"]) == set()

    def test_another_opening_sees_what_was_written_since_it_last_looked(
        self, blobs: Blobs, again: Callable[[], Blobs]
    ) -> None:
        first = blobs.put_bytes(b"first")
        other = again()
        assert other.get_bytes(first) == b"first"
        second = blobs.put_bytes(b"second")
        assert other.get_bytes(second) == b"second"
        third = blobs.put_bytes(b"third")
        assert other.has([third]) == {third}

    def test_content_is_stored_once(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        data = noise(LARGE)
        blobs.put_bytes(data)
        before = blobs.size()[1]
        blobs.put_bytes(data)
        again().put_bytes(data)
        assert blobs.size()[1] == before

    def test_an_insertion_in_the_middle_stores_little_more_than_itself(self, blobs: Blobs) -> None:
        data = noise(8_000_000)
        blobs.put_bytes(data)
        before = blobs.size()[1]
        blobs.put_bytes(data[:4_000_000] + b"inserted" + data[4_000_000:])
        assert blobs.size()[1] - before < 2_200_000

    def test_text_is_stored_smaller_than_it_is(self, blobs: Blobs) -> None:
        blobs.put_bytes(b"the same words again and again, " * 50_000)
        assert blobs.size()[1] < 400_000

    def test_a_file_gives_an_entry_with_its_name_size_and_mode(self, blobs: Blobs, tmp_path: Path) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(noise(LARGE))
        path.chmod(0o750)
        entry = blobs.put_file(path)
        assert (entry.path, entry.size_bytes, entry.mode, entry.kind) == ("model.bin", LARGE, 0o755, "file")
        assert entry.mtime_ns == path.stat().st_mtime_ns
        assert blobs.get_bytes(entry.digest) == noise(LARGE)

    def test_a_reader_seeks_and_reads_like_a_file(self, blobs: Blobs) -> None:
        data = noise(LARGE)
        with blobs.open(blobs.put_bytes(data)) as reader:
            assert reader.read(10) == data[:10]
            reader.seek(1_500_000)
            assert reader.read(900_000) == data[1_500_000:2_400_000]
            reader.seek(-5, os.SEEK_END)
            assert reader.tell() == LARGE - 5
            assert reader.read() == data[-5:]
            assert reader.read() == b""
            reader.seek(LARGE + 5)
            assert reader.read(1) == b""

    def test_a_local_path_is_a_read_only_file_with_the_content(self, blobs: Blobs) -> None:
        data = noise(LARGE)
        path = blobs.local_path(blobs.put_bytes(data))
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o222 == 0
        assert blobs.local_path(digest(data)) == path

    def test_collection_removes_what_nothing_reaches_and_nothing_else(
        self, blobs: Blobs, again: Callable[[], Blobs], tmp_path: Path
    ) -> None:
        kept = blobs.put_folder(make_folder(tmp_path / "s"))
        kept_bytes = blobs.put_bytes(noise(LARGE, 7))
        doomed = [blobs.put_bytes(noise(size, 9)) for size in (100, 300_000, LARGE)]
        tree = blobs.put_tree({"a": b"doomed", "b/c": noise(LARGE, 11)})
        reader = again()
        assert reader.has(doomed) == set(doomed)
        planned = blobs.collect([kept.digest, kept_bytes], grace_ms=0, dry_run=True)
        assert blobs.has(doomed) == set(doomed)
        freed = blobs.collect([kept.digest, kept_bytes], grace_ms=0)
        assert freed == planned
        assert freed[1] > 2 * LARGE
        for store in (blobs, again()):
            assert store.has([*doomed, tree.digest]) == set()
            assert store.verify() == []
        assert reader.get_bytes(kept_bytes) == noise(LARGE, 7)
        assert again().checkout(kept.digest, tmp_path / "out") == 7

    def test_collection_of_some_trees_leaves_all_others_whole(
        self, blobs: Blobs, again: Callable[[], Blobs], tmp_path: Path
    ) -> None:
        shared = noise(LARGE, 3)
        gone = blobs.put_tree({"a": shared, "b": noise(LARGE, 5), "c/d": b"small"})
        unnamed = blobs.put_tree({"a": shared, "e": b"e"})
        loose = blobs.put_bytes(noise(LARGE, 6))
        planned = blobs.collect([], grace_ms=0, dry_run=True, only=[gone.digest])
        assert blobs.collect([], grace_ms=0, only=[gone.digest]) == planned
        assert LARGE <= planned[1] < 2 * LARGE
        for store in (blobs, again()):
            assert store.has([gone.digest, unnamed.digest, loose]) == {unnamed.digest, loose}
            assert store.verify() == []
        assert again().checkout(unnamed.digest, tmp_path / "out") == 2
        kept = blobs.put_tree({"b": noise(LARGE, 8)})
        assert blobs.collect([kept.digest], grace_ms=0, only=[kept.digest]) == (0, 0)

    def test_collection_leaves_what_is_younger_than_the_grace(self, blobs: Blobs) -> None:
        young = blobs.put_bytes(b"young")
        assert blobs.collect([], grace_ms=3_600_000) == (0, 0)
        assert blobs.get_bytes(young) == b"young"

    def test_what_was_collected_can_be_stored_again(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        data = noise(LARGE)
        key = blobs.put_bytes(data)
        other = again()
        assert other.has([key]) == {key}
        again().collect([], grace_ms=0)
        assert blobs.put_bytes(data) == key
        for store in (blobs, other, again()):
            assert store.get_bytes(key) == data

    def test_many_threads_store_and_read_at_once(self, blobs: Blobs, again: Callable[[], Blobs]) -> None:
        wrong: list[object] = []

        def work(number: int) -> None:
            try:
                for turn in range(4):
                    data = noise(400_000, number % 3) + b"%d" % turn
                    if blobs.get_bytes(blobs.put_bytes(data)) != data:
                        wrong.append(number)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert again().verify() == []
