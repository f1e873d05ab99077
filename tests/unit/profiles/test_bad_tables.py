"""What bad input gets: a profile that says so, or an error that names the column or file."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tenfold.base.errors import Invalid
from tenfold.profiles import cells, decode, encode, merge, profile, to_html


def _file(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


NOTED: dict[str, tuple[Any, str]] = {
    "no rows": (pl.DataFrame({"a": pl.Series([], dtype=pl.Float64)}), ""),
    "a header only": (_file("h.csv", b"a,b\n"), ""),
    "one row": ({"a": [1.5]}, ""),
    "all null": ({"a": [None, None]}, "no values"),
    "constant": ({"a": [3, 3, 3]}, "constant"),
    "only infinite": ({"a": [float("inf"), float("-inf")]}, "2 infinite (1 below zero)"),
    "of several types": (_file("t.jsonl", b'{"a":1}\n{"a":"x"}\n'), "all different"),
    "parts of several types": (pd.DataFrame({"a": [1, "x", None, 2.5]}), "all different"),
    "dates out of Python's range": (
        pl.DataFrame({"a": pl.Series([-(2**62), 2**62]).cast(pl.Datetime("us"))}),
        "all different",
    ),
    "numbers beyond 64 bits": ({"a": [2**70, 1]}, "all different"),
    "numbers beyond 64 bits, pandas": (pd.DataFrame({"a": [2**70, 1]}), "all different"),
    "decimals of 256 bits": (
        pa.table({"a": pa.array([Decimal("1.5"), Decimal("0")], pa.decimal256(50, 2))}),
        "1 zeros",
    ),
    "months with days": (
        pa.table({"a": pa.array([(1, 2, 3), (1, 2, 4)], pa.month_day_nano_interval())}),
        "all different",
    ),
    "mostly zeros, not kept": (pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}), "2 zeros"),
    "numbers whose squares overflow": ({"a": [1e308, -1e308]}, ""),
    "complex numbers": (pd.DataFrame({"a": [1 + 2j]}), ""),
    "half a character": (pd.DataFrame({"a": ["\ud800", 1]}), "all different"),
    "a string of a million characters": ({"a": ["x" * 1_000_000]}, ""),
    "objects": (pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}), "only counted"),
    "lists of nothing": ({"a": [[], None]}, "lists of 0"),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "names twice, CSV": (_file("t.csv", b"a,b,a\n1,2,3\n"), "'a'"),
    "names twice, quoted": (_file("t.tsv", b'"a b"\tc\t"a b"\n1\t2\t3\n'), "'a b'"),
    "names twice, pandas": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a'"),
    "names twice, Arrow": (pa.table([[1], [2]], names=["a", "a"]), "'a'"),
    "unequal columns": ({"a": [1, 2], "b": [1]}, "'b'"),
    "an empty file": (_file("e.csv", b""), "e.csv"),
    "rows of unequal length": (_file("r.csv", b"a,b\n1,2\n3,4,5\n"), "r.csv"),
    "no UTF-8": (_file("b.csv", b"a,b\n\xff\xfe,1\n"), "b.csv"),
    "no Parquet": (_file("x.parquet", b"nothing at all"), "x.parquet"),
    "broken JSON": (_file("x.jsonl", b'{"a":1}\n{"a":\n'), "x.jsonl"),
    "a matrix": (np.zeros((2, 2)), "ndarray"),
    "nothing": (None, "NoneType"),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_can_be_profiled_is_and_says_what_is_odd(case: str, tmp_path: Path) -> None:
    source, note = NOTED[case]
    found = profile(source(tmp_path) if callable(source) else source)
    assert decode(encode(found)) == found
    assert merge(found, found).rows == 2 * found.rows
    assert note in cells(found.columns["a"])[-1]
    assert "<td>" in to_html(found)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_is_refused_by_name(case: str, tmp_path: Path) -> None:
    source, name = REFUSED[case]
    with pytest.raises(Invalid, match=name):
        profile(source(tmp_path) if callable(source) else source)
