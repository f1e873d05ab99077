"""Which columns explain that a model became worse: the change of its mean loss, taken apart by each column's segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.profiles import open_table
from tenfold.profiles.profile import column_type

if TYPE_CHECKING:
    import polars as pl

SEGMENTS = 10
MISSING, OTHER = "missing", "other"


class Segment(msgspec.Struct, frozen=True):
    """Rows of one value, or one range, of a column: shares and mean losses on both sides."""

    name: str
    reference_share: float
    current_share: float
    reference_loss: float | None
    current_loss: float | None
    within: float
    """What it adds to the change because its rows are judged worse than before."""


class ColumnEffect(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the change of the mean loss goes with one column. `mix` + `within` is the whole change."""

    column: str
    mix: float
    """Because the column drifted: segments that the model is worse at became more frequent. Drift times importance."""
    within: float
    """Because the model is worse within the segments."""
    worst: Segment | None
    """The segment that adds most to `within`."""
    concentrated: float
    """Share of `within` that its worst segment makes beyond its share of the rows: near 1, the drop is all there."""


def explain_drop(reference: Any, current: Any, reference_loss: Any, current_loss: Any) -> list[ColumnEffect]:
    """Columns ordered by how much of a rise of the mean loss they explain, most first.

    Of each column the change is split as Kitagawa (1955) and Oaxaca-Blinder do: the shares of its segments changed (mix), or
    the loss in them did (within). Numbers are cut at the tenths of the reference, categories are the ten commonest. Columns
    that go together explain the same change, so effects of several columns do not add up.

    Args:
        reference: A table; `current` another with the same columns. A column of one side only is left out.
        reference_loss: The loss of each row (rows,): 1 for a wrong label, the squared or absolute error, the log loss.

    Raises:
        Invalid: Losses and rows are not equally many, or a side is empty.
    """
    before, after = open_table(reference), open_table(current)
    losses = np.asarray(reference_loss, np.float64), np.asarray(current_loss, np.float64)
    for table, loss in zip((before, after), losses, strict=True):
        rows = len(table.column(table.names[0])) if table.names else 0
        if not rows or loss.shape != (rows,):
            raise Invalid(f"There are {rows} rows and {loss.size} losses. Give one loss a row", field="loss")
    found = []
    for name in (name for name in before.names if name in after.names):
        cut = _segments(before.column(name), after.column(name))
        if cut is not None:
            found.append(_effect(name, *cut, losses))
    return sorted(found, key=_explained, reverse=True)


def _explained(effect: ColumnEffect) -> float:
    return max(effect.mix, 0.0) + max(effect.concentrated, 0.0) * max(effect.within, 0.0)


def _segments(before: pl.Series, after: pl.Series) -> tuple[list[str], Any, Any] | None:
    """Names of the segments, and for each row of both sides its place."""
    import polars as pl

    kinds = {column_type(before.dtype), column_type(after.dtype)} - {"empty"}
    if kinds <= {"int", "float"} and before.n_unique() > SEGMENTS:
        sides = [np.asarray(one.cast(pl.Float64).to_numpy(), np.float64) for one in (before, after)]
        known = sides[0][np.isfinite(sides[0])]
        if not known.size:
            return None
        edges = np.unique(np.quantile(known, np.linspace(0, 1, SEGMENTS + 1)[1:-1]))
        names = [_range(edges, place) for place in range(edges.size + 1)] + [MISSING]
        placed = [
            np.where(np.isfinite(side), np.searchsorted(edges, side, side="right"), edges.size + 1) for side in sides
        ]
        return names, placed[0], placed[1]
    if not kinds <= {"int", "float", "bool", "string"}:
        return None
    texts = [one.cast(pl.String).fill_null(MISSING) for one in (before, after)]
    counts = pl.concat(texts).alias("value").value_counts(sort=True, name="count")
    names = [*counts.get_column("value").head(SEGMENTS).to_list(), OTHER]
    places = {name: place for place, name in enumerate(names)}
    coded = [
        np.array([places.get(value, len(names) - 1) for value in text.to_list()], np.int64)
        for text in texts
    ]  # fmt: skip
    return names, coded[0], coded[1]


def _range(edges: Any, place: int) -> str:
    if place == 0:
        return f"below {edges[0]:.4g}"
    return f"from {edges[place - 1]:.4g}" + (f" to {edges[place]:.4g}" if place < edges.size else "")


def _effect(name: str, names: list[str], before: Any, after: Any, losses: tuple[Any, Any]) -> ColumnEffect:
    counts = [np.bincount(side, minlength=len(names)).astype(np.float64) for side in (before, after)]
    sums = [np.bincount(side, loss, len(names)) for side, loss in zip((before, after), losses, strict=True)]
    share = [count / count.sum() for count in counts]
    whole = float(losses[0].mean())
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = [total / count for total, count in zip(sums, counts, strict=True)]
    mean[0] = np.where(counts[0] > 0, mean[0], whole)  # a segment the reference does not know counts as its average
    mean[1] = np.where(counts[1] > 0, mean[1], mean[0])
    mix = float(((share[1] - share[0]) * (mean[0] - whole)).sum())
    within = share[1] * (mean[1] - mean[0])
    total = float(within.sum())
    worst = int(np.argmax(within))
    beyond = float(within[worst] / total - share[1][worst]) if total > 0 else 0.0
    segment = Segment(
        names[worst], float(share[0][worst]), float(share[1][worst]),
        float(mean[0][worst]) if counts[0][worst] else None, float(mean[1][worst]) if counts[1][worst] else None,
        float(within[worst]),
    )  # fmt: skip
    return ColumnEffect(column=name, mix=mix, within=total, worst=segment, concentrated=min(max(beyond, 0.0), 1.0))
