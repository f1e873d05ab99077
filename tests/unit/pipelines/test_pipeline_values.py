"""Values between steps come back exactly as they were."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import uuid
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.templates import content_digest, value_template
from tenfold.pipelines.values import Codec, keep, load, register_codec, value_of
from tenfold.pipelines.values.codecs import _codecs
from tenfold.records import Version
from tenfold.testing.stores import memory_stores

Point = namedtuple("Point", "x y")


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Settings:
    rate: float
    names: tuple[str, ...]
    inner: Settings | None = None


STORES = memory_stores()


def there_and_back(value, **options):
    kept = keep(value, lambda: STORES.blobs, **options)
    return load(kept.value, lambda: STORES.blobs, **options)


def stored(value):
    """The value as another process reads it: from the bytes in the store."""
    kept = keep(value, lambda: STORES.blobs)
    version = Version(id="v", kind="output", name="x", number=1, digest=kept.digest, size_bytes=kept.size_bytes,
                      created_at_ms=0, inline=kept.inline, metadata=kept.metadata)  # fmt: skip
    return load(value_of(version, lambda: STORES.blobs), lambda: STORES.blobs)


def test_the_order_of_a_dicts_keys_is_kept_and_does_not_count_for_the_cache():
    for one, other in [({"b": 1, "a": [2]}, {"a": [2], "b": 1}), ({2: 1, 1: {"x": 1}}, {1: {"x": 1}, 2: 1})]:
        assert list(stored(one)) == list(one) and list(stored(other)) == list(other)
        first, second = (
            content_digest(value_template(keep(value, lambda: STORES.blobs).value)) for value in (one, other)
        )
        assert first == second != content_digest(value_template(keep({**one, "c": 1}, lambda: STORES.blobs).value))


def same(a, b) -> bool:
    """Equal, of equal types all the way down, with NaN equal to NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(max_size=20), st.decimals(allow_nan=False),
    st.datetimes(), st.datetimes(timezones=st.timezones()), st.dates(), st.times(), st.timedeltas(), st.uuids(),
    st.frozensets(st.integers()), st.complex_numbers(allow_nan=False),
)  # fmt: skip
keys = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()), st.just("$"))
nested = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(keys, inner)),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(nested)
def test_plain_values_come_back_exactly(value):
    back = there_and_back(value)
    if isinstance(value, dict):
        assert sorted(map(repr, value)) == sorted(map(repr, back))
        assert all(same(value[key], back[key]) for key in value)
    else:
        assert same_up_to_order(value, back)


def same_up_to_order(a, b) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(key in b and same_up_to_order(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(same_up_to_order, a, b))
    return same(a, b)


@pytest.mark.parametrize(
    "value",
    [
        Point(1, [2]), Colour.RED, Settings(0.5, ("a", "b"), Settings(float("inf"), ())), range(3, 10, 2), Path("no/such"),
        np.float32(0.1), np.int64(7), np.bool_(True), np.datetime64("2013-01-01T05", "h"), np.str_("text"),
        pd.Timestamp("2013-01-01 05:00:00.123456789", tz="America/New_York"), pd.Timedelta("3 days"), pd.NaT, pd.NA,
        dt.datetime(2013, 11, 3, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")), 2**80, -0.0, bytearray(b"x"),
        Decimal("1.10"), uuid.UUID(int=5), {1, 2}, {"$": "tuple", "v": [1]}, {"b": 1, "a": {"z": 1, "c": [{"y": 0, "x": 1}]}},
        {2: "a", 1: "b"}, "half a pair \ud83d", Rights.READ | Rights.WRITE, Fraction(1, 3), PurePosixPath("a/b"),
        OrderedDict(b=1, a=2), defaultdict(list, a=[1]), Counter("aab"), deque([1, 2], maxlen=3), ZoneInfo("Asia/Tokyo"),
        dt.UTC, dt.timezone(dt.timedelta(hours=5)), np.array([["a", None]], dtype=object), pd.Period("2024-01"), [], {}, (), None,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_scalars_of_libraries_and_classes_come_back_exactly(value):
    back = stored([value])[0]
    assert type(back) is type(value)
    assert back is value or repr(back) == repr(value)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(allow_nan=False)), st.integers(-(2**60), 2**60), st.text())))
def test_tables_come_back_exactly(rows):
    columns = {"f": [row[0] for row in rows], "i": [row[1] for row in rows], "t": [row[2] for row in rows]}
    frame = pd.DataFrame({"f": pd.array(columns["f"], dtype="Float64"), "i": columns["i"], "t": columns["t"]})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
    schema = {"f": pl.Float64, "i": pl.Int64, "t": pl.String}
    assert there_and_back(pl.DataFrame(columns, schema=schema)).equals(pl.DataFrame(columns, schema=schema))


def test_pandas_keeps_its_index_its_categories_and_its_objects():
    frame = pd.DataFrame(
        {"c": pd.Categorical(["a", "b", "a"]), "o": pd.array(["x", None, "y"], dtype=object)},
        index=pd.date_range("2013-01-01", periods=3, tz="UTC", name="at"),
    )
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
    pd.testing.assert_series_equal(there_and_back(frame["o"]), frame["o"])
    missing = pd.DataFrame(
        {"none": pd.Series(["x", None], dtype=object), "nan": pd.Series(["x", np.nan], dtype=object)}
    )
    assert [repr(v) for v in there_and_back(missing).iloc[1]] == ["None", "nan"]
    pd.testing.assert_index_equal(there_and_back(frame.index), frame.index)
    pd.testing.assert_frame_equal(there_and_back(frame.iloc[:0]), frame.iloc[:0])


def test_arrow_polars_series_and_arrays_come_back_exactly():
    table = pa.table({"a": [1, None]})
    assert there_and_back(table).equals(table)
    for arrow in (pa.array([1, None]), pa.chunked_array([[1], [2]]), pa.record_batch({"a": [1]})):
        assert there_and_back(arrow).equals(arrow)
    assert there_and_back(pl.Series("s", [1.5, None])).equals(pl.Series("s", [1.5, None]), null_equal=True)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    back = there_and_back({"inside": [array]})["inside"][0]
    assert back.dtype == array.dtype and np.array_equal(back, array)


def test_files_and_folders_come_back_with_their_names(tmp_path):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "a.txt").write_text("A")
    (tmp_path / "one.csv").write_text("1,2")
    folder, file = there_and_back((tmp_path / "folder", tmp_path / "one.csv"))
    assert (folder / "inner" / "a.txt").read_text() == "A"
    assert file.name == "one.csv" and file.read_text() == "1,2"


def test_equal_content_has_equal_digests_whenever_it_was_made(tmp_path):
    digests = set()
    for name in ("first", "second"):
        path = tmp_path / name / "data.csv"
        path.parent.mkdir()
        path.write_text("same")
        digests.add(keep([path, pd.DataFrame({"a": [1]})], lambda: STORES.blobs).digest)
    assert len(digests) == 1


def test_a_fitted_estimator_comes_back_and_answers_alike():
    from sklearn.linear_model import LogisticRegression

    x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    model = LogisticRegression().fit(x, y)
    assert np.array_equal(there_and_back(model).predict_proba(x), model.predict_proba(x))


class Unknown:
    def __init__(self) -> None:
        self.x = 1


def test_an_unknown_type_is_refused_by_name_with_a_cure():
    with pytest.raises(Invalid, match=r"test_pipeline_values.Unknown.*allow_pickle=True"):
        there_and_back({"deep": [Unknown()]})
    assert there_and_back(Unknown(), allow_pickle=True).x == 1


def test_a_value_that_contains_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(Invalid, match="contains itself"):
        there_and_back(value)


def test_a_registered_codec_is_used():
    before = list(_codecs)
    try:
        register_codec(
            Codec(
                "unknown",
                "text",
                lambda v: isinstance(v, Unknown),
                lambda v, folder: {"written": (folder / "x").write_text(str(v.x))},
                lambda files, notes: ["loaded", files.path("x").read_text()],
            )
        )
        assert there_and_back(Unknown()) == ["loaded", "1"]
    finally:
        _codecs[:] = before
