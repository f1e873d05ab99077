"""Put what a reader of another tool's files gives into the stores: once, however often and wherever it is stopped.

Every id is made of the source's own id, so importing again finds what is there and adds only what has come since. What
was changed here meanwhile stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tenfold.base.errors import Conflict, Invalid, TenfoldError
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.contracts.changes import KEY_CHARACTERS
from tenfold.records import Draft, Move, Points, Run, RunChange, Version
from tenfold.records.version import INLINE_LIMIT_BYTES
from tenfold.workspace.imported import ImportedItem, ImportedModel, ImportedModelVersion, ImportedRun
from tenfold.workspace.imported_names import fits, id_at, plain_name, plain_ref, plain_text, plain_texts

PLACE = "imported"
"""Where a run's environment says what it was imported from."""

BATCH_POINTS = 500_000


class Imported(msgspec.Struct, kw_only=True):
    """What an import came to. `unplaced` counts, by what it is, that which has no place here."""

    runs: int = 0
    new_runs: int = 0
    points: int = 0
    files: int = 0
    model_versions: int = 0
    unplaced: dict[str, int] = {}


def import_all(
    stores: Stores,
    found: Iterable[ImportedRun | ImportedModel],
    *,
    project: str | None = None,
    unplaced: Counter[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Import runs and models in the order a reader gives them; gives what was new.

    Args:
        project: The project of all runs; each run's own when not given.
        unplaced: Filled by the reader while it reads; joined with what finds no place here.
        progress: Called with (runs and models done, 0) after each.
    """
    work = _Import(stores, project, Counter() if unplaced is None else unplaced)
    for count, item in enumerate(found, start=1):
        try:
            if isinstance(item, ImportedRun):
                work.run(item)
            else:
                work.model(item)
        except Invalid as error:  # one that the store refuses takes none of the others with it
            work.unplaced[f"refused: {error}"] += 1
        if progress is not None:
            progress(count, 0)
    work.done.unplaced = {what: number for what, number in sorted(work.unplaced.items()) if number}
    return work.done


def run_id_of(source: str, source_id: str, started_at_ms: int) -> str:
    """The id a run of another tool has here, always the same."""
    return id_at(started_at_ms, f"{source}:{source_id}")


class _Import:
    """One import under way: where its runs went, and the tally."""

    def __init__(self, stores: Stores, project: str | None, unplaced: Counter[str]) -> None:
        self.stores, self.project, self.unplaced = stores, project, unplaced
        self.done = Imported()
        self._placed: dict[str, tuple[str, str]] = {}
        """By the source's id: (run id, id of its outermost run)."""

    def run(self, given: ImportedRun) -> None:
        points = self._keepable(given.points)
        new = self._record(given, points)
        self.stores.runs.create([new])
        run = self.stores.runs.get([new.id])[0]  # the one stored before, when there was one
        self.done.runs += 1
        plan = run.environment.get(PLACE, {}).get("points", {})
        if self._append(run.id, points, plan):
            self.done.new_runs += 1
        self._catch_up(run, new)
        if given.console:
            self._console(run, given.console)
        for item in given.items:
            try:
                self._item(run, item)
            except (FileNotFoundError, PermissionError, Conflict) as error:
                if isinstance(error, TenfoldError) and not isinstance(error, Conflict):
                    raise
                self.unplaced["artifacts with files that cannot be read"] += 1

    def model(self, given: ImportedModel) -> None:
        """Versions are numbered anew, without the gaps deleted ones left; a tag keeps the number each had."""
        name = plain_name(given.name)
        if name != given.name:
            self.unplaced[f"model {given.name!r} is called {name!r} here"] += 1
        for version in given.versions:
            made = self._model_version(given, name, version)
            if made.number != version.number:
                self.unplaced[f"version {version.number} of model {name!r} is v{made.number} here"] += 1
            for alias in version.aliases:
                ref = plain_ref(alias)
                if self.stores.refs.find("model", name, ref) is None:
                    move = Move(ref=ref, to=made.id, expect=None, who=given.source, why=f"imported from {given.source}")
                    self.stores.refs.move("model", name, move, at_ms=version.created_at_ms)

    def _record(self, given: ImportedRun, points: Mapping[str, Points]) -> Run:
        id_ = run_id_of(given.source, given.id, given.started_at_ms)
        parent, root = self._placed.get(given.parent or "", (None, id_))
        if given.parent and parent is None:
            self.unplaced["parents that are not in the source"] += 1
        self._placed[given.id] = (id_, root)
        place = {"from": given.source, "id": given.id, "points": {key: part.count for key, part in points.items()}}
        return Run(
            id=id_,
            project=plain_name(self.project or given.project or given.source),
            kind=given.kind,
            name=plain_text(given.name or given.id)[:KEY_CHARACTERS],
            state=given.state,
            parent_id=parent,
            root_id=root,
            group=given.group,
            user=given.user,
            host=given.host,
            created_at_ms=given.started_at_ms,
            started_at_ms=given.started_at_ms,
            ended_at_ms=given.ended_at_ms,
            deleted_at_ms=given.deleted_at_ms,
            error=given.error,
            code=given.code,
            environment=plain_texts({**given.environment, PLACE: place}),
            params=plain_texts(self._short(given.params, "params")),
            tags=plain_texts(self._short(given.tags, "tags"))
            | {f"{PLACE}.from": given.source, f"{PLACE}.id": plain_text(given.id)},
            notes=plain_text(given.notes),
            result=plain_texts(given.result),
        )

    def _keepable(self, given: Iterable[tuple[str, Points]]) -> dict[str, Points]:
        """Points by key, in order of key. A key that comes twice, as one too long for a key, is not kept twice."""
        points = {}
        for name, part in sorted(given, key=lambda pair: pair[0]):
            key = plain_text(name)
            if not 0 < len(key) <= KEY_CHARACTERS:
                self.unplaced[f"metrics whose key has more than {KEY_CHARACTERS} characters"] += 1
            elif part.count:
                points[key] = part
        return points

    def _short(self, given: Mapping[str, Any], what: str) -> dict[str, Any]:
        kept = {key: value for key, value in given.items() if fits(key, value)}
        if len(kept) < len(given):
            self.unplaced[f"{what} whose key has more than {KEY_CHARACTERS} characters"] += len(given) - len(kept)
        return kept

    def _append(self, run_id: str, points: Mapping[str, Points], plan: Mapping[str, int]) -> bool:
        """Store the points there were when the run was first imported, then those that came since. True when it was now.

        The run itself says how many the first were, so a second import cuts the same batches, and each is stored once.
        """
        source, total, offset = f"import-{run_id}", sum(plan.values()), 0
        stored = self.stores.series.stored(source)
        is_new = stored == 0
        for batch in _batches({key: _part(part, 0, plan.get(key, 0)) for key, part in points.items()}):
            count = sum(part.count for part in batch.values())
            offset += count
            if offset > stored:
                self.stores.series.append(run_id, batch, source=source, offset=offset)
                self.done.points += count
        if is_new and total == 0:
            self.stores.series.append(run_id, {}, source=source, offset=1)  # says that it was imported
        for key, part in points.items():
            if part.count > (first := plan.get(key, 0)):
                self._append_rest(run_id, key, part, first)
        return is_new

    def _append_rest(self, run_id: str, key: str, part: Points, first: int) -> None:
        source = f"import-{run_id}-{digest(key.encode())[:16]}"
        start = first + self.stores.series.stored(source)
        while start < part.count:
            stop = min(part.count, start + BATCH_POINTS)
            self.stores.series.append(run_id, {key: _part(part, start, stop)}, source=source, offset=stop - first)
            self.done.points += stop - start
            start = stop

    def _catch_up(self, run: Run, new: Run) -> None:
        """A run that went on there after it was imported: how it ended, and what was added to it."""
        params = {key: value for key, value in new.params.items() if key not in run.params}
        tags: dict[str, str | None] = {key: value for key, value in new.tags.items() if key not in run.tags}
        if run.state == "lost" and new.state != "lost" and new.ended_at_ms is not None:
            change = RunChange(params=params or None, tags=tags or None, error=new.error)
            self.stores.runs.transition(run.id, new.state, expect=["lost"], at_ms=new.ended_at_ms, change=change)
        elif params or tags:
            self.stores.runs.update(run.id, RunChange(params=params or None, tags=tags or None))

    def _console(self, run: Run, text: str) -> None:
        data = text.encode("utf-8", "replace")
        metadata = {"source": f"import-{run.id}", "start": 0, "end": len(data)}
        draft = self._draft(run, "log", run.id, {"output.log": data}, type="text", inline=data, metadata=metadata)
        self.stores.versions.publish([draft])

    def _item(self, run: Run, item: ImportedItem) -> None:
        if not item.files:
            return
        from tenfold.tracking.media import name_of

        name = plain_name(item.name) if item.name else name_of(run.id, item.key)
        metadata = {"key": item.key, **item.metadata} | ({} if item.step is None else {"step": item.step})
        draft = self._draft(
            run,
            item.kind,
            name,
            item.files,
            type=item.type,
            role=plain_text(item.key),
            metadata=metadata,
            at_ms=item.at_ms,
        )
        self.stores.versions.publish([draft])
        self.done.files += draft.files

    def _draft(
        self, run: Run, kind: str, name: str, files: Mapping[str, Any], *, inline: bytes | None = None,
        at_ms: int | None = None, metadata: Mapping[str, Any], **fields: Any,
    ) -> Draft:  # fmt: skip
        """A version of a run, its id made of what it is: the same thing again is the same version."""
        if inline is not None and len(inline) <= INLINE_LIMIT_BYTES:
            fields |= {"digest": digest(inline), "inline": inline, "size_bytes": len(inline)}
        else:
            tree = self.stores.blobs.put_tree(files)
            fields |= {"digest": tree.digest, "size_bytes": tree.size_bytes, "files": tree.files}
        when = run.created_at_ms if at_ms is None else at_ms
        what = f"{run.id}:{kind}:{name}:{metadata.get('step')}:{fields['digest']}"
        return Draft(
            id=id_at(when, what), kind=kind, name=name, run_id=run.id, created_at_ms=when,
            metadata=plain_texts(metadata), **fields,
        )  # fmt: skip

    def _model_version(self, given: ImportedModel, name: str, version: ImportedModelVersion) -> Version:
        tree = self.stores.blobs.put_tree(version.files)
        if not version.files:
            self.unplaced["model versions whose files are not in the source"] += 1
        run_id = self._placed.get(version.run or "", (None, ""))[0]
        draft = Draft(
            id=id_at(version.created_at_ms, f"{given.source}:model:{given.name}:{version.number}:{version.run}"),
            kind="model",
            name=name,
            digest=tree.digest,
            size_bytes=tree.size_bytes,
            files=tree.files,
            type=f"model/{given.source}",
            run_id=run_id,
            role="model",
            created_at_ms=version.created_at_ms,
            description=plain_text(version.description),
            tags=plain_texts(self._short(version.tags, "tags")) | {f"{given.source}.version": str(version.number)},
        )
        made = self.stores.versions.publish([draft])[0]
        self.done.model_versions += 1
        return made


def _batches(points: Mapping[str, Points]) -> Iterable[dict[str, Points]]:
    """The points in batches of at most BATCH_POINTS, cut the same whenever they are the same."""
    batch: dict[str, Points] = {}
    room = BATCH_POINTS
    for key, whole in points.items():
        start = 0
        while start < whole.count:
            part = _part(whole, start, min(whole.count, start + room))
            batch[key] = part
            start += part.count
            room -= part.count
            if not room:
                yield batch
                batch, room = {}, BATCH_POINTS
    if batch:
        yield batch


def _part(points: Points, start: int, stop: int) -> Points:
    if start == 0 and stop >= points.count:
        return points
    a, b = start * 8, stop * 8
    return Points(points.steps[a:b], points.values[a:b], points.times_ms[a:b])
