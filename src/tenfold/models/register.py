"""`register`: a candidate's content becomes the next version of a registered model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.base import clock, ids
from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores, resolve
from tenfold.models.registry import set_verdict
from tenfold.records import Draft, Edge, Version


def register(
    stores: Stores,
    name: str,
    candidate: str,
    *,
    run_id: str | None = None,
    message: str = "",
    verdict: Mapping[str, Any] | None = None,
) -> Version:
    """Publish the files of a candidate model as the next version of `model:<name>`; nothing is copied.

    With a run, the edges "run used candidate" and "run produced version" keep the way back to where it was trained.

    Args:
        candidate: Address of a model version.
        verdict: As `set_verdict` takes it; written on the new version. Its `metrics`, when there are some, become the
            version's.

    Raises:
        Invalid: The candidate is not a model.
        VersionNotFound: There is no such candidate.
    """
    check_name(name)
    source = resolve(stores, candidate, default_kind="model")
    if source.kind != "model":
        raise Invalid(f"{candidate} is a {source.kind}, not a model. Name a model version", field="candidate")
    now = clock.now_ms()
    if run_id is not None:
        used = Edge(run_id=run_id, version_id=source.id, direction="used", role="candidate", at_ms=now)
        stores.lineage.add([used])
    metadata = {**source.metadata, "candidate": source.address}
    if verdict is not None and verdict.get("metrics"):
        metadata["metrics"] = dict(verdict["metrics"])
    draft = Draft(
        id=ids.new_id(),
        kind="model",
        name=name,
        digest=source.digest,
        size_bytes=source.size_bytes,
        files=source.files,
        type=source.type,
        metadata=metadata,
        message=message or source.message,
        run_id=run_id,
        role="model",
        created_at_ms=now,
    )
    version = stores.versions.publish([draft])[0]
    return set_verdict(stores, version.id, verdict) if verdict is not None else version
