"""What every store of refs must do."""

from __future__ import annotations

import threading

import pytest

from tenfold.base.errors import Invalid, RefMoved, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import Move, Version
from tenfold.testing.versions import a_draft


class RefsSuite:
    """Inherit it and give a fixture `stores`."""

    @pytest.fixture
    def made(self, stores: Stores) -> list[Version]:
        """Three versions of data:flights and one of data:other."""
        return stores.versions.publish([a_draft(), a_draft(), a_draft(), a_draft("other")])

    def test_a_ref_moves_and_remembers(self, stores: Stores, made: list[Version]) -> None:
        first, second, third, _ = made
        refs = stores.refs
        assert refs.find("data", "flights", "main") is None
        ref = refs.move("data", "flights", Move(ref="main", to=first.id, expect=None, who="me", why="start"), at_ms=10)
        assert ref is not None
        assert (ref.version_id, ref.number, ref.moved_at_ms) == (first.id, 1, 10)
        refs.move("data", "flights", Move(ref="main", to=second.id, expect=first.id), at_ms=20)
        refs.move("data", "flights", Move(ref="main", to=third.id), at_ms=30)
        found = refs.find("data", "flights", "main")
        assert found is not None
        assert (found.version_id, found.number) == (third.id, 3)
        history = refs.history("data", "flights", "main")
        assert [(m.before, m.after, m.at_ms) for m in history] == [
            (second.id, third.id, 30), (first.id, second.id, 20), (None, first.id, 10)
        ]  # fmt: skip
        assert (history[2].who, history[2].why) == ("me", "start")
        assert refs.history("data", "flights", limit=1) == history[:1]

    def test_a_move_is_refused_when_the_ref_is_elsewhere(self, stores: Stores, made: list[Version]) -> None:
        first, second, *_ = made
        stores.refs.move("data", "flights", Move(ref="main", to=first.id), at_ms=1)
        seq = stores.events.last()
        for wrong in (Move(ref="main", to=second.id, expect=None), Move(ref="main", to=second.id, expect=second.id)):
            with pytest.raises(RefMoved, match="v1"):
                stores.refs.move("data", "flights", wrong, at_ms=2)
        with pytest.raises(RefMoved, match="not there"):
            stores.refs.move("data", "flights", Move(ref="new", to=second.id, expect=first.id), at_ms=2)
        assert stores.events.after(seq) == []
        assert len(stores.refs.history("data", "flights")) == 1

    def test_a_ref_names_only_versions_of_its_artifact(self, stores: Stores, made: list[Version]) -> None:
        stores.versions.set_deleted([made[1].id], at_ms=1)
        for wrong in (made[3].id, made[1].id, "nobody"):
            with pytest.raises(VersionNotFound):
                stores.refs.move("data", "flights", Move(ref="main", to=wrong), at_ms=2)
        with pytest.raises(VersionNotFound):
            stores.refs.move("data", "nothing", Move(ref="main", to=made[0].id), at_ms=2)
        assert stores.refs.all() == []

    def test_moving_to_where_it_is_adds_no_history(self, stores: Stores, made: list[Version]) -> None:
        stores.refs.move("data", "flights", Move(ref="main", to=made[0].id), at_ms=1)
        seq = stores.events.last()
        again = stores.refs.move("data", "flights", Move(ref="main", to=made[0].id, expect=made[0].id), at_ms=2)
        assert again is not None
        assert again.moved_at_ms == 1
        assert stores.refs.move("data", "flights", Move(ref="never", to=None), at_ms=2) is None
        assert len(stores.refs.history("data", "flights")) == 1
        assert stores.events.after(seq) == []

    def test_a_removed_ref_keeps_its_history(self, stores: Stores, made: list[Version]) -> None:
        seq = stores.events.last()
        stores.refs.move("data", "flights", Move(ref="tmp", to=made[0].id), at_ms=1)
        assert stores.refs.move("data", "flights", Move(ref="tmp", to=None, expect=made[0].id), at_ms=2) is None
        assert stores.refs.find("data", "flights", "tmp") is None
        assert [(m.before, m.after) for m in stores.refs.history("data", "flights", "tmp")] == [
            (made[0].id, None), (None, made[0].id)
        ]  # fmt: skip
        events = stores.events.after(seq)
        assert [(e.topic, e.id, e.action) for e in events] == [
            ("ref", "data:flights@tmp", "moved"), ("ref", "data:flights@tmp", "removed")
        ]  # fmt: skip

    def test_what_a_ref_named_at_a_moment(self, stores: Stores, made: list[Version]) -> None:
        for at_ms, to in ((10, made[0].id), (20, made[1].id), (30, None), (40, made[2].id)):
            stores.refs.move("data", "flights", Move(ref="prod", to=to), at_ms=at_ms)
        at = [stores.refs.at("data", "flights", "prod", ms) for ms in (9, 10, 19, 25, 30, 39, 1000)]
        assert at == [None, made[0].id, made[0].id, made[1].id, None, None, made[2].id]

    def test_all_is_sorted(self, stores: Stores, made: list[Version]) -> None:
        for ref in ("b", "B", "a"):
            stores.refs.move("data", "flights", Move(ref=ref, to=made[0].id), at_ms=1)
        stores.refs.move("data", "other", Move(ref="a", to=made[3].id), at_ms=1)
        assert [(r.name, r.ref) for r in stores.refs.all()] == [
            ("flights", "B"), ("flights", "a"), ("flights", "b"), ("other", "a")
        ]  # fmt: skip
        assert [r.name for r in stores.refs.all("data", "other")] == ["other"]
        assert stores.refs.all("model") == []

    def test_refs_of_a_name_are_found_over_all_artifacts_of_a_kind(self, stores: Stores, made: list[Version]) -> None:
        for name, version in (("other", made[3]), ("flights", made[0])):
            stores.refs.move("data", name, Move(ref="main", to=version.id), at_ms=1)
            stores.refs.move("data", name, Move(ref="prod", to=version.id), at_ms=1)
        assert [(r.name, r.version_id) for r in stores.refs.named("data", "main")] == [
            ("flights", made[0].id), ("other", made[3].id)
        ]  # fmt: skip
        assert stores.refs.named("model", "main") == stores.refs.named("data", "Main") == []

    def test_names_that_mean_versions_are_refused(self, stores: Stores, made: list[Version]) -> None:
        for wrong in ("v3", "12", "latest", "", "a/b"):
            with pytest.raises(Invalid):
                stores.refs.move("data", "flights", Move(ref=wrong, to=made[0].id), at_ms=1)

    def test_of_movers_at_once_one_wins(self, stores: Stores, made: list[Version]) -> None:
        outcomes: list[str] = []

        def race(to: str) -> None:
            try:
                stores.refs.move("data", "flights", Move(ref="main", to=to, expect=None), at_ms=1)
                outcomes.append("won")
            except RefMoved:
                outcomes.append("lost")

        threads = [threading.Thread(target=race, args=(version.id,)) for version in made[:3]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["lost", "lost", "won"]
