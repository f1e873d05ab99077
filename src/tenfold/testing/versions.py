"""What every store of artifact versions must do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, RefMoved, VersionNotFound
from tenfold.contracts import Stores, resolve
from tenfold.records import Draft, Move, Version


def a_draft(name: str = "flights", **fields: Any) -> Draft:
    """A draft of a dataset's next version."""
    return Draft(
        **{"id": ids.new_id(), "kind": "data", "name": name, "digest": "d" * 64, "created_at_ms": 1000, **fields}
    )


class VersionsSuite:
    """Inherit it and give a fixture `stores`."""

    def test_a_version_comes_back_as_its_draft_said(self, stores: Stores) -> None:
        draft = a_draft(
            size_bytes=2**40,
            files=3,
            inline=b"\x00\xff",
            type="table",
            metadata={"rows": 3, "deep": {"x": [1.5, None]}},
            message="first",
            parents=["p1", "p2"],
            run_id="r",
            author="me",
            description="what",
            tags={"t": "1"},
        )
        (version,) = stores.versions.publish([draft])
        assert version == Version(
            number=1, **{f: getattr(draft, f) for f in draft.__struct_fields__ if f not in ("role", "moves")}
        )
        assert stores.versions.get([draft.id]) == [version]
        assert stores.versions.find("data", "flights", 1) == version

    def test_numbers_count_from_one_within_an_artifact(self, stores: Stores) -> None:
        made = stores.versions.publish([a_draft("n"), a_draft("m"), a_draft("n"), a_draft("n", kind="model")])
        assert [(v.kind, v.name, v.number) for v in made] == [
            ("data", "n", 1), ("data", "m", 1), ("data", "n", 2), ("model", "n", 1)
        ]  # fmt: skip
        assert stores.versions.publish([a_draft("n")])[0].number == 3
        assert stores.versions.publish([]) == []

    def test_publishing_again_gives_the_same_version_and_moves_nothing(self, stores: Stores) -> None:
        draft = a_draft(moves=[Move(ref="main")], run_id="r")
        (first,) = stores.versions.publish([draft])
        (second,) = stores.versions.publish([a_draft(moves=[Move(ref="main")])])
        seq = stores.events.last()
        again, same, third = stores.versions.publish([draft, draft, a_draft()])
        assert (again, same, third.number) == (first, first, 3)
        main = stores.refs.find("data", "flights", "main")
        assert main is not None
        assert main.version_id == second.id
        assert [event.id for event in stores.events.after(seq)] == [third.id]

    def test_refs_and_edges_come_with_the_version(self, stores: Stores) -> None:
        draft = a_draft(
            run_id="r9", role="output", moves=[Move(ref="main", who="me", why="new"), Move(ref="v-x", expect=None)]
        )
        seq = stores.events.last()
        (version,) = stores.versions.publish([draft])
        assert {ref.ref: (ref.version_id, ref.number) for ref in stores.refs.all("data", "flights")} == {
            "main": (version.id, 1), "v-x": (version.id, 1)
        }  # fmt: skip
        (edge,) = stores.lineage.of_versions([version.id])
        assert (edge.run_id, edge.direction, edge.role, edge.at_ms) == ("r9", "produced", "output", 1000)
        assert [(e.topic, e.action) for e in stores.events.after(seq)] == [
            ("version", "created"), ("ref", "moved"), ("ref", "moved")
        ]  # fmt: skip
        assert resolve(stores, "data:flights") == version

    def test_a_refused_move_leaves_nothing_behind(self, stores: Stores) -> None:
        stores.versions.publish([a_draft(moves=[Move(ref="main")])])
        seq = stores.events.last()
        fine, refused = (
            a_draft("other"),
            a_draft(moves=[Move(ref="other"), Move(ref="main", expect="elsewhere")], run_id="r"),
        )
        with pytest.raises(RefMoved, match="data:flights@main"):
            stores.versions.publish([fine, refused])
        assert stores.events.after(seq) == []
        assert [v.number for v in stores.versions.search("data")] == [1]
        assert [ref.ref for ref in stores.refs.all()] == ["main"]
        assert stores.lineage.of_runs(["r"]) == []
        assert stores.versions.publish([a_draft("other"), a_draft()])[1].number == 2

    def test_names_that_no_address_can_say_are_refused(self, stores: Stores) -> None:
        with pytest.raises(Invalid):
            stores.versions.publish([a_draft("with/slash")])
        with pytest.raises(Invalid):
            stores.versions.publish([a_draft(moves=[Move(ref="v3")])])
        assert stores.versions.names() == []

    def test_publishers_at_once_get_numbers_without_gaps(self, stores: Stores) -> None:
        made: list[int] = []
        failed: list[BaseException] = []

        def publish() -> None:
            try:
                for _ in range(5):
                    batch = stores.versions.publish(
                        [a_draft("b"), a_draft("a", moves=[Move(ref="main")]), a_draft("b")]
                    )
                    made.extend(version.number for version in batch if version.name == "b")
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert sorted(made) == list(range(1, 41))
        assert len(stores.refs.history("data", "a")) == 20

    def test_find_gives_the_newest_outside_the_bin(self, stores: Stores) -> None:
        first, second = stores.versions.publish([a_draft(), a_draft()])
        assert stores.versions.find("data", "flights") == second
        assert stores.versions.set_deleted([second.id, second.id, "nobody"], at_ms=5) == 1
        assert stores.versions.find("data", "flights") == first
        binned = stores.versions.find("data", "flights", 2)
        assert binned is not None
        assert binned.deleted_at_ms == 5
        assert stores.versions.find("data", "flights", 3) is None
        assert stores.versions.find("data", "flights", 0) is None
        assert stores.versions.find("data", "nothing") is None
        assert stores.versions.publish([a_draft()])[0].number == 3

    def test_get_names_the_first_missing(self, stores: Stores) -> None:
        made = stores.versions.publish([a_draft(), a_draft()])
        asked = [made[1].id, made[0].id, made[1].id]
        assert [version.id for version in stores.versions.get(asked)] == asked
        with pytest.raises(VersionNotFound, match="missing-1"):
            stores.versions.get([made[0].id, "missing-1"])

    def test_search_gives_the_newest_first(self, stores: Stores) -> None:
        a, b, c, d = stores.versions.publish(
            [
                a_draft("x", created_at_ms=3, run_id="r1", digest="1" * 64),
                a_draft("x", created_at_ms=3),
                a_draft("y", created_at_ms=5, run_id="r1"),
                a_draft("x", created_at_ms=1, kind="model"),
            ]
        )

        def found(*args: Any, **named: Any) -> list[str]:
            return [version.id for version in stores.versions.search(*args, **named)]

        assert found() == [c.id, b.id, a.id, d.id]
        assert found("data", "x") == [b.id, a.id]
        assert found(run_id="r1") == [c.id, a.id]
        assert found(digest="1" * 64) == [a.id]
        assert found(offset=1, limit=2) == [b.id, a.id]
        stores.versions.set_deleted([a.id], at_ms=7)
        assert found("data") == [c.id, b.id]
        assert found("data", deleted=True) == [a.id]

    def test_names_count_versions_outside_the_bin(self, stores: Stores) -> None:
        a, b, *_ = stores.versions.publish(
            [a_draft("x", created_at_ms=3), a_draft("y"), a_draft("x", created_at_ms=2), a_draft("m", kind="model")]
        )
        assert stores.versions.names() == [("data", "x", 2, 3), ("data", "y", 1, 1000), ("model", "m", 1, 1000)]
        stores.versions.set_deleted([a.id, b.id], at_ms=9)
        assert stores.versions.names("data") == [("data", "x", 1, 2)]

    def test_description_and_tags_change(self, stores: Stores) -> None:
        (version,) = stores.versions.publish([a_draft(tags={"a": "1", "b": "2"}, message="stays")])
        seq = stores.events.last()
        got = stores.versions.describe(version.id, description="new", tags={"a": None, "c": "3"})
        assert (got.description, got.tags, got.message) == ("new", {"b": "2", "c": "3"}, "stays")
        assert stores.versions.describe(version.id) == got
        assert stores.versions.get([version.id]) == [got]
        assert [event.action for event in stores.events.after(seq)] == ["described"]
        with pytest.raises(VersionNotFound):
            stores.versions.describe("nobody", description="x")

    def test_the_bin_keeps_when_it_was_filled(self, stores: Stores) -> None:
        made = [version.id for version in stores.versions.publish([a_draft(), a_draft()])]
        seq = stores.events.last()
        assert stores.versions.set_deleted(made[:1], at_ms=5) == 1
        assert stores.versions.set_deleted(made, at_ms=6) == 1
        assert [version.deleted_at_ms for version in stores.versions.get(made)] == [5, 6]
        assert stores.versions.set_deleted(made, at_ms=None) == 2
        assert stores.versions.set_deleted(made, at_ms=None) == 0
        actions = [event.action for event in stores.events.after(seq)]
        assert actions == ["deleted", "deleted", "restored", "restored"]

    def test_a_purged_version_keeps_its_number_and_its_lineage_and_nothing_else(self, stores: Stores) -> None:
        first, second, third = stores.versions.publish(
            [
                a_draft(message="secret", run_id="r", metadata={"a": 1}, tags={"t": "1"}, size_bytes=9, author="me"),
                a_draft(moves=[Move(ref="main")], digest="e" * 64),
                a_draft(digest="f" * 64),
            ]
        )
        ids_ = [first.id, second.id, third.id, "nobody"]
        stores.versions.set_deleted(ids_[:2], at_ms=5)
        seq = stores.events.last()
        assert stores.versions.purge(ids_) == 1
        assert stores.versions.purge(ids_) == 0
        assert [(e.topic, e.id, e.action) for e in stores.events.after(seq)] == [("version", first.id, "purged")]
        (stone,) = stores.versions.get([first.id])
        assert stone.is_purged
        assert (stone.number, stone.author, stone.run_id, stone.created_at_ms) == (1, "me", "r", 1000)
        assert (stone.message, stone.metadata, stone.tags, stone.size_bytes) == ("", {}, {}, 0)
        assert stores.versions.find("data", "flights", 1) == stone
        assert [edge.run_id for edge in stores.lineage.of_versions([first.id])] == ["r"]
        assert [v.id for v in stores.versions.search(deleted=True)] == [second.id]
        assert stores.versions.set_deleted([first.id], at_ms=None) == 0
        assert stores.versions.digests() == ["e" * 64, "f" * 64]
        assert stores.versions.publish([a_draft()])[0].number == 4
        assert stores.versions.purge([]) == 0

    def test_a_version_purged_without_a_trace_takes_refs_and_edges_along(self, stores: Stores) -> None:
        gone, stays = stores.versions.publish(
            [a_draft(moves=[Move(ref="key-1")], run_id="r"), a_draft(moves=[Move(ref="main")])]
        )
        stores.versions.set_deleted([gone.id], at_ms=5)
        assert stores.versions.purge([gone.id, stays.id], is_traceless=True) == 1
        with pytest.raises(VersionNotFound):
            stores.versions.get([gone.id])
        assert stores.versions.find("data", "flights", 1) is None
        assert stores.versions.find("data", "flights") == stays
        assert [ref.ref for ref in stores.refs.all()] == ["main"]
        assert [move.ref for move in stores.refs.history("data", "flights")] == ["main"]
        assert stores.lineage.of_runs(["r"]) == []
        assert stores.versions.publish([a_draft()])[0].number == 3

    def test_digests_are_those_of_all_trees(self, stores: Stores) -> None:
        made = stores.versions.publish(
            [
                a_draft(digest="2" * 64),
                a_draft(digest="1" * 64),
                a_draft(digest="1" * 64),
                a_draft(digest="3" * 64, inline=b""),
            ]
        )
        stores.versions.set_deleted([made[0].id], at_ms=4)
        assert stores.versions.digests() == ["1" * 64, "2" * 64]
