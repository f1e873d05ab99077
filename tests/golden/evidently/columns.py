"""The seeded data that Evidently judged (scripts/evidently_parity.py) and Tenfold is held to.

`cases()`: single columns, {case: (kind, reference, current)}. `tables()`: whole tables, {name: (reference, current)}.
`vectors()`: embeddings. Numbers are arrays with NaN for missing, words lists of str with None.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

SIZES = {
    "small": (300, 260),
    "edge": (1000, 1200),
    "past the edge": (1001, 900),
    "large": (3000, 2500),
    "equal": (2000, 2000),
}
RANDOM_COLUMNS = 60
RANDOM_TABLES = 16
WORDS = [
    "delay",
    "weather",
    "crew",
    "gate",
    "engine",
    "baggage",
    "fuel",
    "runway",
    "captain",
    "ticket",
    "storm",
    "signal",
    "belt",
    "window",
    "coffee",
]


def cases() -> dict[str, tuple[str, Any, Any]]:
    """Columns of every kind and shape."""
    random = np.random.default_rng(42)
    made: dict[str, tuple[str, Any, Any]] = {}
    for size, (n, m) in SIZES.items():
        made |= {f"{name}, {size}": case for name, case in _sized(random, n, m).items()}
    made |= _awkward(random)
    for seed in range(RANDOM_COLUMNS):
        made[f"random {seed}"] = _random_column(np.random.default_rng(1000 + seed))
    return made


def _sized(random: Any, n: int, m: int) -> dict[str, tuple[str, Any, Any]]:
    few = [1.0, 2.0, 5.0]
    return {
        "normal shifted": ("num", random.normal(0, 1, n), random.normal(0.2, 1.1, m)),
        "normal same": ("num", random.normal(5, 2, n), random.normal(5, 2, m)),
        "skewed": ("num", random.lognormal(0, 1, n), random.lognormal(0.1, 1, m)),
        "integers": ("num", random.poisson(40, n), random.poisson(43, m)),
        "narrow integers": ("num", random.integers(0, 25, n), random.integers(0, 26, m)),
        "few numbers": ("num", random.choice(few, n), random.choice(few, m, p=[0.5, 0.3, 0.2])),
        "flags": ("num", (random.random(n) < 0.3).astype(int), (random.random(m) < 0.37).astype(int)),
        "rounded": ("num", random.normal(0, 1, n).round(1), random.normal(0.05, 1, m).round(1)),
        "single precision": ("num", random.normal(3, 1, n).astype(np.float32), random.normal(3.1, 1, m).astype(np.float32)),
        "letters": ("cat", _letters(random, "abcdefgh", n, 1.0), _letters(random, "abcdefgh", m, 1.3)),
        "two words": ("cat", _letters(random, ["no", "yes"], n, 1.0), _letters(random, ["no", "yes"], m, 1.2)),
        "new word": ("cat", _letters(random, "abc", n, 1.0), _letters(random, "abcd", m, 1.0)),
        "codes": ("cat", random.integers(0, 8, n), random.integers(0, 9, m)),
        "truths": ("cat", random.random(n) < 0.3, random.random(m) < 0.35),
        "many words": ("cat", [f"w{i}" for i in random.integers(0, 90, n)], [f"w{i}" for i in random.integers(0, 99, m)]),
    }  # fmt: skip


def _awkward(random: Any) -> dict[str, tuple[str, Any, Any]]:
    holes = random.normal(0, 1, 1010)
    holes[::50] = np.nan
    holes[7] = np.inf
    more = np.concatenate([random.normal(0, 1, 1001), [np.nan] * 30, [-np.inf] * 9])
    return {
        "missing makes it small": ("num", holes, random.normal(0.1, 1, 900)),
        "missing leaves it large": ("num", more, random.normal(0.1, 1, 900)),
        "gone word, large": ("cat", _letters(random, "abcd", 3000, 1.0), _letters(random, "abc", 2500, 1.0)),
        "rare word, large": ("cat", ["rare", *_letters(random, "ab", 30_000, 1.0)], _letters(random, "ab", 2500, 1.0)),
        "spread 0 in reference": ("num", np.full(1500, 3.0), random.normal(3, 1, 1500)),
        "spread 0 in current": ("num", random.normal(3, 1, 1500), np.full(1400, 3.0)),
        "two constants": ("num", np.full(50, 3.0), np.full(60, 4.0)),
        "tiny": ("num", np.array([1.0, 2.0, 3.5, 8.0, 9.0, 11.0, 12.0]), np.array([2.0, 5.0, 6.0, 7.0, 8.5, 9.5])),
        "three rows": ("num", np.array([1.0, 2.0, 3.0]), np.array([2.0, 5.0])),
        "tiny words": ("cat", ["a", "a", "b", "b", "a"], ["a", "b", "b", "b"]),
        "far away": ("num", random.normal(0, 1, 400), random.normal(1e6, 1, 30)),
        "very large numbers": ("num", random.normal(1e12, 1e9, 1500), random.normal(1.0002e12, 1e9, 1300)),
        "one outlier": ("num", np.append(random.normal(0, 1, 1500), 1e7), random.normal(0, 1, 1500)),
        "unequal": ("num", random.normal(0, 1, 12_000), random.normal(0.1, 1, 40)),
        "beyond exact": ("num", random.normal(0, 1, 12_000), random.normal(0.02, 1, 11_000)),
        "texts, small": ("text", _texts(random, 240, 0), _texts(random, 200, 6)),
        "texts same, small": ("text", _texts(random, 300, 0), _texts(random, 260, 0)),
        "texts, large": ("text", _texts(random, 1300, 0), _texts(random, 900, 3)),
        "texts same, large": ("text", _texts(random, 1300, 0), _texts(random, 900, 0)),
    }


def _random_column(random: Any) -> tuple[str, Any, Any]:
    n, m = (int(size) for size in random.integers(4, 140, 2))
    shape = random.integers(0, 6)
    if shape == 0:
        sides = [random.normal(random.normal(0, 0.5), random.uniform(0.2, 3), size) for size in (n, m)]
    elif shape == 1:
        sides = [random.exponential(random.uniform(0.5, 2), size) for size in (n, m)]
    elif shape == 2:
        sides = [random.integers(0, random.integers(2, 60), size).astype(float) for size in (n, m)]
    elif shape == 3:
        sides = [random.normal(0, 1, size).round(int(random.integers(0, 2))) for size in (n, m)]
    else:
        letters = [chr(97 + i) for i in range(int(random.integers(2, 9)))]
        return ("cat", *(_letters(random, letters, size, random.uniform(0.3, 2)) for size in (n, m)))
    for side in sides:
        side[random.random(side.size) < random.choice([0.0, 0.0, 0.1, 0.3])] = np.nan
        side[:3] = np.where(np.isnan(side[:3]), 1.0, side[:3])
    return ("num", sides[0], sides[1])


def tables() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Tables whose columns Evidently has to tell the kinds of by itself."""
    random = np.random.default_rng(7)
    labelled = {
        "nothing changed": (800, 800, 0.0), "means moved": (800, 700, 0.5), "large, moved": (2500, 2600, 0.3),
        "large, same": (2500, 2400, 0.0), "at the edge": (1000, 1000, 0.2), "past the edge": (1001, 1000, 0.2),
        "small current": (1500, 40, 0.3), "tiny": (30, 25, 0.8), "small, a little": (400, 4000, 0.1),
    }  # fmt: skip
    made = {name: (_table(random, n, 0.0), _table(random, m, shift)) for name, (n, m, shift) in labelled.items()}
    n = 1020
    kept = {
        "x": random.normal(0, 1, n),
        "w": _letters(random, "abc", n, 1.0),
        "i": random.integers(0, 30, n).astype(float),
    }
    for name in ("x", "i"):
        kept[name][random.random(n) < 0.03] = np.nan
    kept["w"] = [None if random.random() < 0.05 else word for word in kept["w"]]
    moved = {
        "x": random.normal(0.2, 1, 900),
        "w": _letters(random, "abcd", 900, 1.2),
        "i": random.integers(0, 33, 900).astype(float),
    }
    made["missing at the edge"] = (kept, moved)
    made["texts and names"] = (
        {"review": _texts(random, 400, 0), "code": random.integers(0, 12, 400), "user": [f"user {i}" for i in range(400)]},
        {"review": _texts(random, 350, 4), "code": random.integers(0, 9, 350), "user": [f"user {i}" for i in range(200, 550)]},
    )  # fmt: skip
    for seed in range(RANDOM_TABLES):
        draw = np.random.default_rng(2000 + seed)
        n, m = (int(size) for size in draw.choice([60, 300, 1000, 1001, 1800], 2))
        made[f"random {seed}"] = (
            _table(draw, n, 0.0, missing=0.05),
            _table(draw, m, float(draw.choice([0, 0.2])), missing=0.02),
        )
    return made


def _table(random: Any, rows: int, shift: float, missing: float = 0.0) -> dict[str, Any]:
    table: dict[str, Any] = {
        "normal": random.normal(shift, 1, rows), "skewed": random.lognormal(shift / 2, 1, rows),
        "still": random.normal(4, 2, rows), "count": random.poisson(30 + 5 * shift, rows),
        "code": random.integers(0, 7, rows), "flag": (random.random(rows) < 0.3 + shift / 4).astype(int),
        "truth": random.random(rows) < 0.5, "rating": random.choice([1.0, 2.0, 3.0, 4.0, 5.0], rows),
        "word": _letters(random, "abcdef", rows, 1.0 + shift), "place": [f"p{i}" for i in random.integers(0, 12, rows)],
        "same": np.full(rows, 7.5), "twin": np.zeros(rows),
    }  # fmt: skip
    table["twin"] = table["normal"].copy()
    for name in ("normal", "skewed", "rating") if missing else ():
        table[name][random.random(rows) < missing] = np.nan
    return table


def vectors() -> tuple[Any, dict[str, Any]]:
    """A reference of 700 vectors of 12 dimensions, and what it is compared with."""
    random = np.random.default_rng(11)
    return random.normal(0, 1, (700, 12)), {
        "same": random.normal(0, 1, (650, 12)), "moved": random.normal(0.15, 1, (650, 12)),
        "some components": random.normal(np.linspace(0, 0.5, 12), 1, (900, 12)),
    }  # fmt: skip


def predictions() -> dict[str, dict[str, Any]]:
    """Answers of models beside the truth: binary, several classes, numbers."""
    random = np.random.default_rng(13)
    true = (random.random(600) < 0.4).astype(int)
    score = np.clip(0.3 * true + random.uniform(0, 0.7, 600), 0.01, 0.99)
    classes = random.integers(0, 3, 500)
    number = random.normal(10, 3, 400)
    return {
        "binary": {"target": true, "prediction": (score >= 0.5).astype(int), "score": score},
        "multiclass": {
            "target": np.array(list("abc"))[classes],
            "prediction": np.array(list("abc"))[np.where(random.random(500) < 0.7, classes, random.integers(0, 3, 500))],
        },
        "regression": {"target": number, "prediction": number + random.normal(0.3, 1, 400)},
    }  # fmt: skip


def _letters(random: Any, words: Any, rows: int, tilt: float) -> list[str]:
    weights = np.arange(1, len(words) + 1.0) ** tilt
    return random.choice(list(words), rows, p=weights / weights.sum()).tolist()


def _texts(random: Any, rows: int, shift: int) -> list[str]:
    """Sentences of three to seven words; with a shift other words come up more often."""
    weights = np.roll(np.arange(1.0, len(WORDS) + 1) ** 2, shift)
    weights /= weights.sum()
    return [
        " ".join(random.choice(WORDS, size, p=weights)) + f" {i}" for i, size in enumerate(random.integers(3, 8, rows))
    ]


def recommendations() -> tuple[dict[str, Any], dict[str, Any]]:
    """Lists of twelve items for 60 users by falling score, some of whom like nothing; and what was learned from."""
    random = np.random.default_rng(77)
    users = np.repeat(np.arange(60), 12)
    items = np.concatenate([random.choice(80, 12, replace=False, p=np.arange(1, 81) / 3240) for _ in range(60)])
    scores = np.concatenate([np.sort(random.random(12))[::-1] for _ in range(60)])
    liked = random.binomial(3, 0.15 + 0.3 * scores) * (users % 10 != 0)
    rows = {"user_id": users, "item_id": items, "target": liked, "prediction": scores}
    return rows, {"user_id": random.integers(0, 60, 900), "item_id": np.minimum(random.geometric(0.04, 900), 80)}


def described() -> tuple[dict[str, Any], dict[str, Any]]:
    """The recommendations with what describes their items (price, weight, genre) and users (age, plan)."""
    tables = recommendations()
    for table in tables:
        items, users = np.asarray(table["item_id"]), np.asarray(table["user_id"])
        table |= {
            "price": (items * 37 % 11 + 1).astype(float), "weight": (items * 17 % 7).astype(float) - 2.0,
            "genre": np.array(["drama", "crime", "noise"])[items % 3], "age": (20 + users * 13 % 45).astype(float),
            "plan": np.array(["free", "paid"])[users % 2],
        }  # fmt: skip
    return tables


def matches() -> dict[str, Any]:
    """Texts beside lists of words, JSON beside JSON, and code that parses or does not."""
    random = np.random.default_rng(79)
    texts = [" ".join(random.choice(WORDS, random.integers(2, 9))) for _ in range(120)]
    said = [json.dumps({"gate": i % 4, "crew": None if i % 7 == 0 else "a"}) for i in range(120)]
    said[3], said[4], said[8] = "no json", '{"gate": "x", "crew": "a", "more": 1}', '{"crew": "a", "gate": 0}'
    return {
        "text": texts, "word": random.choice(WORDS, 120).tolist(), "json": said,
        "other": [text if i % 2 else '{"crew": "a", "gate": 0}' for i, text in enumerate(said)],
        "code": [["x = 1", "def f(:", "print('a')", "1 +"][i % 4] for i in range(120)],
    }  # fmt: skip


def answers() -> dict[str, Any]:
    """Texts of all lengths, with links, JSON, accents and sentences."""
    random = np.random.default_rng(78)
    made: list[str] = []
    for i in range(200):
        words = random.choice(WORDS, random.integers(1, 30)).tolist()
        made.append(
            " ".join(words).capitalize()
            + [".", "!", "? And a Refund. Yes", ' {"a": 1}', " http://a.b/c", " déjà 12"][i % 6]
        )
    made[5] = '{"ok": [1, 2]}'
    return {"answer": made, "expected": [text if i % 3 else "no" for i, text in enumerate(made)]}
