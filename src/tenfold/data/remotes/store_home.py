"""The stores of a Tenfold server (or any other) as a home of datasets: its own versions and refs are the shared ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from tenfold.base.clock import Clock, now_ms
from tenfold.contracts import Stores
from tenfold.data.history import every_version
from tenfold.data.publishing import KIND, TAG, latest_reasons
from tenfold.data.remotes.drafts import FETCHED, draft_of, parents_first
from tenfold.data.remotes.home import Home, Shared, SharedRef
from tenfold.data.remotes.profiles import profiles_of
from tenfold.records import Move, Version
from tenfold.stores.blobs import PackedBlobs


class StoreHome(Home):
    """Datasets in stores. Of several refs moved in one `publish` each moves by itself: when one is refused, those before stay."""

    def __init__(self, url: str, stores: Stores, *, clock: Clock = now_ms) -> None:
        self.url, self.stores = url, stores
        self.blobs = cast(PackedBlobs, stores.blobs)
        self._clock = clock

    def datasets(self) -> list[str]:
        return [name for _, name, _, _ in self.stores.versions.names(KIND)]

    def look(self, name: str) -> Shared:
        reasons = latest_reasons(self.stores, name)
        refs = {
            ref.ref: SharedRef(version_id=ref.version_id, is_tag=reasons.get(ref.ref) == TAG, at_ms=ref.moved_at_ms)
            for ref in self.stores.refs.all(KIND, name)
            if reasons.get(ref.ref) != FETCHED
        }
        versions = {version.id: version for version in every_version(self.stores, KIND, name)}
        return Shared(name=name, versions=versions, refs=refs, generation=int(bool(versions)))

    def profiles(self, seen: Shared, version_ids: Collection[str]) -> list[Version]:
        return profiles_of(self.stores, seen.name, version_ids)

    def publish(self, seen: Shared, versions: list[Version], refs: Mapping[str, SharedRef | None]) -> None:
        self.stores.versions.publish([draft_of(version) for version in parents_first(versions)])
        for ref, at in refs.items():
            before = seen.refs.get(ref)
            move = Move(
                ref=ref,
                to=None if at is None else at.version_id,
                expect=None if before is None else before.version_id,
                who="" if at is None else at.who,
                why="" if at is None else TAG if at.is_tag else at.why or "push",
            )
            self.stores.refs.move(KIND, seen.name, move, at_ms=self._clock())
