"""The last place of an incremental run: what all datums gave, unchanged ones too, as the next version of the output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Conflict, StepFailed
from tenfold.contracts import Stores
from tenfold.contracts.there import versions_there
from tenfold.pipelines.authoring.steps import step
from tenfold.pipelines.datums.definition import Definition, Plan, decode_plan
from tenfold.pipelines.datums.egress import send_out
from tenfold.pipelines.datums.outputs import put_output
from tenfold.pipelines.datums.planning import reads_of
from tenfold.pipelines.datums.retrying import try_again
from tenfold.pipelines.datums.state import KIND, Known, Record, decode_records
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.ids import derived_id
from tenfold.pipelines.starting.moving import commit_set_of
from tenfold.records import Draft, Move, Run, Tree, Version
from tenfold.records.version import COMMIT_SET


@step(name="merge", cache=False)
def merge_datums(plan: Path, results: list[Path], step: list[str]) -> dict[str, Any]:
    """Publish what is known of each datum and, when none failed, the output: both at once, once however often it is tried.

    When the run is gone on with after datums failed, these are tried again here first.

    Args:
        step: Module and name of the step that runs datums.

    Raises:
        StepFailed: Datums failed. What the others gave is kept for the next run.
        Conflict: Two datums gave the same path.
        RefMoved: Another run of the pipeline ended meanwhile.
    """
    here, planned = at_hand(), decode_plan(plan.read_bytes())
    stores, definition = here.stores(), planned.definition
    root = stores.runs.get([stores.runs.get([here.run_id])[0].root_id or here.run_id])[0]
    fresh = [record for path in results for record in decode_records(path.read_bytes())]
    earlier = _earlier(stores, root)
    if earlier and any(record.state == "failed" for record in fresh):
        newest = Known(stores, earlier[-1])
        tried = newest.some(record.id for record in fresh)
        fresh = try_again([tried.get(record.id, record) for record in fresh], planned, tuple(step))
        planned = msgspec.structs.replace(planned, base=earlier[-1].id)
    known = Known(stores, stores.versions.get([planned.base])[0] if planned.base else None)
    # every datum that did not end well before was among those to run, so none but fresh ones can be so now
    failed = [record for record in fresh if record.state == "failed"]
    counts = {
        "total": planned.total,
        "processed": sum(record.state == "done" for record in fresh),
        "skipped": planned.total - planned.todo,
        "failed": len(failed),
        "recovered": sum(record.state == "recovered" for record in fresh),
        "deleted": len(planned.gone),
    }
    made = None if failed else put_output(stores, planned, known, fresh)
    clash = made if isinstance(made, str) else None
    output_tree = made if isinstance(made, Tree) else None
    drafts = [_state_draft(stores, planned, root, known, fresh, counts, output_tree, len(earlier))]
    if output_tree is not None and not _is_head(stores, planned, output_tree):
        drafts.append(_output_draft(stores, planned, root, output_tree, counts, drafts[0].id))
    published = stores.versions.publish(drafts)
    if clash is not None:
        raise Conflict(clash)
    if failed:
        raise StepFailed(_what_failed(failed, planned.total, definition))
    output = published[1] if len(published) > 1 else stores.versions.get([planned.head or ""])[0]
    if definition.egress and len(published) > 1:
        send_out(stores, output, definition.egress)
    return {"output": output.address, **counts}


def _earlier(stores: Stores, root: Run) -> list[Version]:
    """What this run published of its datums before it was gone on with, oldest first: each time some had failed."""
    found: list[Version] = []
    while there := versions_there(stores, [_state_id(root, len(found))]):
        state = next(iter(there.values()))
        if state.metadata.get("complete") or not state.metadata.get("failed"):
            break  # that publish is now made once more, and finds itself made
        found.append(state)
    return found


def _state_id(root: Run, number: int) -> str:
    return derived_id(root.id, f"datums-{number}" if number else "datums")


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
    stores: Stores,
    plan: Plan,
    root: Run,
    known: Known,
    fresh: list[Record],
    counts: dict[str, int],
    output: Tree | None,
    earlier: int,
) -> Draft:
    tree = stores.blobs.put_tree(known.changed(fresh, plan.gone))
    name = plan.definition.into
    said = {"complete": output is not None, "output": output.digest if output is not None else ""}
    said["folders"] = known.has_folders or any(made.kind == "folder" for record in fresh for made in record.made)
    return Draft(
        id=_state_id(root, earlier),
        kind=KIND,
        name=name,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="datums",
        metadata={
            **said,
            "reads": reads_of(plan.definition),
            "sources": [source.version_id for source in plan.sources],
            **counts,
        },
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
