"""Writes before_correlations.json: the profile of `rows()` as Tenfold kept it until skewness, text and correlations came. It is
kept as it is; run with the code of then only."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def rows() -> dict[str, list[Any]]:
    """A table of every type, 300 rows."""
    return {
        "x": [None if i % 7 == 0 else i * 37 % 101 / 4 for i in range(300)],
        "n": [i * i % 17 for i in range(300)],
        "s": [f"word {i % 5}" for i in range(300)],
        "b": [i % 3 == 0 for i in range(300)],
        "l": [[i, None][: i % 3] for i in range(300)],
    }


if __name__ == "__main__":
    from tenfold.profiles import encode, profile

    Path(__file__).with_name("before_correlations.json").write_bytes(encode(profile(rows())))
