"""What every store of runs must do."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tenfold.base import ids
from tenfold.base.errors import Conflict, Invalid, RunNotFound
from tenfold.contracts import Stores
from tenfold.contracts.changes import KEY_CHARACTERS
from tenfold.records import CodeVersion, Edge, Run, RunChange, Task


def a_run(**fields: Any) -> Run:
    """A run with a new id."""
    return Run(**{"id": ids.new_id(), "project": "p", "created_at_ms": 1000, **fields})


class RunsSuite:
    """Inherit it and give a fixture `stores`."""

    def test_a_run_comes_back_as_it_was_made(self, stores: Stores) -> None:
        run = a_run(
            kind="trial",
            name="näme 🎈",
            group="g",
            user="u",
            host="h",
            pid=2**40,
            started_at_ms=5,
            notes="long " * 1000,
            error="why",
            code=CodeVersion(commit="abc", dirty=True, arguments=["--lr", "1"]),
            environment={"packages": {"numpy": "2.0"}, "gpus": []},
            params={"lr": 0.1, "layers": [1, 2], "optim": {"name": "adam", "eps": None}, "flag": True, "inf": math.inf},
            tags={"team": "x", "empty": ""},
            result={"score": 1.5, "deep": {"er": [None]}},
        )
        stores.runs.create([run])
        (got,) = stores.runs.get([run.id])
        assert got.root_id == run.id
        assert got == Run(**{**{f: getattr(run, f) for f in run.__struct_fields__}, "root_id": run.id})

    def test_a_child_has_the_root_of_its_parent(self, stores: Stores) -> None:
        top = a_run()
        middle = a_run(parent_id=top.id)
        stores.runs.create([top, middle])
        bottom = a_run(parent_id=middle.id)
        stores.runs.create([bottom])
        assert [run.root_id for run in stores.runs.get([top.id, middle.id, bottom.id])] == [top.id] * 3

    def test_creating_a_run_again_leaves_it_as_it_is(self, stores: Stores) -> None:
        run = a_run(name="first")
        stores.runs.create([run])
        seq = stores.events.last()
        other = a_run()
        stores.runs.create([a_run(id=run.id, name="second"), other, other])
        assert [r.name for r in stores.runs.get([run.id, other.id])] == ["first", ""]
        assert [event.id for event in stores.events.after(seq)] == [other.id]

    def test_get_keeps_the_order_and_names_the_first_missing(self, stores: Stores) -> None:
        runs = [a_run() for _ in range(3)]
        stores.runs.create(runs)
        asked = [runs[2].id, runs[0].id, runs[2].id]
        assert [run.id for run in stores.runs.get(asked)] == asked
        assert stores.runs.get([]) == []
        with pytest.raises(RunNotFound, match="missing-1"):
            stores.runs.get([runs[0].id, "missing-1", "missing-2"])

    def test_a_change_is_merged(self, stores: Stores) -> None:
        run = a_run(params={"a": 1, "n": {"x": 1, "y": 2}}, tags={"t": "1", "u": "2"}, notes="n", environment={"e": 1})
        stores.runs.create([run])
        change = RunChange(
            name="new",
            params={"b": 2, "n": {"x": 3}},
            tags={"t": None, "v": "3"},
            result={"r": 1},
            code=CodeVersion("c"),
        )
        got = stores.runs.update(run.id, change)
        assert (got.name, got.notes, got.environment) == ("new", "n", {"e": 1})
        assert got.params == {"a": 1, "b": 2, "n": {"x": 3}}
        assert got.tags == {"u": "2", "v": "3"}
        assert got.code == CodeVersion("c")
        assert stores.runs.get([run.id]) == [got]

    def test_a_change_of_several_runs_is_made_to_all_or_none_each_with_an_event(self, stores: Stores) -> None:
        first, second = a_run(tags={"a": "1"}), a_run()
        stores.runs.create([first, second])
        before = stores.events.last()
        with pytest.raises(RunNotFound, match="nobody"):
            stores.runs.update_all([first.id, "nobody", second.id], RunChange(tags={"b": "2"}))
        assert stores.runs.get([first.id])[0].tags == {"a": "1"} and stores.events.last() == before
        stores.runs.update_all([first.id, second.id, first.id], RunChange(tags={"b": "2", "a": None}))
        assert [run.tags for run in stores.runs.get([first.id, second.id])] == [{"b": "2"}, {"b": "2"}]
        assert {event.id for event in stores.events.after(before, limit=10)} == {first.id, second.id}
        stores.runs.update_all([], RunChange(name="nobody"))

    def test_a_param_that_is_set_once_is_never_changed(self, stores: Stores) -> None:
        run = a_run(params={"a": 1})
        stores.runs.create([run])
        stores.runs.update(run.id, RunChange(new_params={"a": 1, "b": "x"}))
        with pytest.raises(Conflict, match="'b'"):
            stores.runs.update(run.id, RunChange(name="no", new_params={"c": 1, "b": "y"}))
        (got,) = stores.runs.get([run.id])
        assert (got.name, got.params) == ("", {"a": 1, "b": "x"})

    def test_of_many_that_set_a_param_at_once_one_wins_and_the_others_are_told(self, stores: Stores) -> None:
        run = a_run()
        stores.runs.create([run])

        def set_to(value: int) -> bool:
            try:
                stores.runs.update(run.id, RunChange(new_params={"p": value}))
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = [value for value, done in enumerate(pool.map(set_to, range(8))) if done]
        assert [stores.runs.get([run.id])[0].params["p"]] == won

    def test_changing_a_run_that_is_not_there_is_refused(self, stores: Stores) -> None:
        for call in (
            lambda: stores.runs.update("nobody", RunChange(name="x")),
            lambda: stores.runs.transition("nobody", "running", expect=["created"], at_ms=1),
        ):
            with pytest.raises(RunNotFound, match="nobody"):
                call()

    def test_a_transition_happens_only_from_the_states_expected(self, stores: Stores) -> None:
        run = a_run()
        stores.runs.create([run])
        move = stores.runs.transition
        assert not move(run.id, "finished", expect=["running", "lost"], at_ms=5, change=RunChange(name="no"))
        assert not move(run.id, "finished", expect=[], at_ms=5)
        assert stores.runs.get([run.id])[0].name == ""
        assert move(
            run.id, "running", expect=["created", "lost"], at_ms=10, change=RunChange(name="yes", params={"p": 1})
        )
        assert not move(run.id, "running", expect=["created", "lost"], at_ms=11)
        (got,) = stores.runs.get([run.id])
        assert (got.state, got.name, got.params, got.started_at_ms, got.ended_at_ms) == (
            "running",
            "yes",
            {"p": 1},
            10,
            None,
        )

    def test_times_follow_the_states(self, stores: Stores) -> None:
        run = a_run()
        stores.runs.create([run])
        stores.runs.transition(run.id, "running", expect=["created"], at_ms=10)
        stores.runs.transition(run.id, "failed", expect=["running"], at_ms=20, change=RunChange(error="boom"))
        (failed,) = stores.runs.get([run.id])
        assert (failed.started_at_ms, failed.ended_at_ms, failed.error) == (10, 20, "boom")
        stores.runs.transition(run.id, "running", expect=["failed"], at_ms=30)
        (again,) = stores.runs.get([run.id])
        assert (again.started_at_ms, again.ended_at_ms, again.error, again.heartbeat_at_ms) == (10, None, None, 30)

    def test_every_change_makes_one_event(self, stores: Stores) -> None:
        seq = stores.events.last()
        run = a_run(project="events")
        stores.runs.create([run])
        stores.runs.transition(run.id, "running", expect=["created"], at_ms=7, change=RunChange(notes="x"))
        stores.runs.update(run.id, RunChange(name="x"))
        stores.runs.heartbeat([run.id], at_ms=8)
        stores.runs.set_deleted([run.id], at_ms=9)
        stores.runs.set_deleted([run.id], at_ms=10)
        stores.runs.set_deleted([run.id], at_ms=None)
        events = stores.events.after(seq)
        assert [event.action for event in events] == ["created", "running", "updated", "deleted", "restored"]
        assert {(event.topic, event.id, event.project) for event in events} == {("run", run.id, "events")}
        assert [event.at_ms for event in events[:2]] == [1000, 7]

    def test_a_silent_run_is_lost_and_comes_back(self, stores: Stores) -> None:
        silent, alive, other, waiting = a_run(), a_run(), a_run(kind="deployment"), a_run()
        stores.runs.create([silent, alive, other, waiting])
        for run in (silent, alive, other):
            stores.runs.transition(run.id, "running", expect=["created"], at_ms=100)
        stores.runs.heartbeat([alive.id, "nobody"], at_ms=200)
        assert stores.runs.lose(silent_since_ms=100, at_ms=300, kinds=["training"]) == []
        assert stores.runs.lose(silent_since_ms=150, at_ms=300, kinds=["training"]) == [silent.id]
        assert stores.runs.lose(silent_since_ms=150, at_ms=300, kinds=["training"]) == []
        (lost,) = stores.runs.get([silent.id])
        assert (lost.state, lost.ended_at_ms) == ("lost", 300)
        assert stores.runs.transition(silent.id, "running", expect=["lost"], at_ms=400)
        assert stores.runs.lose(silent_since_ms=150, at_ms=410, kinds=["training"]) == []

    def test_the_bin(self, stores: Stores) -> None:
        runs = [a_run(project="bin") for _ in range(3)]
        stores.runs.create(runs)
        ids_ = [run.id for run in runs]
        assert stores.runs.set_deleted([*ids_[1::-1], "nobody", ids_[1]], at_ms=50) == 2
        assert [event.id for event in stores.events.after(0, limit=10**6)][-2:] == ids_[1::-1]
        assert stores.runs.set_deleted(ids_, at_ms=60) == 1
        assert [run.deleted_at_ms for run in stores.runs.get(ids_)] == [50, 50, 60]
        assert "bin" not in stores.runs.projects()
        assert stores.runs.set_deleted(ids_[:2], at_ms=None) == 2
        assert stores.runs.projects()["bin"] == 2
        assert stores.runs.set_deleted([], at_ms=1) == 0

    def test_a_purge_takes_from_the_bin_and_leaves_the_edges(self, stores: Stores) -> None:
        binned, running, kept = a_run(params={"a": 1}, tags={"t": "1"}), a_run(state="running"), a_run(project="kept")
        stores.runs.create([binned, running, kept])
        stores.lineage.add([Edge(run_id=binned.id, version_id="v", direction="used", at_ms=1)])
        stores.runs.set_deleted([binned.id, running.id], at_ms=5)
        seq = stores.events.last()
        ids_ = [kept.id, running.id, "nobody", binned.id, binned.id]
        assert stores.runs.purge(ids_) == 1
        assert stores.runs.purge(ids_) == 0
        assert [(e.id, e.action, e.project) for e in stores.events.after(seq)] == [(binned.id, "purged", "p")]
        assert len(stores.runs.get([kept.id, running.id])) == 2
        with pytest.raises(RunNotFound):
            stores.runs.get([binned.id])
        assert [edge.version_id for edge in stores.lineage.of_runs([binned.id])] == ["v"]
        stores.runs.create([binned])
        assert stores.runs.get([binned.id])[0].params == {"a": 1}
        assert stores.runs.purge([]) == 0

    def test_a_purged_step_takes_its_task_along(self, stores: Stores) -> None:
        root, step = a_run(kind="pipeline"), a_run(kind="step", state="finished", deleted_at_ms=5)
        stores.runs.create([root])
        stores.tasks.add([Task(id=step.id, root_id=root.id, key="k", state="finished")], [step])
        assert stores.runs.purge([step.id]) == 1
        assert stores.tasks.of_root(root.id) == []

    def test_a_project_is_renamed_with_all_its_runs(self, stores: Stores) -> None:
        runs = [a_run(project="before"), a_run(project="before", deleted_at_ms=5), a_run(project="other")]
        stores.runs.create(runs)
        assert stores.runs.rename_project("before", "after") == 2
        assert [run.project for run in stores.runs.get([run.id for run in runs])] == ["after", "after", "other"]
        assert stores.runs.rename_project("before", "after") == 0
        assert stores.runs.rename_project("after", "after") == 0

    def test_patches_are_those_of_all_runs_in_the_bin_too(self, stores: Stores) -> None:
        plain = [a_run(), a_run(code=CodeVersion(commit="c"))]
        patched = [a_run(code=CodeVersion(patch=digit * 64)) for digit in "baca"]
        binned = a_run(code=CodeVersion(commit="c", patch="d" * 64), deleted_at_ms=5)
        before = set(stores.runs.patches())
        stores.runs.create([*plain, *patched, binned])
        assert sorted(set(stores.runs.patches()) - before) == [digit * 64 for digit in "abcd"]
        assert stores.runs.patches() == sorted(set(stores.runs.patches()))
        left = stores.runs.patches(but=[patched[0].id, patched[1].id, binned.id, "nobody"])
        assert sorted(set(left) - before) == ["a" * 64, "c" * 64]

    def test_keys_in_use(self, stores: Stores) -> None:
        stores.runs.create(
            [
                a_run(project="k1", params={"b": 1, "a": {"x": 1, "gone": None}}, tags={"t": "1"}),
                a_run(project="k2", kind="trial", params={"c": 1}),
                a_run(project="k1", params={"deleted": 1}, deleted_at_ms=5),
            ]
        )
        assert stores.runs.keys(["k1"]) == {"params": ["a.x", "b"], "metrics": [], "tags": ["t"]}
        assert stores.runs.keys(["k1", "k2"], ["trial"])["params"] == ["c"]
        assert stores.runs.keys([])["params"] == []
        assert "c" in stores.runs.keys()["params"]

    def test_keys_follow_changes_of_params_and_tags(self, stores: Stores) -> None:
        run = a_run(project="kf", params={"a": {"x": 1, "y": 2}}, tags={"t": "1"})
        stores.runs.create([run])
        stores.runs.update(run.id, RunChange(params={"a": {"x": 2}}, tags={"t": None, "u": "2"}))
        assert stores.runs.keys(["kf"]) == {"params": ["a.x"], "metrics": [], "tags": ["u"]}

    def test_a_key_that_is_too_long_is_refused_whole(self, stores: Stores) -> None:
        fine, bad = a_run(), a_run(params={"k" * (KEY_CHARACTERS + 1): 1})
        with pytest.raises(Invalid):
            stores.runs.create([fine, bad])
        with pytest.raises(RunNotFound):
            stores.runs.get([fine.id])
        stores.runs.create([fine])
        with pytest.raises(Invalid):
            stores.runs.update(fine.id, RunChange(name="x", tags={"": "empty key"}))
        assert stores.runs.get([fine.id])[0].name == ""

    def test_numbers_that_fit_no_column_are_refused(self, stores: Stores) -> None:
        with pytest.raises(Invalid):
            stores.runs.create([a_run(params={"huge": 2**70})])

    def test_large_params_are_kept_whole(self, stores: Stores) -> None:
        run = a_run(params={"text": "x" * 100_000, "list": list(range(10_000))})
        stores.runs.create([run])
        assert stores.runs.get([run.id])[0].params == run.params
