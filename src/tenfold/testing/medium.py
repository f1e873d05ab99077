"""What every medium must do. A medium's tests inherit the suite and give it an empty medium."""

from __future__ import annotations

import threading

import pytest

from tenfold.base.errors import BlobNotFound, InvalidAddress
from tenfold.contracts import Medium


class MediumSuite:
    """Inherit it and give a fixture `medium` that holds nothing."""

    def test_an_object_comes_back_as_it_was_put(self, medium: Medium) -> None:
        for name, data in (("packs/a", b"hello"), ("empty", b""), ("deep/er/still", bytes(range(256)) * 300)):
            medium.put(name, data)
            assert medium.get(name) == data
            assert medium.has(name)

    def test_an_object_put_in_pieces_is_their_join(self, medium: Medium) -> None:
        medium.put_parts("packs/a", [b"one", memoryview(b"xtwox")[1:4], b""])
        assert medium.get("packs/a") == b"onetwo"

    def test_an_object_written_in_pieces_is_seen_once_it_is_kept(self, medium: Medium) -> None:
        writer = medium.writer("packs/slow")
        piece = bytearray(b"one")
        writer.write(memoryview(piece))
        piece[:] = b"two"  # as whoever reads into one buffer does
        writer.write(memoryview(piece))
        assert not medium.has("packs/slow")
        assert medium.scan() == []
        writer.keep()
        writer.drop()
        assert medium.get("packs/slow") == b"onetwo"

    def test_an_object_dropped_leaves_nothing(self, medium: Medium) -> None:
        writer = medium.writer("packs/given-up")
        writer.write(b"begun")
        writer.drop()
        assert not medium.has("packs/given-up")
        assert medium.scan() == []

    def test_a_range_is_that_part_and_ends_with_the_object(self, medium: Medium) -> None:
        medium.put("a", b"0123456789")
        assert medium.get("a", 3, 4) == b"3456"
        assert medium.get("a", 7) == b"789"
        assert medium.get("a", 8, 2) == b"89"
        assert medium.get("a", 0, 0) == b""

    def test_a_large_object_comes_back_whole_and_in_parts(self, medium: Medium) -> None:
        data = bytes(range(251)) * 80_000
        medium.put("packs/large", data)
        assert medium.get("packs/large") == data
        assert medium.get("packs/large", 19_000_000, 1000) == data[19_000_000:19_001_000]

    def test_what_is_not_there_is_said_to_be_so(self, medium: Medium) -> None:
        assert not medium.has("packs/none")
        with pytest.raises(BlobNotFound, match="packs/none"):
            medium.get("packs/none")
        with pytest.raises(BlobNotFound):
            medium.get("packs/none", 5, 5)

    def test_scan_gives_name_size_and_time_sorted_by_name(self, medium: Medium) -> None:
        assert medium.scan() == []
        assert medium.scan("packs/") == []
        for name in ("packs/b", "packs/a", "index/c", "packsmore", "packs/in/ner"):
            medium.put(name, name.encode())
        names = [name for name, _, _ in medium.scan()]
        assert names == ["index/c", "packs/a", "packs/b", "packs/in/ner", "packsmore"]
        assert [name for name, _, _ in medium.scan("packs/")] == ["packs/a", "packs/b", "packs/in/ner"]
        assert [name for name, _, _ in medium.scan("packs/a")] == ["packs/a"]
        sizes = {name: size for name, size, _ in medium.scan()}
        assert sizes["packs/in/ner"] == len("packs/in/ner")
        assert all(at_ms > 1_600_000_000_000 for _, _, at_ms in medium.scan())

    def test_a_stamp_tells_that_bytes_were_touched(self, medium: Medium) -> None:
        assert medium.stamp("packs/a") == ""
        medium.put("packs/a", b"before")
        before = medium.stamp("packs/a")
        assert medium.stamp("packs/a") == before
        medium.delete("packs/a")
        assert medium.stamp("packs/a") == ""
        medium.put("packs/a", b"beside")
        assert medium.stamp("packs/a") != before or before == ""

    def test_delete_removes_and_may_be_said_twice(self, medium: Medium) -> None:
        medium.put("packs/a", b"x")
        medium.delete("packs/a")
        medium.delete("packs/a")
        assert not medium.has("packs/a")
        assert medium.scan() == []

    def test_putting_a_name_again_leaves_its_bytes(self, medium: Medium) -> None:
        medium.put("packs/a", b"same")
        medium.put("packs/a", b"same")
        assert medium.get("packs/a") == b"same"
        assert len(medium.scan()) == 1

    def test_a_name_that_leaves_the_medium_is_refused(self, medium: Medium) -> None:
        for name in ("../out", "/abs", "a/../../b", ""):
            with pytest.raises(InvalidAddress):
                medium.put(name, b"x")
            with pytest.raises(InvalidAddress):
                medium.get(name)

    def test_many_threads_put_and_get_at_once(self, medium: Medium) -> None:
        wrong: list[str] = []

        def work(number: int) -> None:
            for turn in range(5):
                name, data = f"packs/{number}-{turn}", b"%d" % number * (turn + 1)
                medium.put(name, data)
                if medium.get(name) != data:
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(medium.scan("packs/")) == 30

    def test_a_name_put_as_new_keeps_what_the_first_put(self, medium: Medium) -> None:
        assert medium.put_new("heads/a/1", b"first")
        assert not medium.put_new("heads/a/1", b"second")
        assert medium.put_new("heads/a/1", b"first")
        assert medium.get("heads/a/1") == b"first"
        assert [name for name, _, _ in medium.scan()] == ["heads/a/1"]
