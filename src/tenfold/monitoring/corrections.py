"""Corrections for asking many columns at once: among 100 columns without drift a threshold of 0.05 finds five."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from tenfold.base.errors import Invalid

Correction = Literal["bonferroni", "holm", "bh"]


def adjusted(p_values: Sequence[float], correction: str) -> list[float]:
    """The p-values to compare with the same threshold, in the same order, at most 1.

    bonferroni and holm bound the chance of any false alarm (Holm 1979: never weaker, any dependence); bh bounds the share
    of false alarms among the alarms (Benjamini & Hochberg 1995: independent or positively dependent columns).

    >>> [round(p, 3) for p in adjusted([0.01, 0.04, 0.03], "bonferroni")]
    [0.03, 0.12, 0.09]
    >>> [round(p, 3) for p in adjusted([0.01, 0.04, 0.03], "holm")]
    [0.03, 0.06, 0.06]
    >>> [round(p, 3) for p in adjusted([0.01, 0.04, 0.03], "bh")]
    [0.03, 0.04, 0.04]
    """
    known = get_args(Correction)
    if correction not in known:
        raise Invalid(f"There is no correction {correction!r}. There are: {', '.join(known)}", field="correction")
    p = np.asarray(p_values, np.float64)
    if p.size == 0:
        return []
    count = p.size
    if correction == "bonferroni":
        return [float(value) for value in np.minimum(p * count, 1)]
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    if correction == "holm":
        found = np.maximum.accumulate(ranked * (count - np.arange(count)))
    else:
        found = np.minimum.accumulate((ranked * count / np.arange(1, count + 1))[::-1])[::-1]
    result = np.empty(count)
    result[order] = np.minimum(found, 1)
    return [float(value) for value in result]
