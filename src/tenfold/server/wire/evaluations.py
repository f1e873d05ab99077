"""Evaluations as the pages see them: the record itself crosses, with its verdict and what was judged."""

from __future__ import annotations

import msgspec

from tenfold.evaluation.record import Evaluation, Verdict
from tenfold.server.wire.versions import VersionLink, VersionRow


class EvaluationDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation. What it judged is null when it was not said, or is gone."""

    version: VersionRow
    evaluation: Evaluation
    verdict: Verdict | None
    model: VersionLink | None
    baseline: VersionLink | None
    data: VersionLink | None
    higher: dict[str, bool]
    """Of each metric whose direction is known: whether higher is better."""
    leading: str | None
    """The metric that slices are compared by."""
    others: list[VersionLink]
    """Evaluations of the same name, newest first (at most 50)."""


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation in the list, with the metric that says most. `passed` is null where nothing was demanded of it."""

    id: str
    name: str
    number: int
    task: str
    rows: int
    metric: str | None
    value: float | None
    passed: bool | None
    reasons: list[str]
    model: VersionLink | None
    data: VersionLink | None
    at_ms: int


class EvaluationList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest evaluations, at most 200, the newest first."""

    items: list[EvaluationRow]
