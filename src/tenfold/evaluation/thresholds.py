"""Rules written as people write them.

roc_auc >= 0.8                          the value
roc_auc >= 0.75 on carrier              each judged slice of a column
rmse <= 12 on carrier=UA rows 500       one slice, with at least 500 rows
roc_auc >= baseline - 0.01              not worse than the baseline by more than that
rmse <= baseline * 1.05                 … or than a share of it
surely roc_auc >= 0.8                   the worse end of the 95 % interval
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.evaluation.record import Rule, direction

ALIASES = {"auc": "roc_auc", "ap": "pr_auc", "average_precision": "pr_auc", "tpr": "recall", "fpr": "false_positive_rate", "fnr": "false_negative_rate", "tnr": "specificity", "ece": "calibration_error", "logloss": "log_loss"}  # fmt: skip
"""Short names that practitioners type."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RULE = re.compile(
    rf"\s*(?P<surely>surely\s+)?(?P<metric>[A-Za-z][\w.:*]*)\s*(?P<sign>>=|<=|>|<|==?)\s*"
    rf"(?:(?P<base>baseline|champion)(?:\s*(?P<how>[-+*])\s*(?P<by>{_NUMBER}))?|(?P<limit>{_NUMBER}))"
    r"(?:\s+on\s+(?P<slice>.+?))?(?:\s+rows\s+(?P<rows>\d+))?\s*$"
)
_EXAMPLES = "Write it like: roc_auc >= 0.8, roc_auc >= baseline - 0.01, rmse <= 12 on carrier"


def rule(written: str | dict[str, Any] | Rule, *, first: bool = False) -> Rule:
    """A rule from its text, or from the fields of `Rule`.

    Args:
        first: Let relative rules pass while there is no baseline.

    Raises:
        Invalid: It cannot be read, or its sign is against what is known of the metric.
    """
    if isinstance(written, Rule):
        return written
    if isinstance(written, dict):
        try:
            found = msgspec.convert(_known(written), Rule)
        except msgspec.ValidationError as error:
            raise Invalid(
                f"The threshold {written} cannot be read: {error}. {_EXAMPLES}", field="thresholds"
            ) from error
        return msgspec.structs.replace(found, metric=ALIASES.get(found.metric, found.metric))
    parts = _RULE.match(written)
    if parts is None or parts["sign"] not in (">=", "<="):
        why = "Only >= and <= are known. " if parts else ""
        raise Invalid(f"The threshold {written!r} cannot be read. {why}{_EXAMPLES}", field="thresholds")
    metric = ALIASES.get(parts["metric"], parts["metric"])
    higher = parts["sign"] == ">="
    options: dict[str, Any] = {
        "slice": parts["slice"], "min_rows": int(parts["rows"] or 0), "surely": bool(parts["surely"]),
        "first": "pass" if first else "fail",
    }  # fmt: skip
    if parts["base"] is None:
        options["at_least" if higher else "at_most"] = float(parts["limit"])
        return Rule(metric, **options)
    known = direction(metric)
    if known is not None and known != higher:
        better = "higher" if known else "lower"
        raise Invalid(f"In {written!r} the sign is turned round: a {better} {metric} is better", field="thresholds")
    options |= _margin(parts, higher) | {"higher_is_better": higher}
    return Rule(metric, **options)


def _known(written: dict[str, Any]) -> dict[str, Any]:
    if odd := sorted(set(written) - set(Rule.__struct_fields__)):
        there = ", ".join(Rule.__struct_fields__)
        raise Invalid(f"A threshold has no field {odd[0]!r}. It has: {there}", field="thresholds")
    return written


def _margin(parts: re.Match[str], higher: bool) -> dict[str, float]:
    if parts["how"] is None:
        return {"not_worse_by": 0.0}
    by = float(parts["by"])
    if parts["how"] == "*":
        return {"not_worse_by_share": (1 - by) if higher else (by - 1)}
    moved = by if parts["how"] == "+" else -by
    return {"not_worse_by": -moved if higher else moved}
