"""The seeded predictions that NannyML judged (scripts/nannyml_parity.py) and Tenfold is held to.

`classified()`: {name: (labels, reference, current)}, of a side `score` (rows,) or (rows, labels), `predicted` and `truth`.
`regressed()`: {name: (reference, current)}, of a side `columns` {name: values}, `predicted` and `truth`. Missing is NaN or None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Side = dict[str, Any]


def classified() -> dict[str, tuple[list[Any], Side, Side]]:
    """Eight classifiers: calibrated and not, with ties, rare, nearly perfect, of three and of five labels."""
    return {
        "calibrated": _binary(1, lambda p, _: p),
        "too sure of itself": _binary(2, lambda p, _: _sigmoid(2.5 * _logit(p))),
        "too shy, and shifted": _binary(3, lambda p, _: 0.35 + 0.3 * p, shift=1.0),
        "rare": _binary(4, lambda p, _: p, mean=-3.5, rows=(6000, 2500)),
        "few different scores": _binary(5, lambda p, _: np.round(_sigmoid(_logit(p) + 0.7), 1)),
        "nearly perfect": _binary(6, lambda p, _: p, spread=40.0),
        "some without a score": _binary(7, _with_gaps),
        "three labels": _several(8, ["bus", "car", "train"]),
        "five labels, too sure": _several(9, ["a", "b", "c", "d", "e"], sure=2.0),
    }


def regressed() -> dict[str, tuple[Side, Side]]:
    """Seven regressions: errors that depend on inputs, on categories, on the prediction; shifted, with gaps, all alike."""
    return {
        "errors grow with an input": _numbers(11, lambda x, w: 0.2 + np.abs(x["a"])),
        "errors by category": _numbers(12, lambda x, w: np.where(w == "n", 3.0, 0.5), words=True),
        "shifted inputs": _numbers(13, lambda x, w: np.exp(x["b"] / 2), shift=0.8),
        "errors all alike": _numbers(14, lambda x, w: 1.0),
        "gaps in the inputs": _numbers(15, lambda x, w: 0.3 + np.abs(x["c"]), gaps=True, words=True),
        "positive and skewed": _numbers(16, lambda x, w: 0.3, positive=True),
        "long": _numbers(17, lambda x, w: 0.5 + (x["a"] > 1) * 2, rows=(20_000, 6000), shift=0.4),
    }


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _logit(p: Any) -> Any:
    return np.log(p / (1 - p))


def _with_gaps(p: Any, random: Any) -> Any:
    return np.where(random.random(p.size) < 0.05, np.nan, p**1.5)


def _binary(
    seed: int, said: Any, *, mean: float = 0.0, spread: float = 1.5, shift: float = 0.0, rows: tuple[int, int] = (4000, 1500)
) -> tuple[list[Any], Side, Side]:  # fmt: skip
    random = np.random.default_rng(seed)
    sides = []
    for count, moved in zip(rows, (0.0, shift), strict=True):
        chance = np.clip(_sigmoid(random.normal(mean + moved, spread, count)), 1e-9, 1 - 1e-9)
        truth = (random.random(count) < chance).astype(np.int64)
        score = said(chance, random)
        sides.append({"score": score, "predicted": (score >= 0.5).astype(np.int64), "truth": truth})
    return [0, 1], sides[0], sides[1]


def _several(seed: int, labels: list[str], sure: float = 1.0) -> tuple[list[Any], Side, Side]:
    random = np.random.default_rng(seed)
    sides = []
    for count, moved in ((5000, 0.0), (2000, 0.6)):
        logits = random.normal(0, 1.2, (count, len(labels)))
        logits[:, 0] += moved
        chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        truth = (chance.cumsum(axis=1) < random.random((count, 1))).sum(axis=1).clip(0, len(labels) - 1)
        score = np.exp(sure * logits) / np.exp(sure * logits).sum(axis=1, keepdims=True)
        called = np.array(labels)[score.argmax(axis=1)]
        sides.append({"score": score, "predicted": called, "truth": np.array(labels)[truth]})
    return list(labels), sides[0], sides[1]


def _numbers(
    seed: int, spread: Any, *, words: bool = False, gaps: bool = False, positive: bool = False, shift: float = 0.0,
    rows: tuple[int, int] = (6000, 2000),
) -> tuple[Side, Side]:  # fmt: skip
    random = np.random.default_rng(seed)
    sides = []
    for count, moved in zip(rows, (0.0, shift), strict=True):
        columns: dict[str, Any] = {name: random.normal(moved, 1, count) for name in ("a", "b", "c", "d")}
        word = random.choice(np.array(["n", "e", "s", "w"]), count)
        predicted = 2 * columns["a"] - columns["b"] + 0.5 * (columns["c"] > 0)
        truth = predicted + random.normal(0, 1, count) * spread(columns, word)
        if positive:
            predicted, truth = np.exp(predicted / 3), np.exp(truth / 3)
        if gaps:
            columns["c"] = np.where(random.random(count) < 0.1, np.nan, columns["c"])
        if words:
            columns["word"] = word.tolist()
        sides.append({"columns": columns, "predicted": predicted, "truth": truth})
    return sides[0], sides[1]
