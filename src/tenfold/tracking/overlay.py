"""Curves of many runs made ready to lie over each other: on a common x, on few axes, as means of groups.

Pure: it gets curves that the series store has thinned to a width. Columns are float64 arrays (points,); NaN is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tenfold.records import Curve

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Column = npt.NDArray[np.float64]

MOST_AXES = 12
MANY_LINES = 24
"""A chart joins the places of all its axes: with more axes than MOST_AXES, or with two and more than MANY_LINES lines,
all are put on one. (500 lines on 7 axes took a browser 480 ms to draw, on one 60 ms.)"""
_DIGITS = 7

Band = Literal["std", "minmax"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart. `low` and `high` bound the points an entry stands for, None where there is one each.

    `xs` rises strictly; `total` counts the points behind it and `runs` the runs.
    """

    id: str
    xs: Column
    ys: Column
    low: Column | None = None
    high: Column | None = None
    total: int = 0
    runs: int = 1


def by_step(curve: Curve) -> Line:
    """A curve over its steps."""
    return _line(curve, _column(curve.steps))


def by_time(curve: Curve, *, since_ms: int = 0) -> Line:
    """A curve over seconds: UTC, or since a moment."""
    return _line(curve, (_column(curve.times_ms) - since_ms) / 1000)


def by_metric(curve: Curve, other: Curve) -> Line:
    """A curve over another metric of the same run, taken between its points at the steps of the curve.

    Steps before the other's first point and after its last have no place and are left out.
    """
    import numpy as np

    steps, places = _column(curve.steps), _column(other.last)
    known = ~np.isnan(places)
    if not known.any():
        return replace(_line(curve, steps), xs=steps[:0], ys=steps[:0], low=None, high=None)
    at = np.interp(steps, _column(other.steps)[known], places[known], left=np.nan, right=np.nan)
    return _line(curve, at)


def _line(curve: Curve, xs: Column) -> Line:
    """The line of a curve over given places: those without one left out, the rest in their order."""
    import numpy as np

    ys = _column(curve.last if curve.exact else curve.mean)
    low, high = (None, None) if curve.exact else (_column(curve.min), _column(curve.max))
    kept = np.flatnonzero(np.isfinite(xs))
    order = kept[np.argsort(xs[kept], kind="stable")]
    xs = rising(xs[order])
    low, high = (None if low is None else low[order]), (None if high is None else high[order])
    return Line(curve.run_id, xs, ys[order], low, high, curve.total)


def rising(xs: Column) -> Column:
    """Places in order made strictly rising: those that are equal are set a hair apart."""
    import numpy as np

    if len(xs) < 2 or bool((np.diff(xs) > 0).all()):
        return xs
    hair = max(float(xs[-1] - xs[0]), abs(float(xs[-1])), 1.0) * 1e-9 / len(xs)
    raised: Column = xs + np.arange(len(xs)) * hair
    return raised


def cropped(line: Line, low: float | None, high: float | None) -> Line:
    """The part of a line within a window, with one place more on each side, so that it comes in from the edge."""
    import numpy as np

    first = 0 if low is None else max(int(np.searchsorted(line.xs, low, "left")) - 1, 0)
    last = len(line.xs) if high is None else int(np.searchsorted(line.xs, high, "right")) + 1
    cut = slice(first, last)
    return replace(
        line,
        xs=line.xs[cut],
        ys=line.ys[cut],
        low=None if line.low is None else line.low[cut],
        high=None if line.high is None else line.high[cut],
    )


def on_few_axes(lines: Sequence[Line], places: int) -> list[Line]:
    """The lines as they are when few axes carry them all; else each drawn between its points on one axis of `places`."""
    axes = len({line.xs.tobytes() for line in lines})
    if axes <= (1 if len(lines) > MANY_LINES else MOST_AXES):
        return list(lines)
    grid = _grid(lines, places)
    return [
        replace(
            line,
            xs=grid,
            ys=_between(grid, line.xs, line.ys),
            low=None if line.low is None else _between(grid, line.xs, line.low),
            high=None if line.high is None else _between(grid, line.xs, line.high),
        )
        for line in lines
    ]


def grouped(lines: Sequence[Line], groups: Mapping[str, Sequence[str]], places: int, *, band: Band) -> list[Line]:
    """A line for each group: the mean of its runs at each place, with a band around it.

    A run counts at the places between its first point and its last. The band is one standard deviation (of the runs
    that are there, dividing by their number) to each side, or reaches from the smallest to the largest point.
    """
    import numpy as np

    by_id = {line.id: line for line in lines}
    found = []
    for name, ids in groups.items():
        members = [by_id[id_] for id_ in ids if id_ in by_id and len(by_id[id_].xs)]
        if not members:
            continue
        first = members[0].xs
        same = all(len(line.xs) == len(first) and bool((line.xs == first).all()) for line in members)
        grid = first if same and len(first) <= places else _grid(members, places)
        ys = np.stack([_between(grid, line.xs, line.ys) for line in members])
        there = ~np.isnan(ys)
        count = np.maximum(there.sum(axis=0), 1)
        mean = np.where(there.any(axis=0), np.where(there, ys, 0.0).sum(axis=0) / count, np.nan)
        if band == "std":
            spread = np.sqrt(np.where(there, (ys - mean) ** 2, 0.0).sum(axis=0) / count)
            low, high = mean - spread, mean + spread
        else:
            lows = [_between(grid, one.xs, one.ys if one.low is None else one.low) for one in members]
            highs = [_between(grid, one.xs, one.ys if one.high is None else one.high) for one in members]
            low, high = np.fmin.reduce(np.stack(lows)), np.fmax.reduce(np.stack(highs))
        total = sum(line.total for line in members)
        found.append(Line(name, grid, mean, low, high, total, len(members)))
    return found


def rounded(column: Column) -> Column:
    """Numbers to seven digits, which is more than any screen shows and half the bytes."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.floor(np.log10(np.abs(column)))
        scale = 10.0 ** (_DIGITS - 1 - size)
        short = np.round(column * scale) / scale
        return np.where(np.isfinite(short) & (column != 0), short, column)


def _grid(lines: Sequence[Line], places: int) -> Column:
    import numpy as np

    filled = [line.xs for line in lines if len(line.xs)]
    low, high = min(float(xs[0]) for xs in filled), max(float(xs[-1]) for xs in filled)
    grid: Column = np.linspace(low, high, max(places, 2)) if high > low else np.array([low])
    return grid


def _between(grid: Column, xs: Column, ys: Column) -> Column:
    """A line's values at the places of a grid; NaN outside it. Its own gaps are bridged."""
    import numpy as np

    known = ~np.isnan(ys)
    if not known.any():
        return np.full(len(grid), np.nan)
    if known.sum() == 1:  # a single point shows at the place nearest to it
        only: Column = np.full(len(grid), np.nan)
        only[int(np.argmin(np.abs(grid - xs[known][0])))] = ys[known][0]
        return only
    at: Column = np.interp(grid, xs[known], ys[known], left=np.nan, right=np.nan)
    return at


def _column(values: Sequence[float | None] | Sequence[int]) -> Column:
    import numpy as np

    return np.array(values, dtype=np.float64)
