"""What every change log must do."""

from __future__ import annotations

import threading

from tenfold.contracts import Stores
from tenfold.testing.runs import a_run


class EventsSuite:
    """Inherit it and give a fixture `stores`."""

    def test_events_come_back_in_order(self, stores: Stores) -> None:
        start = stores.events.last()
        for n in range(5):
            stores.events.append("run", f"r{n}", action="poked", at_ms=n, project="p")
        events = stores.events.after(start)
        assert [(e.topic, e.id, e.action, e.at_ms, e.project) for e in events] == [
            ("run", f"r{n}", "poked", n, "p") for n in range(5)
        ]
        assert [e.seq for e in events] == sorted({e.seq for e in events})
        assert stores.events.last() == events[-1].seq
        assert stores.events.after(start, limit=2) == events[:2]
        assert stores.events.after(events[2].seq) == events[3:]
        assert stores.events.after(events[-1].seq) == []

    def test_trimming_forgets_the_old_and_keeps_the_newest(self, stores: Stores) -> None:
        start = stores.events.last()
        for at_ms in (10, 30, 20):
            stores.events.append("run", "r", action="x", at_ms=at_ms)
        last = stores.events.last()
        stores.events.trim(before_ms=20)
        assert [e.at_ms for e in stores.events.after(start)] == [30, 20]
        assert stores.events.trim(before_ms=100) == 1
        assert [e.seq for e in stores.events.after(start)] == [last]
        stores.events.append("run", "r", action="y", at_ms=5)
        assert stores.events.after(last)[0].action == "y"

    def test_a_reader_misses_nothing_while_many_write(self, stores: Stores) -> None:
        start = stores.events.last()
        runs = [[a_run() for _ in range(15)] for _ in range(4)]
        failed: list[BaseException] = []

        def write(mine: list[object]) -> None:
            try:
                for run in mine:
                    stores.runs.create([run])  # type: ignore[list-item]
            except BaseException as error:
                failed.append(error)

        writers = [threading.Thread(target=write, args=(mine,)) for mine in runs]
        for writer in writers:
            writer.start()
        seen: list[str] = []
        seq = start
        while True:
            alive = any(writer.is_alive() for writer in writers)
            for event in stores.events.after(seq, limit=7):
                seen.append(event.id)
                assert event.seq > seq
                seq = event.seq
            if not alive and seq == stores.events.last():
                break
        assert failed == []
        assert len(seen) == len(set(seen))
        assert set(seen) == {run.id for mine in runs for run in mine}
        for mine in runs:
            assert [seen_id for seen_id in seen if seen_id in {run.id for run in mine}] == [run.id for run in mine]
