"""Facts of a table's rows, batch by batch: only what its schema asks for is counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.monitoring.validation.facts import ColumnFacts, Kind, TableFacts
from tenfold.monitoring.validation.schema import Feature, Schema
from tenfold.profiles import Table, open_table

if TYPE_CHECKING:
    import polars as pl

BINS = 10
"""TFDV's number of bins of a histogram."""


def facts_of_table(source: Any, schema: Schema | None = None) -> TableFacts:
    """Facts of anything `open_table` takes; of all there is to know of each column when no schema narrows it.

    Raises:
        Invalid: It is no table, or its rows cannot be read.
    """
    import polars as pl

    table = open_table(source)
    features = schema.features if schema is not None else {}
    dated = schema.fresh.column if schema is not None and schema.fresh is not None else None
    gathered = {
        name: _Gathering(name, _counted(features.get(name)) or ("strings" if name == dated else ""))
        for name in table.names
    }
    binned = [name for name in table.names if name not in features or _binned(features[name])]
    if schema is not None:
        binned = [name for name in binned if name in features]
    try:
        for chunk in table.chunks():
            gathered[chunk.name].add(chunk)
        rows = max((column.facts.rows for column in gathered.values()), default=0)
        columns = {name: column.finish() for name, column in gathered.items()}
        _bin(table, [columns[name] for name in binned if columns[name].kind in ("int", "bool", "float")])
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        said = str(error).partition("\n")[0]
        named = source if isinstance(source, (str, Path)) else "The table"
        raise Invalid(f"{named} cannot be read: {said}. Mend the file, or give one that Polars reads") from error
    return TableFacts(rows, columns, table)


def _counted(feature: Feature | None) -> str:
    """Which values are to be counted: 'strings', 'all', or ''."""
    if feature is None:
        return "strings"
    compared = [limits for limits in (feature.drift, feature.skew) if limits is not None]
    if feature.unique or feature.min_distinct is not None or feature.max_distinct is not None:
        return "all"
    if any(limits.l_infinity is not None or limits.normalized_difference is not None for limits in compared):
        return "all"
    wanted = feature.domain is not None or feature.type == "time" or feature.is_bool or feature.strings_are or compared
    numbers = feature.type in ("int", "float") and (feature.min is not None or feature.max is not None)
    return "strings" if wanted or numbers or feature.disallow_nan or feature.disallow_inf else ""


def _binned(feature: Feature) -> bool:
    return any(limits is not None and limits.jensen_shannon is not None for limits in (feature.drift, feature.skew))


class _Gathering:
    """What is known of a column so far: batches go in, ColumnFacts come out."""

    def __init__(self, name: str, counted: str) -> None:
        self.facts = ColumnFacts(name, "empty", 0, min_values=2**62, max_values=0)
        self.counted = counted
        self.parts: list[pl.DataFrame] = []

    def add(self, values: pl.Series) -> None:
        facts = self.facts
        facts.rows += len(values)
        nulls = values.null_count()
        facts.missing += nulls
        if nulls == len(values):
            return
        present = values.drop_nulls() if nulls else values
        present = self._unfold(present)
        facts.values += len(present)
        kind = kind_of(present.dtype)
        if kind == "empty" and not facts.is_list:
            return
        facts.kind = kind if facts.kind in ("empty", kind) else _common(facts.kind, kind)
        if kind == "string":
            present = self._text(present)
        elif kind in ("int", "float", "bool", "time"):
            self._range(present, kind)
        if self.counted == "all" or (self.counted == "strings" and kind == "string"):
            self._count(present, kind)

    def _unfold(self, present: pl.Series) -> pl.Series:
        """Values of lists, one by one; how many a row has is noted."""
        import polars as pl

        facts = self.facts
        low = high = 1
        if isinstance(present.dtype, pl.Array):
            present = present.arr.to_list()
        if isinstance(present.dtype, pl.List):
            facts.is_list = True
            lengths = present.list.len()
            low, high = int(lengths.min() or 0), int(lengths.max() or 0)  # type: ignore[arg-type]
            while isinstance(present.dtype, (pl.List, pl.Array)):
                present = present.explode().drop_nulls()
        facts.min_values, facts.max_values = min(facts.min_values, low), max(facts.max_values, high)
        return present

    def _text(self, present: pl.Series) -> pl.Series:
        import polars as pl

        if present.dtype == pl.Binary:
            text = as_strings(present)
            self.facts.invalid_utf8 += text.null_count()
            return text.drop_nulls()
        return present.cast(pl.String) if present.dtype != pl.String else present

    def _range(self, present: pl.Series, kind: Kind) -> None:
        import polars as pl

        facts = self.facts
        if kind == "time":
            present = as_ms(present)
        elif kind == "bool":
            present = present.cast(pl.Int8)
        elif kind == "float":
            present = present.cast(pl.Float64)
            facts.nans += int(present.is_nan().sum())
            facts.infinities += int(present.is_infinite().sum())
        low, high = present.min(), present.max()
        if low is None or low != low:
            return
        facts.low = low if facts.low is None else min(facts.low, low)
        facts.high = high if facts.high is None else max(facts.high, high)
        if kind == "float" and (facts.is_whole or facts.is_zero_or_one):
            finite = present.filter(present.is_finite())
            facts.is_whole = facts.is_whole and bool((finite.floor() == finite).all())
            facts.is_zero_or_one = facts.is_zero_or_one and bool(present.is_in([0.0, 1.0]).all())

    def _count(self, present: pl.Series, kind: Kind) -> None:
        import polars as pl

        if kind == "struct":
            return
        if kind == "float":
            present = present.filter(present.is_not_nan())
        text = present if kind == "string" else present.rename("v").value_counts()
        if isinstance(text, pl.Series):
            text = text.rename("v").value_counts()
        if kind == "float":  # 3.0 and 3 are one value, whichever side of a comparison has which
            whole = pl.col("v").cast(pl.Int64, strict=False).cast(pl.String)
            text = text.with_columns(
                pl.when(pl.col("v") % 1 == 0).then(whole).otherwise(pl.col("v").cast(pl.String)).alias("v")
            )
        self.parts.append(text.select(pl.col("v").cast(pl.String), "count"))

    def finish(self) -> ColumnFacts:
        import polars as pl

        facts = self.facts
        if facts.present == 0:
            facts.min_values = facts.max_values = 0
        if self.counted and self.parts:
            found = pl.concat(self.parts) if len(self.parts) > 1 else self.parts[0]
            if len(self.parts) > 1:
                found = found.group_by("v").agg(pl.col("count").sum())
            found = found.sort(["count", "v"], descending=[True, False])
            facts.counts = dict(zip(found["v"].to_list(), found["count"].to_list(), strict=True))
            facts.distinct = len(facts.counts)
        elif self.counted and facts.kind == "string":
            facts.counts, facts.distinct = {}, 0
        return facts


def kind_of(dtype: Any) -> Kind:
    """The kind of values a column of Polars has, in lists too."""
    import polars as pl

    while isinstance(dtype, (pl.List, pl.Array)):
        dtype = dtype.inner
    if dtype == pl.Boolean:
        return "bool"
    if dtype.is_integer():
        return "int"
    if dtype.is_numeric():
        return "float"
    if dtype.is_temporal():
        return "time"
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Binary) or isinstance(dtype, (pl.Categorical, pl.Enum)):
        return "string"
    return "empty" if dtype == pl.Null else "struct"


def as_strings(values: pl.Series) -> pl.Series:
    """Values as text; bytes that are no UTF-8 become null, which Polars' own cast refuses."""
    import polars as pl

    if values.dtype != pl.Binary:
        return values.cast(pl.String, strict=False)
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(values.name, [_decoded(value) for value in values.to_list()], pl.String)


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def as_ms(times: pl.Series) -> pl.Series:
    """Milliseconds of UTC (of the day, for times of day; of their length, for durations)."""
    import polars as pl

    if times.dtype == pl.Duration:
        return times.dt.total_milliseconds()
    if times.dtype == pl.Time:
        return times.to_physical() // 1_000_000
    return times.cast(pl.Datetime("ms")).to_physical()


def _common(a: Kind, b: Kind) -> Kind:
    if "empty" in (a, b):
        return b if a == "empty" else a
    return "float" if {a, b} <= {"int", "float"} else "mixed"


def _bin(table: Table, columns: Iterable[ColumnFacts]) -> None:
    """A second look, once the extremes are known: counts in equally wide bins, as TFDV's STANDARD histogram."""
    import numpy as np
    import polars as pl

    wanted = {facts.name: facts for facts in columns if facts.low is not None}
    if not wanted:
        return
    counts: dict[str, Any] = {}
    for chunk in Table(table.source, list(wanted), table.is_columnar).chunks():
        facts = wanted[chunk.name]
        while isinstance(chunk.dtype, (pl.List, pl.Array)):
            chunk = chunk.drop_nulls().explode()
        values = chunk.drop_nulls().cast(pl.Float64).to_numpy()
        values = values[np.isfinite(values)]
        if not facts.edges:
            low, high = _finite_ends(table, facts)
            facts.edges = np.linspace(low, high, BINS + 1).tolist() if low < high else [low, high]
        counts[chunk.name] = (
            counts.get(chunk.name, 0) + np.histogram(values, facts.edges)[0]
            if facts.edges[0] < facts.edges[-1]
            else counts.get(chunk.name, 0) + np.array([values.size])
        )
    for name, found in counts.items():
        wanted[name].bins = [float(count) for count in found]


def _finite_ends(table: Table, facts: ColumnFacts) -> tuple[float, float]:
    import math

    if math.isfinite(facts.low) and math.isfinite(facts.high):
        return float(facts.low), float(facts.high)
    import polars as pl

    low, high = math.inf, -math.inf
    for chunk in Table(table.source, [facts.name], table.is_columnar).chunks():
        while isinstance(chunk.dtype, (pl.List, pl.Array)):
            chunk = chunk.drop_nulls().explode()
        finite = chunk.drop_nulls().cast(pl.Float64)
        finite = finite.filter(finite.is_finite())
        if len(finite):
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))  # type: ignore[arg-type]
    return (low, high) if low <= high else (0.0, 0.0)
