"""Evaluations: the newest of them; metrics, slices, curves and the verdict of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.contracts.there import versions_there
from tenfold.evaluation import direction, load_evaluation
from tenfold.evaluation.hints import leading_metric, leading_of
from tenfold.evaluation.record import Verdict
from tenfold.records import Version
from tenfold.server.place import Place
from tenfold.server.rows import version_link, version_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import EvaluationDetail, EvaluationList, EvaluationRow

KIND = "evaluation"
OTHERS = 50
LISTED = 200
JUDGED = ("model_version", "baseline_version", "data_version")


class EvaluationParams(msgspec.Struct, frozen=True, kw_only=True):
    evaluation_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def listing(place: Place, params: Nothing) -> EvaluationList:
    """From what stands with the versions alone, in two queries: no evaluation is read."""
    found = place.stores.versions.search(KIND, limit=LISTED)
    judged = {version.metadata[key] for version in found for key in JUDGED if key in version.metadata}
    there = versions_there(place.stores, sorted(judged))
    return EvaluationList(items=[_row(version, there) for version in found])


def _row(version: Version, there: Mapping[str, Version]) -> EvaluationRow:
    said = version.metadata
    metrics = said.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    metric, verdict = leading_of(metrics), _verdict(said.get("verdict"))
    model, data = (there.get(said.get(key, "")) for key in ("model_version", "data_version"))
    return EvaluationRow(
        id=version.id, name=version.name, number=version.number, task=str(said.get("task", "")),
        rows=int(said.get("rows") or 0), metric=metric, value=metrics[metric] if metric else None,
        passed=verdict.passed if verdict else None, reasons=verdict.reasons if verdict else [],
        model=version_link(model) if model else None, data=version_link(data) if data else None,
        at_ms=version.created_at_ms,
    )  # fmt: skip


def get(place: Place, params: EvaluationParams) -> EvaluationDetail:
    stores = place.stores
    [version] = stores.versions.get([params.evaluation_id])
    if version.kind != KIND:
        raise VersionNotFound(f"{version.address} is no evaluation", field="evaluation_id")
    try:
        found = load_evaluation(stores, version)
    except msgspec.DecodeError as error:
        raise Invalid(f"{version.address} was not written by Tenfold: {error}", field="evaluation_id") from error
    judged = {key: version.metadata[key] for key in JUDGED if key in version.metadata}
    there = versions_there(stores, sorted(set(judged.values())))
    model, baseline, data = (there.get(judged.get(key, "")) for key in JUDGED)
    names = dict.fromkeys([*found.metrics, *(name for part in found.slices for name in part.metrics)])
    return EvaluationDetail(
        version=version_row(version, []),
        evaluation=found,
        verdict=_verdict(version.metadata.get("verdict")),
        model=version_link(model) if model else None,
        baseline=version_link(baseline) if baseline else None,
        data=version_link(data) if data else None,
        higher={name: way for name in names if (way := direction(name)) is not None},
        leading=leading_metric(found),
        others=[version_link(one) for one in stores.versions.search(KIND, version.name, limit=OTHERS)],
    )


def _verdict(said: object) -> Verdict | None:
    try:
        return None if said is None else msgspec.convert(said, Verdict)
    except msgspec.ValidationError:  # written by hand: the version's page shows it as it is
        return None


ROUTES = [
    Route("GET", "/evaluations", listing, EvaluationList, "The newest evaluations with their verdicts", Nothing),
    Route(
        "GET", "/evaluations/{evaluation_id}", get, EvaluationDetail,
        "Metrics, slices, curves and verdict of one evaluation", EvaluationParams,
    ),
]  # fmt: skip
