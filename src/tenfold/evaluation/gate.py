"""`gate`: may this candidate take the champion's place? It fails closed: what cannot be checked has not passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tenfold.evaluation.record import Check, Evaluation, Rule, SliceScores, Verdict, direction


def gate(
    candidate: Evaluation,
    champion: Evaluation | None,
    rules: Sequence[Rule],
    *,
    same_rows: bool = True,
) -> Verdict:
    """Hold a candidate to rules.

    A metric, slice, limit or champion that a rule needs and that is not there is a failure, and so is a gate without
    rules. Limits are inclusive.

    Args:
        champion: The evaluation of what serves now; None when nothing does, or when the candidate's evaluation holds its
            baseline already.
        same_rows: Relative rules fail unless both were judged on the same rows, in the same order.
    """
    if not rules:
        reason = "No rules were given, so nothing was checked. Give at least one Rule"
        return Verdict(False, [reason], [])
    champion = champion or _baseline(candidate)
    checks: list[Check] = []
    first = False
    for rule in rules:
        for made, was_first in _checks(rule, candidate, champion, same_rows=same_rows):
            checks.append(made)
            first = first or was_first
    failures = [check.reason for check in checks if not check.passed]
    return Verdict(not failures, failures or [check.reason for check in checks], checks, first)


def _checks(
    rule: Rule, candidate: Evaluation, champion: Evaluation | None, *, same_rows: bool
) -> list[tuple[Check, bool]]:
    limits = (rule.at_least, rule.at_most, rule.not_worse_by, rule.not_worse_by_share)
    if all(limit is None for limit in limits):
        what = "Give at_least, at_most, not_worse_by or not_worse_by_share"
        return [
            (Check(rule.metric, "rule", False, f"The rule for {rule.metric} sets no limit. {what}", rule.slice), False)
        ]
    places = _places(rule.slice, candidate)
    if not places:
        size = candidate.skipped.get(rule.slice or "")
        why = f"has only {size} rows" if size else "was not evaluated"
        return [(Check(rule.metric, "slice", False, f"The slice {rule.slice} {why}", rule.slice), False)]
    made: list[tuple[Check, bool]] = []
    small = _too_small(rule, candidate)
    if small is not None:
        made.append((small, False))
    for name, part in places.items():
        value = part.metrics.get(rule.metric)
        title = f"{rule.metric} on {name}" if name else rule.metric
        if value is None:
            made.append((Check(rule.metric, "metric", False, f"{title} was not measured", name), False))
            continue
        if part.rows < rule.min_rows:
            reason = f"{title} is of {part.rows} rows, fewer than the {rule.min_rows} the rule asks for"
            made.append((Check(rule.metric, "min_rows", False, reason, name, value, None, rule.min_rows), False))
            continue
        if rule.at_least is not None:
            made.append((_absolute(rule, "at_least", title, name, part, rule.at_least), False))
        if rule.at_most is not None:
            made.append((_absolute(rule, "at_most", title, name, part, rule.at_most), False))
        if rule.not_worse_by is not None or rule.not_worse_by_share is not None:
            made.append(_relative(rule, title, name, value, candidate, champion, same_rows=same_rows))
    return made


def _absolute(rule: Rule, what: str, title: str, name: str | None, part: _Place, limit: float) -> Check:
    value, words = part.metrics[rule.metric], "is"
    least = what == "at_least"
    if rule.surely:
        both = part.intervals.get(rule.metric)
        if both is None:
            reason = f"{title} has no interval, and the rule asks for one. Evaluate with bootstrap=200"
            return Check(rule.metric, what, False, reason, name, value, None, limit)
        value, words = (both[0], "is surely at least") if least else (both[1], "is surely at most")
    passed = value >= limit if least else value <= limit
    said = ("at least" if passed else "below") if least else ("at most" if passed else "above")
    return Check(rule.metric, what, passed, f"{title} {words} {value:.4g}, {said} {limit:g}", name, value, None, limit)


def _too_small(rule: Rule, candidate: Evaluation) -> Check | None:
    """A rule for every slice of a column, held to slices that were too small to judge: only named when it asks for rows."""
    if not rule.min_rows or rule.slice is None or "=" in rule.slice:
        return None
    left = [name for name in candidate.skipped if name.startswith(f"{rule.slice}=")]
    if not left:
        return None
    reason = f"{len(left)} slices of {rule.slice} have too few rows to be judged, as {left[0]}"
    return Check(rule.metric, "min_rows", False, reason, rule.slice)


def _relative(
    rule: Rule, title: str, name: str | None, value: float, candidate: Evaluation, champion: Evaluation | None, *,
    same_rows: bool,
) -> tuple[Check, bool]:  # fmt: skip
    def check(passed: bool, reason: str, before: float | None = None, limit: float | None = None) -> Check:
        return Check(rule.metric, "not_worse_by", passed, reason, name, value, before, limit)

    if champion is None:
        passed = rule.first == "pass"
        tail = "passed as the first" if passed else "and the rule does not let a first model pass"
        return check(passed, f"{title} is {value:.4g}; there is no champion to compare with, {tail}"), passed
    if same_rows and candidate.truth_digest != champion.truth_digest:
        return check(
            False, f"{title}: candidate and champion were judged on different rows. Judge both on one holdout"
        ), False
    higher = direction(rule.metric) if rule.higher_is_better is None else rule.higher_is_better
    if higher is None:
        return check(False, f"Whether a higher {rule.metric} is better is not known. Set higher_is_better"), False
    old = _places(name, champion).get(name)
    before = old.metrics.get(rule.metric) if old is not None else None
    if before is None:
        return check(False, f"{title} was not measured for the champion"), False
    if rule.surely:
        return _surely_relative(rule, title, name, value, before, candidate, higher=higher), False
    margin = min(_margins(rule, before))
    limit = before - margin if higher else before + margin
    passed = value >= limit if higher else value <= limit
    words = f"{'not ' if passed else ''}worse than the champion's {before:.4g}"
    allowance = f" by more than {margin:.4g}" if margin > 0 else f" with {-margin:.4g} to gain" if margin < 0 else ""
    return check(passed, f"{title} is {value:.4g}, {words}{allowance}", before, limit), False


def _surely_relative(
    rule: Rule, title: str, name: str | None, value: float, before: float, candidate: Evaluation, *, higher: bool
) -> Check:
    difference = candidate.differences.get(rule.metric) if name is None else None
    worst = None if difference is None else difference.low if higher else difference.high
    margin = min(_margins(rule, before))
    limit = before - margin if higher else before + margin
    if worst is None:
        reason = f"{title}: the difference to the champion has no interval. Evaluate both at once, with bootstrap=200"
        return Check(rule.metric, "not_worse_by", False, reason, name, value, before, limit)
    passed = worst >= -margin if higher else worst <= margin
    reason = f"{title} differs from the champion's {before:.4g} by {worst:+.4g} at worst, {'within' if passed else 'beyond'} {margin:.4g}"
    return Check(rule.metric, "not_worse_by", passed, reason, name, value, before, limit)


def _margins(rule: Rule, before: float) -> list[float]:
    """How much worse a rule lets the candidate be; of two, the smaller one holds."""
    share = None if rule.not_worse_by_share is None else rule.not_worse_by_share * abs(before)
    return [margin for margin in (rule.not_worse_by, share) if margin is not None]


class _Place(msgspec.Struct, frozen=True):
    rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]


def _places(slice_: str | None, evaluation: Evaluation) -> Mapping[str | None, _Place]:
    if slice_ is None:
        return {None: _Place(evaluation.rows, evaluation.metrics, evaluation.intervals)}
    return {
        part.name: _Place(part.rows, part.metrics, part.intervals)
        for part in evaluation.slices if slice_ in (part.name, part.column)
    }  # fmt: skip


def _baseline(candidate: Evaluation) -> Evaluation | None:
    """What the candidate was compared with on the same rows, as an evaluation; None when with nothing."""
    if not candidate.baseline:
        return None
    parts = [SliceScores(part.column, part.value, part.rows, part.baseline) for part in candidate.slices]
    return Evaluation(
        task=candidate.task, rows=candidate.rows, metrics=candidate.baseline, slices=parts,
        truth_digest=candidate.truth_digest,
    )  # fmt: skip
