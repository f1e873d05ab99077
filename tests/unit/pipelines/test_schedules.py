from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenfold.base.errors import Invalid, NotFound
from tenfold.contracts import Stores
from tenfold.pipelines.starting.beginning import claim
from tenfold.pipelines.starting.firing import at_moment, due, fire, last_firing, next_times, waiting
from tenfold.pipelines.starting.schedules import Schedule, activate, all_schedules, find, pause, remove, save
from tenfold.pipelines.work import Target
from tenfold.records import Draft, Move, Ref
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.workspace.scheduling import backfill, trigger

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = round(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def daily(**changes: object) -> Schedule:
    given = {"name": "nightly", "pipeline": "training", "target": Target("flow", name="training"), "cron": "0 2 * * *"}
    if "on" in changes or "every" in changes:
        given.pop("cron")
    return Schedule(**{**given, **changes})  # type: ignore[arg-type]


def kept(stores: Stores, schedule: Schedule, *, at_ms: int = MIDNIGHT) -> Ref:
    save(stores, schedule, who="ada", clock=lambda: at_ms)
    active = find(stores, schedule.name)[1]
    assert active is not None
    return active


def fired(stores: Stores, schedule: Schedule, active: Ref, at_ms: int) -> list[str]:
    firings = due(stores, schedule, active, last_firing(stores, schedule.name), at_ms=at_ms)
    return fire(stores, schedule, firings, clock=lambda: at_ms)


def commit(stores: Stores, name: str, content: str, at_ms: int) -> None:
    draft = Draft(
        id=f"01{at_ms:024d}", kind="data", name=name, digest=content, created_at_ms=at_ms, moves=[Move(ref="main")]
    )
    stores.versions.publish([draft])


def test_a_moment_gets_one_run_however_many_look(stores: Stores) -> None:
    schedule = daily()
    active = kept(stores, schedule)
    assert fired(stores, schedule, active, MIDNIGHT + HOUR) == []
    first = due(stores, schedule, active, None, at_ms=MIDNIGHT + 3 * HOUR)
    again = due(stores, schedule, active, None, at_ms=MIDNIGHT + 4 * HOUR)
    assert fire(stores, schedule, first) == fire(stores, schedule, again)
    assert len(waiting(stores)) == 1
    assert fired(stores, schedule, active, MIDNIGHT + 5 * HOUR) == []


def test_after_a_downtime_the_last_moment_is_run_and_the_others_are_counted(stores: Stores) -> None:
    schedule = daily()
    active = kept(stores, schedule)
    run_id = fired(stores, schedule, active, MIDNIGHT + 5 * DAY)[0]
    run = stores.runs.get([run_id])[0]
    assert run.tags["schedule.missed"] == "4" and run.tags["schedule.due"].startswith("2026-03-05T02:00")


def test_catching_up_runs_every_moment_oldest_first(stores: Stores) -> None:
    schedule = daily(catch_up=True, starts_at_ms=MIDNIGHT - 2 * DAY)
    active = kept(stores, schedule)
    run_ids = fired(stores, schedule, active, MIDNIGHT + 3 * HOUR)
    dues = [run.tags["schedule.due"][:10] for run in stores.runs.get(run_ids)]
    assert dues == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert [run.id for run in waiting(stores)] == run_ids


def test_params_name_the_moment_and_the_span_before_it(stores: Stores) -> None:
    schedule = daily(timezone="Europe/Zurich", params={"day": "{start:%F}/{end:%F}", "plain": "{braces}", "n": 3})
    run_id = fired(stores, schedule, kept(stores, schedule), MIDNIGHT + DAY)[0]
    assert stores.runs.get([run_id])[0].params == {"day": "2026-02-28/2026-03-01", "plain": "{braces}", "n": 3}


def test_a_param_that_cannot_be_filled_fails_its_run_and_says_which(stores: Stores) -> None:
    schedule = daily(params={"day": "{start.nothing}"})
    run = stores.runs.get(fired(stores, schedule, kept(stores, schedule), MIDNIGHT + DAY))[0]
    assert run.state == "failed" and "param day" in (run.error or "")


def test_a_paused_schedule_is_not_in_force_and_what_it_missed_is_not_run(stores: Stores) -> None:
    schedule = daily()
    kept(stores, schedule)
    pause(stores, "nightly", why="holidays", clock=lambda: MIDNIGHT)
    assert all_schedules(stores)[0][1] is None
    activate(stores, "nightly", clock=lambda: MIDNIGHT + 3 * DAY)
    active = find(stores, "nightly")[1]
    assert active is not None and fired(stores, schedule, active, MIDNIGHT + 3 * DAY + HOUR) == []
    assert [move.why for move in stores.refs.history("schedule", "nightly")] == ["", "holidays", "saved"]


def test_a_schedule_ends_when_it_should(stores: Stores) -> None:
    schedule = daily(ends_at_ms=MIDNIGHT + DAY)
    active = kept(stores, schedule)
    assert len(next_times(schedule, 9, after_ms=MIDNIGHT)) == 1
    fired(stores, schedule, active, MIDNIGHT + 5 * DAY)
    assert fired(stores, schedule, active, MIDNIGHT + 6 * DAY) == [] and len(waiting(stores)) == 1


def test_a_run_starts_when_any_of_several_datasets_moves_and_none_is_lost_or_doubled(stores: Stores) -> None:
    schedule = daily(on=["data:a", "data:b@main"])
    commit(stores, "a", "old", MIDNIGHT - 1)
    active = kept(stores, schedule)
    assert find(stores, "nightly")[0].on == ["data:a@main", "data:b@main"]
    schedule = find(stores, "nightly")[0]
    assert fired(stores, schedule, active, MIDNIGHT + 1) == []
    commit(stores, "b", "new", MIDNIGHT + 2)
    assert len(fired(stores, schedule, active, MIDNIGHT + 3)) == 1
    assert fired(stores, schedule, active, MIDNIGHT + 4) == []
    commit(stores, "a", "newer", MIDNIGHT + 5)
    assert len(fired(stores, schedule, active, MIDNIGHT + 6)) == 1


def test_a_run_starts_when_all_of_several_datasets_have_moved(stores: Stores) -> None:
    kept(stores, daily(on=["data:a", "data:b"], wait_for_all=True))
    schedule, active = find(stores, "nightly")
    assert active is not None
    commit(stores, "a", "1", MIDNIGHT + 1)
    assert fired(stores, schedule, active, MIDNIGHT + 2) == []
    commit(stores, "b", "1", MIDNIGHT + 3)
    assert len(fired(stores, schedule, active, MIDNIGHT + 4)) == 1
    commit(stores, "b", "2", MIDNIGHT + 5)
    assert fired(stores, schedule, active, MIDNIGHT + 6) == []


def test_only_one_of_many_begins_a_run(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path)
    schedule = daily()
    run = stores.runs.get(fired(stores, schedule, kept(stores, schedule), MIDNIGHT + DAY))[0]
    won: list[bool] = []
    threads = [threading.Thread(target=lambda: won.append(claim(stores, run))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_no_more_run_at_a_time_than_the_schedule_allows(stores: Stores) -> None:
    schedule = daily(catch_up=True, starts_at_ms=MIDNIGHT - 3 * DAY, max_active=2)
    runs = stores.runs.get(fired(stores, schedule, kept(stores, schedule), MIDNIGHT + DAY))
    assert [claim(stores, run) for run in runs[:3]] == [True, True, False]
    stores.runs.transition(runs[0].id, "finished", expect=["running"], at_ms=MIDNIGHT + DAY)
    assert claim(stores, runs[2])


def test_a_backfill_asks_for_what_is_not_there_and_clocks_go_first(stores: Stores) -> None:
    schedule = daily()
    active = kept(stores, schedule)
    by_clock = fired(stores, schedule, active, MIDNIGHT + 3 * HOUR)
    planned = backfill(stores, "nightly", MIDNIGHT - 3 * DAY, MIDNIGHT + DAY, dry_run=True)
    assert (len(planned.run_ids), planned.there, len(waiting(stores))) == (3, 1, 1)
    done = backfill(stores, "nightly", MIDNIGHT - 3 * DAY, MIDNIGHT + DAY, parallel=3)
    assert [run.id for run in waiting(stores)] == [*by_clock, *done.run_ids]
    assert backfill(stores, "nightly", MIDNIGHT - 3 * DAY, MIDNIGHT + DAY).run_ids == []
    assert stores.runs.get(done.run_ids)[0].tags["schedule.max_active"] == "3"


def test_backfills_and_runs_by_hand_do_not_move_the_clock(stores: Stores) -> None:
    schedule = daily()
    active = kept(stores, schedule)
    trigger(stores, "nightly", params={"n": 1}, why="late data")
    fire(stores, schedule, [at_moment(schedule, MIDNIGHT + 9 * DAY + 2 * HOUR)], by="backfill")
    assert last_firing(stores, "nightly") is None
    assert len(fired(stores, schedule, active, MIDNIGHT + 3 * HOUR)) == 1


def test_what_is_wrong_with_a_schedule_is_said(stores: Stores) -> None:
    with pytest.raises(Invalid, match="takes one of: cron, every, on"):
        save(stores, daily(every="5m", cron="* * * * *"))
    with pytest.raises(Invalid, match="never moves"):
        save(stores, daily(on=["data:a@v3"]))
    with pytest.raises(Invalid, match="named like data:a"):
        save(stores, daily(on=["dataset:a"]))
    with pytest.raises(Invalid, match="ends before it starts"):
        save(stores, daily(starts_at_ms=2, ends_at_ms=1))
    with pytest.raises(NotFound, match="There is none yet"):
        pause(stores, "nightly")
    kept(stores, daily())
    remove(stores, "nightly")
    with pytest.raises(NotFound):
        find(stores, "nightly")
