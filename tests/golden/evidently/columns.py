"""The seeded columns that Evidently judged (make_scores.py) and Tenfold is held to: {case: (kind, reference, current)}."""

from __future__ import annotations

from typing import Any

import numpy as np


def cases() -> dict[str, tuple[str, Any, Any]]:
    """Numbers as arrays with NaN for missing, integers as int64, categories as lists of str."""
    random = np.random.default_rng(42)
    made: dict[str, tuple[str, Any, Any]] = {}
    for size, (n, m) in {
        "small": (300, 260),
        "edge": (1000, 1200),
        "large": (3000, 2500),
        "equal": (2000, 2000),
    }.items():
        made[f"normal shifted, {size}"] = ("num", random.normal(0, 1, n), random.normal(0.2, 1.1, m))
        made[f"normal same, {size}"] = ("num", random.normal(5, 2, n), random.normal(5, 2, m))
        made[f"skewed, {size}"] = ("num", random.lognormal(0, 1, n), random.lognormal(0.1, 1, m))
        made[f"integers, {size}"] = ("num", random.poisson(40, n), random.poisson(43, m))
        made[f"narrow integers, {size}"] = ("num", random.integers(0, 25, n), random.integers(0, 26, m))
        made[f"few numbers, {size}"] = (
            "num",
            random.choice([1.0, 2.0, 5.0], n),
            random.choice([1.0, 2.0, 5.0], m, p=[0.5, 0.3, 0.2]),
        )
        made[f"flags, {size}"] = ("num", (random.random(n) < 0.3).astype(int), (random.random(m) < 0.37).astype(int))
        made[f"rounded, {size}"] = ("num", random.normal(0, 1, n).round(1), random.normal(0.05, 1, m).round(1))
        made[f"letters, {size}"] = ("cat", _words(random, "abcdefgh", n, 1.0), _words(random, "abcdefgh", m, 1.3))
        made[f"two words, {size}"] = (
            "cat",
            _words(random, ["no", "yes"], n, 1.0),
            _words(random, ["no", "yes"], m, 1.2),
        )
        made[f"new word, {size}"] = ("cat", _words(random, "abc", n, 1.0), _words(random, "abcd", m, 1.0))
    holes = random.normal(0, 1, 1010)
    holes[::50] = np.nan
    holes[7] = np.inf
    made["missing makes it small"] = ("num", holes, random.normal(0.1, 1, 900))
    made["gone word, large"] = ("cat", _words(random, "abcd", 3000, 1.0), _words(random, "abc", 2500, 1.0))
    made["rare word, large"] = ("cat", ["rare", *_words(random, "ab", 30_000, 1.0)], _words(random, "ab", 2500, 1.0))
    made["spread 0 in reference"] = ("num", np.full(1500, 3.0), random.normal(3, 1, 1500))
    return made


def _words(random: Any, words: Any, rows: int, tilt: float) -> list[str]:
    weights = np.arange(1, len(words) + 1.0) ** tilt
    return random.choice(list(words), rows, p=weights / weights.sum()).tolist()
