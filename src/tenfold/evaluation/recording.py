"""An evaluation kept in the store: a version of kind 'evaluation' that knows the model and the data it judged."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.hashing import digest
from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.evaluation.record import Evaluation, Verdict
from tenfold.records import Draft, Edge, Run, Version
from tenfold.records.run import RunChange
from tenfold.records.version import INLINE_LIMIT_BYTES

FILE = "evaluation.json"


def record_evaluation(
    stores: Stores,
    evaluation: Evaluation,
    *,
    name: str,
    model_version: Version | str | None = None,
    data_version: Version | str | None = None,
    baseline_version: Version | str | None = None,
    run_id: str | None = None,
    project: str = "default",
    verdict: Verdict | None = None,
    clock: Clock = now_ms,
) -> Version:
    """Keep an evaluation as the next version of `evaluation:<name>`, with edges to what was judged.

    Args:
        name: Usually the model's name.
        model_version: What was judged: a version or its id.
        data_version: The holdout: a version or its id.
        baseline_version: The model it was compared with: a version or its id.
        run_id: The run that evaluated; without one a finished run of kind 'evaluation' is made in `project`.
        verdict: Kept in the version's metadata, and in the result of a run made here.
    """
    at_ms = clock()
    made_here = run_id is None
    run = run_id or new_id()
    if made_here:
        stores.runs.create([Run(id=run, project=project, kind="evaluation", name=name, created_at_ms=at_ms)])
        stores.runs.transition(run, "running", expect=["created"], at_ms=at_ms)
    used = [(model_version, "model"), (data_version, "holdout"), (baseline_version, "baseline")]
    edges = [
        Edge(run_id=run, version_id=_id(version), direction="used", role=role, at_ms=at_ms)
        for version, role in used if version is not None
    ]  # fmt: skip
    if edges:
        stores.lineage.add(edges)
    content = msgspec.json.encode(evaluation)
    metadata: dict[str, Any] = {"metrics": evaluation.metrics, "task": evaluation.task, "rows": evaluation.rows}
    if model_version is not None:
        metadata["model_version"] = _id(model_version)
    if data_version is not None:
        metadata["data_version"] = _id(data_version)
    if baseline_version is not None:
        metadata["baseline_version"] = _id(baseline_version)
    if verdict is not None:
        metadata["verdict"] = msgspec.to_builtins(verdict)
    if len(content) <= INLINE_LIMIT_BYTES:
        draft = Draft(
            id=new_id(), kind="evaluation", name=name, digest=digest(content), size_bytes=len(content), inline=content,
            type="json", metadata=metadata, run_id=run, role="evaluation", created_at_ms=at_ms,
        )  # fmt: skip
    else:
        tree = stores.blobs.put_tree({FILE: content})
        draft = Draft(
            id=new_id(), kind="evaluation", name=name, digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files,
            type="json", metadata=metadata, run_id=run, role="evaluation", created_at_ms=at_ms,
        )  # fmt: skip
    [version] = stores.versions.publish([draft])
    if made_here:
        result = {"metrics": evaluation.metrics, "evaluation": version.address} | (
            {"verdict": metadata["verdict"]} if verdict is not None else {}
        )
        stores.runs.transition(run, "finished", expect=["running"], at_ms=clock(), change=RunChange(result=result))
    return version


def load_evaluation(stores: Stores, version: Version) -> Evaluation:
    """The evaluation a version holds."""
    content = version.inline
    if content is None:
        entry = stores.blobs.find_entry(version.digest, FILE)
        content = stores.blobs.get_bytes(entry.digest if entry is not None else version.digest)
    return msgspec.json.decode(content, type=Evaluation)


def _id(version: Version | str) -> str:
    return version if isinstance(version, str) else version.id
