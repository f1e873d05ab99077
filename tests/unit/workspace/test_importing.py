"""What a reader gives is stored once, however often it is given and wherever an import stopped."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenfold.base.errors import Unavailable
from tenfold.records import RunChange, RunQuery
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.tracking import console_text
from tenfold.workspace import importing
from tenfold.workspace.imported import (
    ImportedItem,
    ImportedModel,
    ImportedModelVersion,
    ImportedRun,
    points_of,
)
from tenfold.workspace.imported_names import plain_name
from tenfold.workspace.importing import import_all, run_id_of

BEGAN = 1_700_000_000_000


def curve(count: int):
    return points_of(array("q", range(count)), array("d", (i / 2 for i in range(count))), array("q", [BEGAN] * count))


def run(id_: str = "a", counts: dict[str, int] | None = None, **fields: object) -> ImportedRun:
    points = [(key, curve(count)) for key, count in (counts or {}).items()]
    return ImportedRun(**{"source": "test", "project": "p", "started_at_ms": BEGAN, "ended_at_ms": BEGAN + 9,
                          "id": id_, "points": iter(points), **fields})  # fmt: skip


def values(stores, id_: str, key: str) -> list[float]:
    return np.frombuffer(stores.series.read(run_id_of("test", id_, BEGAN), key).values, "<f8").tolist()


@pytest.fixture
def stores(tmp_path):
    return sqlite_stores(tmp_path)


def test_importing_twice_is_importing_once(stores):
    def given():
        item = ImportedItem(key="img", files={"image.png": b"png"}, type="image/png", step=3)
        yield run(counts={"loss": 5}, params={"lr": 0.1}, items=[item], console="hello\n")
        yield run("empty")
        yield ImportedModel(
            source="test", name="m", versions=(ImportedModelVersion(number=1, files={"f": b"x"}, run="a"),)
        )

    first = import_all(stores, given())
    assert (first.runs, first.new_runs, first.points, first.files, first.model_versions) == (2, 2, 5, 1, 1)
    again = import_all(stores, given())
    assert (again.runs, again.new_runs, again.points) == (2, 0, 0)
    assert stores.runs.search(RunQuery()).total == 2
    assert values(stores, "a", "loss") == [0, 0.5, 1, 1.5, 2]
    assert console_text(stores, run_id_of("test", "a", BEGAN)) == "hello\n"
    assert sorted(name[:1] + name[2:3] for name in stores.versions.names()) == sorted(
        (kind, 1) for kind in ("media", "log", "model")
    )


def test_a_run_is_stored_with_what_it_was(stores):
    code = {"state": "failed", "error": "boom", "tags": {"t": ""}, "notes": "n", "host": "h", "group": "g"}
    import_all(stores, [run(params={"net": {"depth": 3}}, name="one", **code)])
    [found] = stores.runs.get([run_id_of("test", "a", BEGAN)])
    assert (found.name, found.state, found.error, found.host, found.group) == ("one", "failed", "boom", "h", "g")
    assert (found.created_at_ms, found.started_at_ms, found.ended_at_ms) == (BEGAN, BEGAN, BEGAN + 9)
    assert found.params == {"net": {"depth": 3}}
    assert found.tags == {"t": "", "imported.from": "test", "imported.id": "a"}
    assert stores.runs.search(RunQuery(projects=["p"])).items == [found]


def test_a_child_knows_its_parent_and_its_root(stores):
    done = import_all(stores, [run("a"), run("b", parent="a"), run("c", parent="b"), run("d", parent="gone")])
    a, b, c, d = stores.runs.get([run_id_of("test", id_, BEGAN) for id_ in "abcd"])
    assert (b.parent_id, c.parent_id, c.root_id, a.root_id) == (a.id, b.id, a.id, a.id)
    assert (d.parent_id, d.root_id) == (None, d.id)
    assert done.unplaced == {"parents that are not in the source": 1}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 12), min_size=1), min_size=1, max_size=4))
def test_a_source_that_grows_is_followed_point_by_point(growth):
    stores = memory_stores()
    counts: dict[str, int] = {}
    for more in growth:
        for key, number in more.items():
            counts[key] = counts.get(key, 0) + number
        import_all(stores, [run(counts=counts)])
        import_all(stores, [run(counts=counts)])
    for key, count in counts.items():
        assert values(stores, "a", key) == [i / 2 for i in range(count)]


@pytest.mark.parametrize("fails_at", range(6))
def test_an_import_that_stops_anywhere_goes_on_without_loss_or_repeat(stores, monkeypatch, fails_at):
    monkeypatch.setattr(importing, "BATCH_POINTS", 4)
    counts = {"x": 7, "y": 10, "z": 1}
    append, calls = stores.series.append, Counter()

    def stops(*args, **kwargs):
        calls["append"] += 1
        if calls["append"] == fails_at:
            raise Unavailable("gone")
        return append(*args, **kwargs)

    monkeypatch.setattr(stores.series, "append", stops)
    if fails_at:
        with pytest.raises(Unavailable):
            import_all(stores, [run(counts=counts)])
    grown = {"w": 3, **counts, "x": 9}
    import_all(stores, [run(counts=grown)])
    for key, count in grown.items():
        assert values(stores, "a", key) == [i / 2 for i in range(count)]


def test_points_logged_here_afterwards_stay_when_the_source_grows(stores):
    import_all(stores, [run(counts={"loss": 3})])
    stores.series.append(run_id_of("test", "a", BEGAN), {"loss": curve(2)}, source="mine", offset=1)
    import_all(stores, [run(counts={"loss": 4})])
    assert sorted(values(stores, "a", "loss")) == sorted([0, 0.5, 1, 1.5, 0, 0.5])


def test_a_run_that_ended_since_ends_here_and_what_was_changed_here_stays(stores):
    import_all(stores, [run(state="lost", params={"lr": 1}, tags={"mine": "old"})])
    id_ = run_id_of("test", "a", BEGAN)
    stores.runs.update(id_, RunChange(params={"lr": 2}, notes="seen"))
    import_all(stores, [run(state="failed", error="boom", params={"lr": 1, "late": 5}, ended_at_ms=BEGAN + 77)])
    [found] = stores.runs.get([id_])
    assert (found.state, found.error, found.ended_at_ms) == ("failed", "boom", BEGAN + 77)
    assert found.params == {"lr": 2, "late": 5}
    assert found.notes == "seen"


def test_keys_too_long_for_the_store_are_counted_and_the_rest_is_kept(stores):
    long = "k" * 300
    given = run(counts={long: 2, "loss": 1}, params={long: 1, "net": {long: 1}, "lr": 1}, tags={long: "x"})
    done = import_all(stores, [given])
    [found] = stores.runs.get([run_id_of("test", "a", BEGAN)])
    assert (found.params, set(found.metrics)) == ({"lr": 1}, {"loss"})
    assert sum(done.unplaced.values()) == 4


def test_a_model_keeps_its_versions_aliases_and_their_numbers_as_tags(stores):
    versions = (
        ImportedModelVersion(number=2, files={"f": b"2"}, run="a", aliases=("champion",), created_at_ms=BEGAN),
        ImportedModelVersion(number=5, files={}, aliases=("Production", "v 1"), tags={"ok": "yes"}),
    )
    model = ImportedModel(source="test", name="team/delay", versions=versions)
    done = import_all(stores, [run("a"), model])
    first, second = stores.versions.find("model", "team.delay", 1), stores.versions.find("model", "team.delay", 2)
    assert (first.tags, second.tags) == ({"test.version": "2"}, {"test.version": "5", "ok": "yes"})
    assert first.run_id == run_id_of("test", "a", BEGAN)
    refs = {ref.ref: ref.number for ref in stores.refs.all("model", "team.delay")}
    assert refs == {"champion": 1, "Production": 2, "v.1": 2}
    stores.refs.move("model", "team.delay", importing.Move(ref="champion", to=second.id), at_ms=BEGAN)
    import_all(stores, [run("a"), model])
    assert stores.refs.find("model", "team.delay", "champion").number == 2
    assert len(done.unplaced) == 4


def test_all_runs_can_be_put_into_one_project(stores):
    import_all(stores, [run("a"), run("b", project="q")], project="mine/now")
    assert stores.runs.projects() == {"mine.now": 2}


@given(st.text())
@example("." * 200)  # 201 with the letter put before it
@example("a" * 199 + " b")
def test_any_name_becomes_one_that_a_project_may_bear(name):
    from tenfold.base.addresses import check_name

    assert check_name(plain_name(name))


def test_batches_cover_all_points_in_order(monkeypatch):
    monkeypatch.setattr(importing, "BATCH_POINTS", 4)
    batches = list(importing._batches({"a": curve(3), "b": curve(9)}))
    assert [{key: part.count for key, part in batch.items()} for batch in batches] == [{"a": 3, "b": 1}, {"b": 4}, {"b": 4}]  # fmt: skip


def test_texts_that_no_database_takes_are_made_ones_that_it_does(stores):
    wrong = "a\0b\ud800c"
    given = run(wrong, {wrong: 1}, name=wrong, notes=wrong, params={wrong: [wrong]}, tags={wrong: wrong})
    import_all(stores, [given])
    [found] = stores.runs.search(RunQuery()).items
    assert found.params == {"a?b?c": ["a?b?c"]} and found.notes == found.name == "a?b?c"
    assert set(found.metrics) == {"a?b?c"}


def test_files_that_cannot_be_read_are_counted_and_the_rest_is_kept(stores, tmp_path):
    items = [ImportedItem(key=key, files={"f": tmp_path / key}, type="file") for key in ("gone", "here")]
    (tmp_path / "here").write_bytes(b"x")
    done = import_all(stores, [run(items=items)])
    assert (done.files, done.unplaced) == (1, {"artifacts with files that cannot be read": 1})


def test_a_run_of_a_moment_that_cannot_be_has_an_id_all_the_same(stores):
    import_all(stores, [run("a", started_at_ms=10**18), run("b", started_at_ms=-5)])
    from tenfold.base.ids import is_id

    assert all(is_id(found.id) for found in stores.runs.search(RunQuery()).items)
