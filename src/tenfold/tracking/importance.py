"""Which params a metric depends on: rank correlation, and how much worse a small forest guesses without each.

Pure, on NumPy alone, and the same answer every time. It says what goes together in the runs that were made; a sweep
that changed two params in step cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

TREES = 48
DEPTH = 8
LEAST_LEAF = 2
LEAST_RUNS = 4
SEED = 20_251_123


class Weight(NamedTuple):
    """Of one param: its share of what all params explain, and its correlation (None: it cannot be told)."""

    param: str
    share: float
    correlation: float | None
    kind: Literal["number", "word"]
    values: int


def weigh(params: Mapping[str, Sequence[Any]], target: Sequence[float]) -> list[Weight]:
    """Params by their share, greatest first; those with one value in all runs are left out.

    The share is the permutation importance of a random forest: how much its error on the runs a tree has not seen
    grows when the param's values are shuffled (Breiman 2001, section 10), below nought counted as nought, scaled to 1.
    Correlation is Spearman's rho with ranks shared by ties, or for words the correlation ratio eta (Fisher 1925).
    Under LEAST_RUNS runs all shares are 0. Missing values stand below the smallest number, or are a word of their own.

    >>> [(one.param, round(one.correlation, 2)) for one in weigh({"lr": [1, 2, 3, 4, 5, 6]}, [2, 4, 6, 8, 10, 12])]
    [('lr', 1.0)]

    Args:
        params: Values of each param, one a run; what is neither number nor truth is a word.
        target: The metric of each run, finite.
    """
    import numpy as np

    ys = np.array(target, dtype=np.float64)
    names, columns, known = [], [], []
    for name, values in params.items():
        distinct = {_word(value) for value in values}
        if len(distinct) > 1:
            numeric = all(value is None or isinstance(value, (int, float)) for value in values)
            names.append((name, "number" if numeric else "word", len(distinct)))
            columns.append(_numbers(values) if numeric else _ordered_words(values, ys))
            known.append(values)
    if not names:
        return []
    shares = _shares(np.stack(columns, axis=1), ys)
    found = [
        Weight(
            name,
            float(share),
            _rho(values, ys) if kind == "number" else _eta(values, ys),
            kind,  # type: ignore[arg-type]
            count,
        )
        for (name, kind, count), share, values in zip(names, shares, known, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.share, -abs(one.correlation or 0.0), one.param))


def _word(value: Any) -> str:
    return "" if value is None else repr(float(value)) if isinstance(value, (int, float)) else str(value)


def _numbers(values: Sequence[Any]) -> Numbers:
    import numpy as np

    column = np.array([np.nan if value is None else float(value) for value in values])
    column = np.where(np.isfinite(column), column, np.nan)
    there = column[~np.isnan(column)]
    below = (there.min() - max(float(np.ptp(there)), 1.0)) if len(there) else 0.0
    return np.where(np.isnan(column), below, column)


def _ordered_words(values: Sequence[Any], ys: Numbers) -> Numbers:
    """Words as numbers in the order of their mean target: a tree then finds the best split of them (Fisher 1958)."""
    import numpy as np

    words = np.array([_word(value) for value in values])
    distinct, places = np.unique(words, return_inverse=True)
    means = np.bincount(places, ys) / np.bincount(places)
    rank = np.empty(len(distinct))
    rank[np.argsort(means, kind="stable")] = np.arange(len(distinct))
    return rank[places]


def _rho(values: Sequence[Any], ys: Numbers) -> float | None:
    import numpy as np

    column = np.array([np.nan if value is None else float(value) for value in values])
    there = np.isfinite(column)
    if there.sum() < 2:
        return None
    a, b = _ranks(column[there]), _ranks(ys[there])
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / size) if size > 0 else None


def _ranks(column: Numbers) -> Numbers:
    import numpy as np

    _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle: Numbers = (ends - (counts - 1) / 2.0)[places]
    return middle


def _eta(values: Sequence[Any], ys: Numbers) -> float | None:
    import numpy as np

    _, places = np.unique(np.array([_word(value) for value in values]), return_inverse=True)
    counts = np.bincount(places)
    between = float((counts * (np.bincount(places, ys) / counts - ys.mean()) ** 2).sum())
    whole = float(((ys - ys.mean()) ** 2).sum())
    return float(np.sqrt(min(between / whole, 1.0))) if whole > 0 else None


def _shares(table: Numbers, ys: Numbers) -> Numbers:
    """Permutation importance of each column of `table` (runs, params), scaled to add up to 1."""
    import numpy as np

    runs, params = table.shape
    if runs < LEAST_RUNS or float(np.ptp(ys)) == 0:
        return np.zeros(params)
    ys = (ys - ys.mean()) / ys.std()
    chance = np.random.default_rng(SEED)
    tried = max(1, -(-params // 3))  # of the params at each split, as Breiman advises for regression
    growth = np.zeros(params)
    for _ in range(TREES):
        drawn = chance.integers(0, runs, runs)
        unseen = np.setdiff1d(np.arange(runs), drawn)
        if not len(unseen):
            continue
        tree = _grow(table[drawn], ys[drawn], tried, chance)
        error = ((_guess(tree, table[unseen]) - ys[unseen]) ** 2).mean()
        for param in sorted({node[0] for node in tree if node[0] >= 0}):
            mixed = table[unseen].copy()
            mixed[:, param] = chance.permutation(mixed[:, param])
            growth[param] += ((_guess(tree, mixed) - ys[unseen]) ** 2).mean() - error
    growth = np.maximum(growth, 0.0)
    return growth / growth.sum() if growth.sum() > 0 else growth


Node = tuple[int, float, int, int, float]
"""Column (-1: a leaf), the value it splits at, the nodes below and above, the mean."""


def _grow(table: Numbers, ys: Numbers, tried: int, chance: np.random.Generator) -> list[Node]:
    """A regression tree by least squares (Breiman et al. 1984), as a list of nodes, the root first."""
    import numpy as np

    nodes: list[Node] = []
    waiting = [(np.arange(len(ys)), 0, -1, False)]
    while waiting:
        rows, depth, above, is_high = waiting.pop()
        place = len(nodes)
        if above >= 0:
            column, cut, low, high, mean = nodes[above]
            nodes[above] = (column, cut, low, place, mean) if is_high else (column, cut, place, high, mean)
        mean = float(ys[rows].mean())
        split = _split(table, ys, rows, chance.permutation(table.shape[1]), tried) if depth < DEPTH else None
        if split is None:
            nodes.append((-1, 0.0, -1, -1, mean))
            continue
        column, cut = split
        nodes.append((column, cut, -1, -1, mean))
        below = table[rows, column] <= cut
        waiting += [(rows[~below], depth + 1, place, True), (rows[below], depth + 1, place, False)]
    return nodes


def _split(
    table: Numbers, ys: Numbers, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], tried: int
) -> tuple[int, float] | None:
    """The column and value that lower the squared error most, of the first `tried` columns that can be split."""
    import numpy as np

    count, best, found = len(rows), 1e-12, None
    if count < 2 * LEAST_LEAF:
        return None
    sizes = np.arange(1, count)
    inner = (sizes >= LEAST_LEAF) & (count - sizes >= LEAST_LEAF)
    whole = float(ys[rows].sum())
    for column in columns:
        values = table[rows, column]
        order = np.argsort(values, kind="stable")
        values, sums = values[order], np.cumsum(ys[rows][order])[:-1]
        apart = inner & (values[1:] > values[:-1])
        if not apart.any():
            continue
        gain = np.where(apart, sums**2 / sizes + (whole - sums) ** 2 / (count - sizes) - whole**2 / count, -1.0)
        place = int(np.argmax(gain))
        if gain[place] > best:
            best, found = float(gain[place]), (int(column), float((values[place] + values[place + 1]) / 2))
        tried -= 1
        if not tried:
            break
    return found


def _guess(tree: list[Node], table: Numbers) -> Numbers:
    """What the tree says of each row."""
    import numpy as np

    columns, cuts, lows, highs, means = (np.array(part) for part in zip(*tree, strict=True))
    at = np.zeros(len(table), dtype=np.int64)
    for _ in range(DEPTH):
        inside = columns[at] >= 0
        if not inside.any():
            break
        low = table[np.arange(len(table)), np.maximum(columns[at], 0)] <= cuts[at]
        at = np.where(inside, np.where(low, lows[at], highs[at]), at)
    guessed: Numbers = means[at]
    return guessed
