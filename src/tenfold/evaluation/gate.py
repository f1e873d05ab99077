"""`gate`: may this candidate take the champion's place? It fails closed: what cannot be checked has not passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.evaluation.record import HIGHER_IS_BETTER, Check, Evaluation, Rule, Verdict


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
        champion: The evaluation of what serves now, None when nothing does.
        same_rows: Relative rules fail unless both were judged on the same rows, in the same order.
    """
    if not rules:
        reason = "No rules were given, so nothing was checked. Give at least one Rule"
        return Verdict(False, [reason], [])
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
    if rule.at_least is None and rule.at_most is None and rule.not_worse_by is None:
        what = "Give at_least, at_most or not_worse_by"
        return [
            (Check(rule.metric, "rule", False, f"The rule for {rule.metric} sets no limit. {what}", rule.slice), False)
        ]
    places = _places(rule.slice, candidate)
    if not places:
        size = candidate.skipped.get(rule.slice or "")
        why = f"has only {size} rows" if size else "was not evaluated"
        return [(Check(rule.metric, "slice", False, f"The slice {rule.slice} {why}", rule.slice), False)]
    made: list[tuple[Check, bool]] = []
    for name, metrics in places.items():
        value = metrics.get(rule.metric)
        title = f"{rule.metric} on {name}" if name else rule.metric
        if value is None:
            made.append((Check(rule.metric, "metric", False, f"{title} was not measured", name), False))
            continue
        if rule.at_least is not None:
            passed = value >= rule.at_least
            reason = f"{title} is {value:.4g}, {'at least' if passed else 'below'} {rule.at_least:g}"
            made.append((Check(rule.metric, "at_least", passed, reason, name, value, None, rule.at_least), False))
        if rule.at_most is not None:
            passed = value <= rule.at_most
            reason = f"{title} is {value:.4g}, {'at most' if passed else 'above'} {rule.at_most:g}"
            made.append((Check(rule.metric, "at_most", passed, reason, name, value, None, rule.at_most), False))
        if rule.not_worse_by is not None:
            made.append(_relative(rule, title, name, value, candidate, champion, same_rows=same_rows))
    return made


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
    higher = HIGHER_IS_BETTER.get(rule.metric) if rule.higher_is_better is None else rule.higher_is_better
    if higher is None:
        return check(False, f"Whether a higher {rule.metric} is better is not known. Set higher_is_better"), False
    before = _places(name, champion).get(name, {}).get(rule.metric)
    if before is None:
        return check(False, f"{title} was not measured for the champion"), False
    margin = rule.not_worse_by or 0.0
    limit = before - margin if higher else before + margin
    passed = value >= limit if higher else value <= limit
    words = f"{'not ' if passed else ''}worse than the champion's {before:.4g}"
    allowance = f" by more than {margin:g}" if margin else ""
    return check(passed, f"{title} is {value:.4g}, {words}{allowance}", before, limit), False


def _places(slice_: str | None, evaluation: Evaluation) -> Mapping[str | None, dict[str, float]]:
    if slice_ is None:
        return {None: evaluation.metrics}
    return {part.name: part.metrics for part in evaluation.slices if slice_ in (part.name, part.column)}
