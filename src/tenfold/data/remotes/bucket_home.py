"""A bucket or folder alone, without a server, as a home of datasets: small immutable objects beside the packs.

    heads/<dataset>/<generation>     refs, and which batches hold the versions; the highest generation counts
    versions/<dataset>/<hash>        a batch: versions as they were pushed, named by the hash of its bytes
    catalog.json                     names, sizes and times of all objects, for who can read but not list
    roots/<repository>/<hash>        see `collecting`

A head is written only under a name that nobody has taken, so of two who saw one generation one writes the next.
docs/format.md tells it for strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Damaged, Invalid, RefMoved, Unavailable
from tenfold.base.files import write_atomic
from tenfold.base.hashing import digest
from tenfold.contracts import Medium
from tenfold.data.publishing import KIND
from tenfold.data.remotes.home import Home, Shared, SharedRef
from tenfold.records import Version
from tenfold.stores.blobs import PackedBlobs

FORMAT = "tenfold-head-1"
CATALOG = "catalog.json"

_BATCHES_AT_MOST = 16
_GENERATIONS_KEPT = 16
_TRIES = 8


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of a dataset. `writer` makes the bytes of each different, so that a writer knows its own again."""

    format: str
    writer: str
    refs: dict[str, SharedRef] = {}
    batches: list[str] = []
    dead: dict[str, int] = {}


class BucketHome(Home):
    """Datasets on a medium.

    Args:
        cache: A folder for batches read before.
    """

    def __init__(self, url: str, blobs: PackedBlobs, cache: Path) -> None:
        self.url, self.blobs = url, blobs
        self._medium: Medium = blobs.medium
        self._cache = cache / "versions"

    def datasets(self) -> list[str]:
        return sorted({name.split("/")[1] for name, _, _ in self._medium.scan("heads/")})

    def look(self, name: str) -> Shared:
        for _ in range(_TRIES):
            generation = self._newest(name)
            if generation == 0:
                return Shared(name=name)
            try:
                head = self._head(name, generation)
                versions = {v.id: v for batch in head.batches for v in self._batch(name, batch)}
            except BlobNotFound:  # others went on, and removed what was old
                continue
            data = {id_: version for id_, version in versions.items() if version.kind == KIND}
            profiles = {v.metadata["of"]: v for v in versions.values() if v.kind != KIND and v.metadata["of"] in data}
            return Shared(
                name=name, versions=data, refs=head.refs, generation=generation, dead=head.dead, statistics=profiles
            )  # fmt: skip
        raise Unavailable(f"{self.url} lacks the versions that its newest head of {name!r} names. Push it again from a "
                          "store that has them")  # fmt: skip

    def publish(self, seen: Shared, versions: list[Version], refs: Mapping[str, SharedRef | None]) -> None:
        kept = {ref: at for ref, at in {**seen.refs, **refs}.items() if at is not None}
        all_ = {**seen.versions, **{v.id: v for v in (*seen.statistics.values(), *versions)}}
        alive = Shared(name=seen.name, versions=all_).line_of(at.version_id for at in kept.values())
        dead = {id_: since for id_, since in seen.dead.items() if id_ not in alive}
        self._write(seen, all_, versions, kept, dead)

    def rewrite(self, seen: Shared, *, without: set[str], dead: dict[str, int]) -> None:
        """Take versions away, and note which others are dead. Raises RefMoved as `publish` does."""
        left = {id_: version for id_, version in seen.versions.items() if id_ not in without}
        left |= {profile.id: profile for of, profile in seen.statistics.items() if of in left}
        self._write(seen, left, None if without else [], dict(seen.refs), dead)

    def _write(
        self,
        seen: Shared,
        all_: dict[str, Version],
        new: list[Version] | None,
        refs: dict[str, SharedRef],
        dead: dict[str, int],
    ) -> None:
        """`new`: versions beside the batches that are there; None writes all versions in one batch."""
        batches = self._head(seen.name, seen.generation).batches if seen.generation else []
        if new is None or len(batches) >= _BATCHES_AT_MOST:
            batches, new = [], list(all_.values())
        if new:
            batches = [*batches, self._put_batch(seen.name, new)]
        head = Head(format=FORMAT, writer=ids.new_id(), refs=refs, batches=batches, dead=dead)
        self.blobs.index.check_format(write=True)
        made = self._medium.put_new(_head_name(seen.name, seen.generation + 1), msgspec.json.encode(head))
        if not made or self._newest(seen.name) != seen.generation + 1:
            raise RefMoved(f"data:{seen.name} at {self.url} was changed meanwhile. Look again, then try again")
        self._forget(seen.name, seen.generation + 1, set(batches))
        self.write_catalog()

    def write_catalog(self) -> None:
        """List all objects in one, for who can read but not list. The last to write sees what all before it wrote."""
        for _ in range(_TRIES):
            objects = [one for one in self._medium.scan() if not one[0].startswith(("pins/", "sessions/", CATALOG))]
            heads = {name for name, _, _ in objects if name.startswith("heads/")}
            self._medium.put(CATALOG, msgspec.json.encode(objects))
            if {name for name, _, _ in self._medium.scan("heads/")} == heads:
                return

    def _newest(self, name: str) -> int:
        prefix = f"heads/{name}/"
        return max((int(found.removeprefix(prefix)) for found, _, _ in self._medium.scan(prefix)), default=0)

    def _head(self, name: str, generation: int) -> Head:
        where = _head_name(name, generation)
        try:
            head = msgspec.json.decode(self._medium.get(where), type=Head)
        except msgspec.MsgspecError as error:
            raise Damaged(f"{where} at {self.url} cannot be read ({error}). Delete that object: the one before it counts "
                          "then; and push again") from error  # fmt: skip
        if head.format != FORMAT:
            raise Invalid(
                f"{where} at {self.url} is of the format {head.format}, this Tenfold reads {FORMAT}. Install a newer one"
            )
        return head

    def _batch(self, name: str, batch: str) -> list[Version]:
        cached = self._cache / batch
        data = cached.read_bytes() if cached.is_file() else b""
        if digest(data) != batch:
            data = self._medium.get(f"versions/{name}/{batch}")
            if digest(data) != batch:
                raise Damaged(f"versions/{name}/{batch} at {self.url} does not match its hash. Push the dataset again from a "
                              "store that has it")  # fmt: skip
            self._keep(batch, data)
        return msgspec.msgpack.decode(data, type=list[Version])

    def _put_batch(self, name: str, versions: list[Version]) -> str:
        data = msgspec.msgpack.encode(sorted(versions, key=lambda version: version.id))
        batch = digest(data)
        self._medium.put(f"versions/{name}/{batch}", data)
        self._keep(batch, data)
        return batch

    def _keep(self, batch: str, data: bytes) -> None:
        self._cache.mkdir(parents=True, exist_ok=True)
        write_atomic(self._cache / batch, data, durable=False)

    def _forget(self, name: str, generation: int, batches: set[str]) -> None:
        """Remove heads that are far behind and batches that no newer head names, an hour after they were written."""
        oldest = generation - _GENERATIONS_KEPT
        for found, _, _ in self._medium.scan(f"heads/{name}/"):
            if int(found.rpartition("/")[2]) <= oldest:
                self._medium.delete(found)
        now = self.blobs.index.clock()
        for found, _, at_ms in self._medium.scan(f"versions/{name}/"):
            if found.rpartition("/")[2] not in batches and at_ms < now - 3_600_000:
                self._medium.delete(found)


def _head_name(name: str, generation: int) -> str:
    return f"heads/{name}/{generation:012d}"
