"""Distances of a column from other data, as TFDV defines them, and the limits on them.

Sources: tensorflow/data-validation `metrics.cc`; J. Lin, Divergence measures based on the Shannon entropy, 1991.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tenfold.monitoring.validation.facts import ColumnFacts, TableFacts
from tenfold.monitoring.validation.findings import Finding, Found
from tenfold.monitoring.validation.schema import Feature

Floats = npt.NDArray[np.float64]


def of_comparison(facts: ColumnFacts, feature: Feature, control: TableFacts | None, *, which: str) -> Found:
    """Distances above the limits of `feature.drift` or `feature.skew`, whichever `which` names.

    Data to compare with that lack the column are an anomaly of their own; without such data nothing is compared.
    """
    limits = feature.drift if which == "drift" else feature.skew
    if limits is None or control is None:
        return
    against = "the previous data" if which == "drift" else "the serving data"
    other = control.columns.get(facts.name)
    if other is None or other.rows == 0:
        yield Finding(
            "COMPARATOR_CONTROL_DATA_MISSING", f"Nothing in {against}", f"The column is not in {against}", {which: None}
        )
        return
    plain = {
        "l_infinity": limits.l_infinity,
        "jensen_shannon": limits.jensen_shannon,
        "normalized_difference": limits.normalized_difference,
    }
    for kind, name, title in (
        ("COMPARATOR_L_INFTY_HIGH", "l_infinity", "L-infinity distance"),
        ("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", "normalized_difference", "normalized absolute difference"),
        ("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "jensen_shannon", "Jensen-Shannon divergence"),
    ):  # fmt: skip
        limit = plain[name]
        if limit is None:
            continue
        distance, worst = (
            jensen_shannon(facts, other)
            if name == "jensen_shannon"
            else l_infinity(facts, other, together=name != "l_infinity")
        )
        if distance is not None and distance > limit:
            named = f"; {worst!r} differs most" if worst else ""
            long = f"The {title} from {against} is {distance:.6g}, above {limit:g}{named}"
            allowed = {key: value for key, value in (plain | {name: distance}).items() if value is not None}
            yield Finding(kind, f"High {title}", long, {which: allowed})
        elif distance is None:
            long = f"The {title} from {against} cannot be had: one side has no values of this kind"
            yield Finding("NOT_CHECKED", "Not compared", long)


def l_infinity(current: ColumnFacts, previous: ColumnFacts, *, together: bool = False) -> tuple[float | None, str]:
    """Largest difference of any value's share, and the value. `together`: of its counts, over those of both sides."""
    one, two = current.counts, previous.counts
    if "string" in (current.kind, previous.kind):  # of strings beside anything else, only the strings count, as in TFDV
        one, two = ((side.counts if side.kind == "string" else {}) for side in (current, previous))
    if one is None or two is None:
        return None, ""
    a, b = sum(one.values()), sum(two.values())
    if together:
        a = b = a + b
    best, worst = 0.0, ""
    for value in sorted(one.keys() | two.keys()):
        distance = abs(one.get(value, 0) / max(a, 1) - two.get(value, 0) / max(b, 1))
        if distance >= best:
            best, worst = distance, value
    return best, worst


def jensen_shannon(current: ColumnFacts, previous: ColumnFacts) -> tuple[float | None, str]:
    """Divergence in bits: of the bins of numbers, brought to common edges, or of the values of strings.

    None of strings beside anything else, as in TFDV, which says nothing then.
    """
    if "string" in (current.kind, previous.kind):
        if current.kind != previous.kind or not current.counts or not previous.counts:
            return None, ""
        names = sorted(current.counts.keys() | previous.counts.keys())
        sides = [
            np.array([float(side.counts.get(name, 0)) for name in names]) for side in (current, previous) if side.counts
        ]
        return _divergence(*sides), ""
    if not _has_numbers(current) or not _has_numbers(previous):
        return None, ""
    edges = np.array(sorted({*_edges(current), *_edges(previous)}))
    points = sorted({side.edges[0] for side in (current, previous) if _is_point(side)})
    aligned = []
    for i, side in enumerate((current, previous)):
        bins = np.zeros(max(edges.size - 1, 0)) if _is_point(side) or not side.bins else _spread(side, edges)
        at = [float(sum(side.bins)) if _is_point(side) and side.edges[0] == point else 0.0 for point in points]
        beside = [0.0, 0.0, 0.0, 0.0]  # infinities and NaN share no bin with the other side's, as in TFDV
        beside[i], beside[2 + i] = float(side.infinities), float(side.nans)
        aligned.append(np.concatenate([bins, at, beside]))
    return _divergence(aligned[0], aligned[1]), ""


def _has_numbers(facts: ColumnFacts) -> bool:
    return bool(facts.bins) or facts.infinities + facts.nans > 0


def _is_point(facts: ColumnFacts) -> bool:
    return bool(facts.edges) and facts.edges[0] == facts.edges[-1]


def _edges(facts: ColumnFacts) -> list[float]:
    return [] if _is_point(facts) else facts.edges


def _spread(side: ColumnFacts, edges: Floats) -> Floats:
    """The bins over finer edges, as if values lay evenly in each."""
    below = np.concatenate([[0.0], np.cumsum(side.bins)])
    return np.diff(np.interp(edges, side.edges, below))


def _divergence(a: Floats, b: Floats) -> float | None:
    if a.sum() <= 0 or b.sum() <= 0:
        return None
    p, q = a / a.sum(), b / b.sum()
    middle = (p + q) / 2
    total = sum(float((side[side > 0] * np.log2(side[side > 0] / middle[side > 0])).sum()) for side in (p, q))
    return min(total / 2, 1.0) if math.isfinite(total) else None
