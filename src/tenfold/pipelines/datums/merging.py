"""The last place of an incremental run: what all datums gave, unchanged ones too, as the next version of the output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold.base.clock import now_ms
from tenfold.base.errors import Conflict, StepFailed
from tenfold.contracts import Stores
from tenfold.pipelines.datums.definition import Definition, Plan, decode_plan
from tenfold.pipelines.datums.egress import send_out
from tenfold.pipelines.datums.state import FILE, KIND, Record, decode_records, encode_records, read_records
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.ids import derived_id
from tenfold.pipelines.moving import commit_set_of
from tenfold.pipelines.steps import step
from tenfold.records import Draft, Move, Run, Tree
from tenfold.records.version import COMMIT_SET


@step(name="merge", cache=False)
def merge_datums(plan: Path, results: list[Path]) -> dict[str, Any]:
    """Publish what is known of each datum and, when none failed, the output: both at once, once however often it is tried.

    Raises:
        StepFailed: Datums failed. What the others gave is kept for the next run.
        Conflict: Two datums gave the same path.
        RefMoved: Another run of the pipeline ended meanwhile.
    """
    here, planned = at_hand(), decode_plan(plan.read_bytes())
    stores, definition = here.stores(), planned.definition
    root = stores.runs.get([stores.runs.get([here.run_id])[0].root_id or here.run_id])[0]
    fresh = [record for path in results for record in decode_records(path.read_bytes())]
    records = _all_records(stores, planned, fresh)
    failed = [record for record in records if record.state == "failed"]
    clash = None if failed else _clash(records)
    counts = {
        "total": planned.total,
        "processed": sum(record.state == "done" for record in fresh),
        "skipped": planned.total - planned.todo,
        "failed": len(failed),
        "recovered": sum(record.state == "recovered" for record in records),
        "deleted": len(planned.gone),
    }
    complete = not failed and clash is None
    drafts = [_state_draft(stores, planned, root, records, counts, complete=complete)]
    if complete:
        tree = stores.blobs.put_tree({made.path: made.entry() for record in records for made in record.made})
        if not _is_head(stores, planned, tree):
            drafts.append(_output_draft(stores, planned, root, tree, counts, drafts[0].id))
    published = stores.versions.publish(drafts)
    if clash is not None:
        raise Conflict(clash)
    if failed:
        raise StepFailed(_what_failed(failed, len(records), definition))
    output = published[1] if len(published) > 1 else stores.versions.get([planned.head or ""])[0]
    if definition.egress and len(published) > 1:
        send_out(stores, output, definition.egress)
    return {"output": output.address, **counts}


def _all_records(stores: Stores, plan: Plan, fresh: list[Record]) -> list[Record]:
    gone = set(plan.gone)
    base = read_records(stores, stores.versions.get([plan.base])[0]) if plan.base else []
    known = {record.id: record for record in base if record.id not in gone}
    known.update((record.id, record) for record in fresh)
    return list(known.values())


def _clash(records: list[Record]) -> str | None:
    """What is wrong when two datums gave one path, or a file where another gave a folder."""
    owners: dict[str, Record] = {}
    folders: dict[str, Record] = {}
    for record in records:
        for made in record.made:
            other = owners.get(made.path)
            if other is not None and made.kind != "folder":
                return _said_clash(made.path, other, record)
            owners[made.path] = record
            if "/" in made.path:
                folders.setdefault(made.path.rpartition("/")[0], record)
    for folder, record in folders.items():
        parts = folder.split("/")
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            if path in owners and any(made.path == path and made.kind != "folder" for made in owners[path].made):
                return _said_clash(path, owners[path], record)
    return None


def _said_clash(path: str, one: Record, other: Record) -> str:
    names = " and ".join(", ".join(f"{part.name}/{part.path}" for part in record.parts) for record in (one, other))
    return (
        f"Duplicate path output by different datums: {path!r} comes from {names}. Let each datum write paths of its own"
    )


def _what_failed(failed: list[Record], total: int, definition: Definition) -> str:
    first = failed[0]
    paths = ", ".join(f"{part.name}/{part.path}" for part in first.parts)
    return (
        f"{len(failed)} of {total} datums failed, {paths}: {first.error}. {definition.into} stays as it was. "
        f"See all with: tenfold datums list {definition.into} --state failed; run it again and only these run"
    )


def _is_head(stores: Stores, plan: Plan, tree: Tree) -> bool:
    return plan.head is not None and stores.versions.get([plan.head])[0].digest == tree.digest


def _state_draft(
    stores: Stores, plan: Plan, root: Run, records: list[Record], counts: dict[str, int], *, complete: bool
) -> Draft:
    tree = stores.blobs.put_tree({FILE: encode_records(records)})
    name = plan.definition.into
    return Draft(
        id=derived_id(root.id, "datums"),
        kind=KIND,
        name=name,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="datums",
        metadata={"complete": complete, "sources": [source.version_id for source in plan.sources], **counts},
        parents=[plan.base] if plan.base else [],
        run_id=root.id,
        role="datums",
        created_at_ms=now_ms(),
        moves=[Move(ref=plan.definition.branch, expect=plan.base, why=f"run:{root.id}")],
    )


def _output_draft(stores: Stores, plan: Plan, root: Run, tree: Tree, counts: dict[str, int], state_id: str) -> Draft:
    definition = plan.definition
    said = f"{counts['processed']} datums run, {counts['skipped']} skipped, {counts['deleted']} gone"
    return Draft(
        id=derived_id(root.id, "output"),
        kind="data",
        name=definition.into,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="folder",
        metadata={"datums": state_id},
        message=f"{definition.name}: {said}",
        parents=[plan.head] if plan.head else [],
        run_id=root.id,
        role=definition.into,
        author=root.user,
        created_at_ms=now_ms(),
        moves=[Move(ref=definition.branch, expect=plan.head, who=root.user, why=f"{definition.name}: {said}")],
        tags={COMMIT_SET: root.tags.get(COMMIT_SET) or _newest_commit_set(stores, plan) or root.id},
    )


def _newest_commit_set(stores: Stores, plan: Plan) -> str:
    """Of a run by hand: that of its newest input."""
    versions = stores.versions.get([source.version_id for source in plan.sources])
    return commit_set_of(max(versions, key=lambda version: version.created_at_ms)) if versions else ""
