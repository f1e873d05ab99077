"""The journal: what log() keeps, what it says, and that threads, forks and full disks do it no harm."""

from __future__ import annotations

import errno
import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tenfold.base import ids
from tenfold.records import Run
from tenfold.stores.series import blocks, segment
from tenfold.stores.series.journal import Journal
from tenfold.stores.series.place import Place, claimed, left_behind
from tenfold.stores.series.shipper import ship, ship_left
from tenfold.testing.stores import memory_stores


class Bench:
    """A run in a memory store with a journal, and the warnings it gave."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.run_id = folder, ids.new_id()
        self.warnings: list[str] = []
        self.stores = memory_stores()
        self.stores.runs.create([Run(id=self.run_id, project="p")])
        self.journal = self.new_journal()

    def new_journal(self) -> Journal:
        return Journal(lambda: Place(self.folder, self.run_id), warn=lambda about, text: self.warnings.append(text))

    def read(self, key: str) -> list[tuple[int, float, int]]:
        found = blocks.columns(self.stores.series.read(self.run_id, key))
        return list(zip(found.steps.tolist(), found.values.tolist(), found.times_ms.tolist(), strict=True))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_was_logged_is_what_is_stored(bench: Bench) -> None:
    bench.journal.log({"loss": 0.5, "acc": 1}, step=7, at_ms=1_700_000_000_123)
    bench.journal.log({"loss": float("nan")}, step=-3, at_ms=1_700_000_000_124)
    assert ship(bench.stores.series, bench.journal) == 3
    assert bench.read("acc") == [(7, 1.0, 1_700_000_000_123)]
    steps = [point[0] for point in bench.read("loss")]
    assert steps == [-3, 7]
    assert ship(bench.stores.series, bench.journal) == 0


def test_steps_count_up_when_none_is_given(bench: Bench) -> None:
    for _ in range(3):
        bench.journal.log({"loss": 1.0})
    ship(bench.stores.series, bench.journal)
    assert [step for step, _, _ in bench.read("loss")] == [0, 1, 2]


def test_array_scalars_and_nested_mappings_are_taken(bench: Bench) -> None:
    bench.journal.log(
        {"a": np.float32(0.5), "b": np.int64(3), "c": np.array(2.0), "train": {"x": {"y": True}}}, step=np.int64(4)
    )
    ship(bench.stores.series, bench.journal)
    assert [bench.read(key)[0][:2] for key in ("a", "b", "c", "train/x/y")] == [(4, 0.5), (4, 3.0), (4, 2.0), (4, 1.0)]


def test_what_is_no_number_is_said_and_the_rest_is_kept(bench: Bench) -> None:
    bench.journal.log({"text": "0.5", "loss": 1.0, "none": None, 3: 1.0, "": 2.0, "more": 2.0}, step=1)
    bench.journal.log({"loss": 1.0}, step="two")  # type: ignore[arg-type]
    bench.journal.log([1.0])  # type: ignore[arg-type]
    assert len(bench.warnings) == 6
    ship(bench.stores.series, bench.journal)
    assert sorted(info.key for info in bench.stores.series.infos([bench.run_id])[bench.run_id]) == ["loss", "more"]


def test_many_segments_hold_every_point_in_order_and_go_when_stored(bench: Bench) -> None:
    for step in range(30_000):
        bench.journal.log({"a": step, "b": -step}, step=step)
    assert bench.journal.place is not None
    folder = bench.journal.place.folder
    assert len(list(folder.glob("*.seg"))) > 2
    assert ship(bench.stores.series, bench.journal) == 60_000
    assert len(list(folder.glob("*.seg"))) == 1
    assert [value for _, value, _ in bench.read("a")] == list(range(30_000))


def test_a_dead_process_s_points_are_shipped_once(bench: Bench) -> None:
    for step in range(5000):
        bench.journal.log({"a": step}, step=step)
    assert ship(bench.stores.series, bench.journal) == 5000
    for step in range(5000, 9000):
        bench.journal.log({"a": step, "new": step}, step=step)
    place = bench.journal.place
    assert place is not None
    with claimed(place.folder) as mine:
        assert not mine, "its owner lives"
    place.release()
    assert left_behind(bench.folder) == [place.folder]
    with claimed(place.folder) as mine:
        assert mine
        assert ship_left(bench.stores.series, place.folder) == 8000
        assert ship_left(bench.stores.series, place.folder) == 0
    assert [value for _, value, _ in bench.read("a")] == list(range(9000))


def test_a_torn_record_is_passed_over(bench: Bench) -> None:
    bench.journal.log({"a": 1.0}, step=1)
    whole = segment.POINT_RECORD.pack(segment.POINT, 2.0, 2, 1.0)
    for torn in (whole[:16] + bytes(16), bytes(16) + whole[16:], whole[:8] + bytes(24)):
        bench.journal._write(torn)
    ship(bench.stores.series, bench.journal)
    assert [value for _, value, _ in bench.read("a")] == [1.0]


def test_threads_lose_nothing(bench: Bench) -> None:
    def work(name: int) -> None:
        for step in range(5000):
            bench.journal.log({f"t{name}": step, "shared": name}, step=step)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        ship(bench.stores.series, bench.journal)
    ship(bench.stores.series, bench.journal)
    counts = {info.key: info.count for info in bench.stores.series.infos([bench.run_id])[bench.run_id]}
    assert counts == {"shared": 30_000} | {f"t{name}": 5000 for name in range(6)}
    assert bench.read("t3")[-1][:2] == (4999, 4999.0)


def test_a_forked_child_has_a_journal_of_its_own(bench: Bench) -> None:
    bench.journal.log({"parent": 1.0})

    def child() -> None:
        bench.journal.forget_parent()
        bench.journal.log({"child": 2.0})
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(20)
    assert process.exitcode == 0
    bench.journal.log({"parent": 3.0})
    ship(bench.stores.series, bench.journal)
    free = []
    for folder in left_behind(bench.folder):
        with claimed(folder) as mine:
            if mine:
                free.append(ship_left(bench.stores.series, folder))
    assert free == [1]
    assert [value for _, value, _ in bench.read("parent")] == [1.0, 3.0]
    assert [value for _, value, _ in bench.read("child")] == [2.0]


def test_a_full_disk_is_said_once_and_the_points_before_it_stay(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(100):
        bench.journal.log({"a": step}, step=step)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        for step in range(100, 9000):
            bench.journal.log({"a": step}, step=step)
    assert len(set(bench.warnings)) == 1
    assert "Free space" in bench.warnings[0]
    ship(bench.stores.series, bench.journal)
    kept = [value for _, value, _ in bench.read("a")]
    assert kept == list(range(len(kept)))
    assert len(kept) > 100
    bench.journal._not_before = 0.0
    bench.journal.log({"a": -1.0, "b": 1.0}, step=9000)
    ship(bench.stores.series, bench.journal)
    assert bench.read("a")[-1][:2] == (9000, -1.0)
    assert bench.read("b")[-1][:2] == (9000, 1.0)


def test_after_close_points_are_refused_aloud(bench: Bench) -> None:
    bench.journal.log({"a": 1.0})
    bench.journal.close()
    bench.journal.log({"a": 2.0})
    assert "after its run ended" in bench.warnings[0]
    ship(bench.stores.series, bench.journal)
    assert [value for _, value, _ in bench.read("a")] == [1.0]
