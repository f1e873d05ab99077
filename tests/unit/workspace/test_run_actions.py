"""What is done to many runs at once, and runs that leave as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, InvalidSearch, RunNotFound
from tenfold.contracts import Stores
from tenfold.records import ARCHIVED, STARRED, Compare, Run, RunQuery
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.tracking import parse_search
from tenfold.workspace.actions import act, all_runs
from tenfold.workspace.exporting import check_columns, columns_of, csv_text, json_text, rows_of


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return memory_stores() if request.param == "memory" else sqlite_stores(tmp_path)


def put(stores: Stores, count: int, **fields: object) -> list[str]:
    runs = [
        Run(
            id=ids.new_id(),
            project="p",
            name=f"r{i}",
            created_at_ms=i + 1,
            params={"n": i, "o": {"k": i % 2}},
            **fields,
        )  # type: ignore[arg-type]
        for i in range(count)
    ]
    stores.runs.create(runs)
    return [run.id for run in runs]


def found(stores: Stores, text: str) -> set[str]:
    return {run.name for run in stores.runs.search(RunQuery(where=parse_search(text))).items}


def test_marks_are_found_whether_they_were_ever_set_or_not(stores: Stores) -> None:
    first, second, _ = put(stores, 3)
    act(stores, "star", run_ids=[first, second])
    act(stores, "archive", run_ids=[second])
    assert found(stores, "starred = true") == {"r0", "r1"}
    assert found(stores, "attributes.starred != true and archived = false") == {"r2"}
    assert found(stores, "archived = true or params.n = 2") == {"r1", "r2"}
    act(stores, "unstar", run_ids=[first])
    assert found(stores, "starred = true") == {"r1"}


def test_a_mark_takes_only_true_and_false_and_the_error_points_at_the_character() -> None:
    with pytest.raises(InvalidSearch, match="= true or = false") as caught:
        parse_search("starred > 3")
    assert caught.value.position == 10


def test_an_action_on_all_that_match_changes_what_it_said_it_would_and_nothing_twice(stores: Stores) -> None:
    put(stores, 12)
    query = RunQuery(where=Compare("params.n", ">=", 2))
    act(stores, "tag", run_ids=[stores.runs.search(query).items[0].id], tags={"team": "a"})
    said = act(stores, "tag", query=query, tags={"team": "a"}, preview=True)
    assert (said.matched, said.changed, len(said.names)) == (10, 9, 9)
    assert len(found(stores, "tags.team = 'a'")) == 1
    done = act(stores, "tag", query=query, tags={"team": "a"})
    assert (done.matched, done.changed) == (10, 9)
    assert act(stores, "tag", query=query, tags={"team": "a"}).changed == 0
    assert len(found(stores, "tags.team = 'a'")) == 10
    act(stores, "tag", query=query, tags={"team": None})
    assert found(stores, "tags.team = 'a'") == set()


def test_archiving_all_unarchived_runs_misses_none_though_they_leave_the_search_meanwhile(stores: Stores) -> None:
    put(stores, 2100)
    assert act(stores, "archive", query=RunQuery(where=parse_search("archived = false"))).changed == 2100
    assert stores.runs.search(RunQuery(where=parse_search("archived = false"), limit=1)).total == 0


def test_restore_looks_in_the_bin_and_delete_outside_it(stores: Stores) -> None:
    put(stores, 3)
    everything = RunQuery(deleted=None)
    assert act(stores, "delete", query=everything).changed == 3
    assert act(stores, "delete", query=everything).matched == 0
    assert act(stores, "restore", query=everything).changed == 3
    assert stores.runs.search(RunQuery()).total == 3


def test_only_what_is_in_the_bin_is_purged_and_a_preview_leaves_it(stores: Stores) -> None:
    first, second = put(stores, 2)
    act(stores, "delete", run_ids=[first])
    with pytest.raises(Invalid, match="not in the bin"):
        act(stores, "purge", run_ids=[first, second])
    assert act(stores, "purge", query=RunQuery(), preview=True).changed == 1
    done = act(stores, "purge", query=RunQuery())
    assert (done.changed, done.freed_bytes) == (1, 0)
    with pytest.raises(RunNotFound):
        stores.runs.get([first])
    assert stores.runs.get([second])[0].name == "r1"


def test_what_is_missing_is_said_and_nothing_is_changed(stores: Stores) -> None:
    here = put(stores, 1)
    for given, match in (
        ({"action": "star"}, "Say which runs"),
        ({"action": "tag", "run_ids": here}, "which tags"),
        ({"action": "burn", "run_ids": here}, "no action 'burn'"),
    ):
        with pytest.raises(Invalid, match=match):
            act(stores, **given)  # type: ignore[arg-type]
    with pytest.raises(RunNotFound):
        act(stores, "star", run_ids=[*here, ids.new_id()])
    assert found(stores, "starred = true") == set()


def test_all_runs_come_once_each_though_one_is_added_between_two_pages(stores: Stores) -> None:
    put(stores, 1500)
    seen = []
    for number, run in enumerate(all_runs(stores, RunQuery())):
        seen.append(run.id)
        if number == 10:
            stores.runs.create([Run(id=ids.new_id(), project="p", name="late", created_at_ms=10_000_000)])
    assert len(seen) == len(set(seen)) == 1500


def test_csv_and_json_say_the_same_and_read_back(stores: Stores) -> None:
    awkward = {"a": [1, "x,y"], "text": 'say "hi"\nthere', "flag": True}
    stores.runs.create(
        [Run(id=ids.new_id(), project="p", name="=1+1", created_at_ms=1000, params=awkward, tags={"t": "ü", STARRED: "true", ARCHIVED: "true"})]
    )  # fmt: skip
    query = RunQuery()
    columns = columns_of(stores, query)
    assert columns[-4:] == ["params.a", "params.flag", "params.text", "tags.t"]
    (row,) = csv.DictReader(io.StringIO("".join(csv_text(columns, rows_of(stores, query, columns)))))
    (same,) = json.loads("".join(json_text(columns, rows_of(stores, query, columns))))
    assert row["params.text"] == same["params.text"] == 'say "hi"\nthere'
    assert json.loads(row["params.a"]) == same["params.a"] == [1, "x,y"]
    assert (row["params.flag"], same["params.flag"], row["name"], row["tags.t"]) == ("true", True, "=1+1", "ü")


def test_an_export_of_nothing_is_a_head_and_an_empty_list(stores: Stores) -> None:
    assert "".join(csv_text(["name"], rows_of(stores, RunQuery(), ["name"]))) == "name\n"
    assert json.loads("".join(json_text(["name"], rows_of(stores, RunQuery(), ["name"])))) == []


def test_an_export_is_made_in_pieces(stores: Stores) -> None:
    put(stores, 1200)
    pieces = list(json_text(["name"], rows_of(stores, RunQuery(), ["name"])))
    assert len(pieces) == 3
    assert len(json.loads("".join(pieces))) == 1200


def test_a_column_that_does_not_exist_is_named() -> None:
    assert check_columns(["summary.loss.min", "duration"]) == ["summary.loss.min", "duration"]
    with pytest.raises(Invalid, match=r"'summary\.loss\.best'"):
        check_columns(["summary.loss.best"])
