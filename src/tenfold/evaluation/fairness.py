"""How a classifier treats groups: eight rates each, and how far apart they are.

Demographic parity, equal opportunity and equalised odds as Hardt, Price and Srebro (2016) name them; gaps are
differences between groups, so 0 is fair. Groups with too few rows are shown and take no part in a gap.
"""

from __future__ import annotations

import numpy as np

from tenfold.evaluation.record import Fairness, Gap, GroupRates
from tenfold.evaluation.slicing import Cut
from tenfold.measures.arrays import Floats
from tenfold.measures.binary import Binary

RATES = (
    "false_positive_rate", "false_negative_rate", "recall", "specificity", "positive_rate", "negative_rate",
    "false_discovery_rate", "false_omission_rate",
)  # fmt: skip
MOST_GROUPS = 50


def fairness(data: Binary, cut: Cut, *, min_rows: int, threshold: float | None) -> Fairness:
    """Rates and gaps of the groups of one cut."""
    sizes = np.bincount(cut.codes[cut.codes >= 0], minlength=len(cut.values))
    inside = cut.codes >= 0
    sums = data.take(inside).sums(cut.codes[inside], len(cut.values))
    rates = {name: values for name, values in data.finish(sums).items() if name in RATES}
    overall = data.finish(sums.sum(0, keepdims=True))
    order = sorted(range(len(cut.values)), key=lambda i: (-int(sizes[i]), cut.values[i]))
    groups = [
        GroupRates(cut.values[i], int(sizes[i]), {n: float(rates[n][i]) for n in RATES if np.isfinite(rates[n][i])})
        for i in order[:MOST_GROUPS] if sizes[i]
    ]  # fmt: skip
    judged = [i for i in order if sizes[i] >= min_rows]
    if len(judged) < 2:
        reason = f"{len(judged)} group of {cut.column} has at least {min_rows} rows; a gap needs two"
        return Fairness(cut.column, threshold, groups, [], {}, reason)
    gaps = [gap for name in RATES if (gap := _gap(name, rates[name], float(overall[name][0]), judged, cut.values))]
    return Fairness(cut.column, threshold, groups, gaps, _measures(gaps, rates["positive_rate"][judged], len(judged)))


def _gap(name: str, values: Floats, overall: float, judged: list[int], names: list[str]) -> Gap | None:
    """None unless the rate is defined for each judged group: a gap that leaves one out would look better than it is."""
    of = values[judged]
    if not np.isfinite(of).all() or not np.isfinite(overall):
        return None
    low, high, far = int(of.argmin()), int(of.argmax()), int(np.abs(of - overall).argmax())
    at = [names[judged[place]] for place in (low, high, far)]
    return Gap(name, at[0], at[1], float(of[high] - of[low]), float(of[far] - overall), at[2])


def _measures(gaps: list[Gap], positive: Floats, groups: int) -> dict[str, float]:
    by = {gap.rate: gap.difference for gap in gaps}
    found: dict[str, float] = {}
    if "positive_rate" in by:
        found["demographic_parity_difference"] = by["positive_rate"]
        if positive.max() > 0:
            found["disparate_impact"] = float(positive.min() / positive.max())
    if "recall" in by:
        found["equal_opportunity_difference"] = by["recall"]
        if "false_positive_rate" in by:
            found["equalized_odds_difference"] = max(by["recall"], by["false_positive_rate"])
    return found
