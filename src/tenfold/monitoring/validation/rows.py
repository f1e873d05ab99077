"""What only rows can tell: regular expressions, rules over several columns, and the rows an anomaly is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenfold.monitoring.record import Example
from tenfold.monitoring.validation.domains import iso, moment_ms
from tenfold.monitoring.validation.facts import ColumnFacts, TableFacts
from tenfold.monitoring.validation.findings import Finding, Found
from tenfold.monitoring.validation.measuring import as_ms, as_strings
from tenfold.monitoring.validation.schema import Feature, Rule
from tenfold.profiles import Table

if TYPE_CHECKING:
    import polars as pl

SHOWN = 80
"""Characters of a value that an example shows."""


def of_regex(facts: ColumnFacts, feature: Feature, data: TableFacts) -> Found:
    """Strings that the regex does not match as a whole."""
    if feature.regex is None or facts.present == 0 or facts.kind != "string":
        return
    import polars as pl

    whole = f"^(?:{feature.regex})$"
    try:
        pl.Series(["a"]).str.contains(whole)
    except pl.exceptions.PolarsError as error:
        said = " ".join(str(error).split())
        long = f"regex {feature.regex!r} cannot be read: {said}"
        yield Finding("INVALID_SCHEMA_SPECIFICATION", "No regular expression", long, {"regex": None})
        return
    if data.table is None:
        yield Finding("NOT_CHECKED", "Not checked", "regex needs the rows; only a profile was given")
        return
    bad = 0
    for chunk in _pieces(data.table, facts.name):
        bad += int((~_matches(chunk, whole)).sum())
    if bad:
        long = f"{bad:,} values do not match {feature.regex}"
        yield Finding("STRING_TYPE_NO_MATCH", "Unexpected form", long, {"regex": None}, "regex", whole)


def of_rule(rule: Rule, data: TableFacts, *, examples: int) -> tuple[Finding, list[Example]] | None:
    """A rule that too many rows break, or that cannot be evaluated, which is no pass either."""
    import polars as pl

    if data.table is None:
        return Finding(
            "NOT_CHECKED", f"{rule.name}: not checked", "A rule needs the rows; only a profile was given"
        ), []
    try:
        expression = pl.sql_expr(rule.where)
        names = list(dict.fromkeys(expression.meta.root_names()))
        if absent := [name for name in names if name not in data.columns]:
            return _invalid(rule, f"there is no column {absent[0]!r}"), []
        if not names:
            return _invalid(rule, "it names no column"), []
        broken = (
            _frame(data.table, names)
            .with_columns((~expression).fill_null(value=False).alias("\0broken"))
            .with_row_index("\0row")
            .filter("\0broken")
        )
        count = int(broken.select(pl.len()).collect(engine="streaming").item())
        share = 1 - count / max(data.rows, 1)
        if not count or share >= rule.min_share:
            return None
        shown = broken.head(examples).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError) as error:
        return _invalid(rule, " ".join(str(error).split())[:300]), []
    long = f"{count:,} of {data.rows:,} rows break `{rule.where}`"
    if rule.min_share < 1:
        long += f": {share:.4%} meet it, expected at least {rule.min_share:.4%}"
    rows = [
        Example(row["\0row"], ", ".join(f"{name}={_short(row[name])}" for name in names)) for row in shown.to_dicts()
    ]
    return Finding("CUSTOM_VALIDATION", rule.name, long), rows


def _invalid(rule: Rule, why: str) -> Finding:
    return Finding("INVALID_SCHEMA_SPECIFICATION", f"{rule.name}: cannot be evaluated", f"`{rule.where}`: {why}")


def examples_of(finding: Finding, name: str, data: TableFacts, count: int) -> list[Example]:
    """The first rows the finding is about, with their values."""
    if data.table is None or not finding.rows or count < 1:
        return []
    found: list[Example] = []
    start = 0
    for chunk in _pieces(data.table, name):
        hits = _hits(finding, chunk)
        for row in hits.fill_null(value=False).arg_true().head(count - len(found)).to_list():
            found.append(Example(start + row, _value(chunk, row)))
        start += len(chunk)
        if len(found) >= count:
            break
    return found


def _value(chunk: pl.Series, row: int) -> str:
    """'' of a missing one. Moments go by our own printer: Python's dates end in the year 9999, data need not."""
    import polars as pl

    if chunk.dtype == pl.Date or isinstance(chunk.dtype, pl.Datetime):
        moment = as_ms(chunk.slice(row, 1))[0]
        return "" if moment is None else iso(moment)
    value = chunk[row]
    if value is None:
        return ""
    return _short(value.to_list() if isinstance(value, pl.Series) else value)


def _hits(finding: Finding, chunk: pl.Series) -> Any:
    """Which rows of a batch; of lists, those with any such value."""
    import polars as pl

    if finding.rows == "missing":
        return chunk.is_null()
    if isinstance(chunk.dtype, pl.Array):
        chunk = chunk.arr.to_list()
    if isinstance(chunk.dtype, pl.List):
        if finding.rows in ("few", "many"):
            lengths = chunk.list.len()
            return lengths < finding.given if finding.rows == "few" else lengths > finding.given
        flat = pl.DataFrame({"v": chunk}).with_row_index("row").explode("v").drop_nulls("v")
        if isinstance(flat["v"].dtype, (pl.List, pl.Array)):
            return pl.Series([False] * len(chunk))
        rows = flat.filter(_single(finding, flat["v"]))["row"]
        return pl.Series(range(len(chunk)), dtype=pl.UInt32).is_in(rows.implode())
    return _single(finding, chunk)


def _single(finding: Finding, values: pl.Series) -> Any:
    import polars as pl

    kind, given = finding.rows, finding.given
    if kind in ("strangers", "twice"):
        text = as_strings(values)
        if values.dtype.is_float():
            text = pl.select(
                pl.when(values % 1 == 0).then(values.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)
            ).to_series()
        return text.is_in(pl.Series(given, dtype=pl.String).implode())
    if kind == "regex":
        return ~_matches(values, given)
    if kind == "utf8":
        return values.is_not_null() & as_strings(values).is_null()
    if kind == "nonumber":
        return values.is_not_null() & as_strings(values).cast(pl.Float64, strict=False).is_null()
    if values.dtype.is_temporal():
        values = as_ms(values)
    elif finding.type.startswith("TIME_"):
        values = pl.Series([None if text is None else moment_ms(text) for text in values.to_list()], dtype=pl.Int64)
    if not values.dtype.is_numeric():
        values = as_strings(values).cast(pl.Float64, strict=False)
    if kind == "nan":
        return values.is_nan() if values.dtype.is_float() else values.is_null() & False
    if kind == "inf":
        return values.is_infinite()
    if kind == "bits":
        return (values != 0) & (values != 1)
    plain = values.is_not_nan() if values.dtype.is_float() else values.is_not_null()
    return plain & (values < given if kind == "below" else values > given)


def _matches(values: pl.Series, whole: str) -> pl.Series:
    """Null counts as matching: that values are there is another rule's to say. Lists are matched value by value."""
    import polars as pl

    while isinstance(values.dtype, (pl.List, pl.Array)):
        values = values.drop_nulls().explode()
    return as_strings(values).str.contains(whole).fill_null(value=True)


def _pieces(table: Table, name: str) -> Iterator[pl.Series]:
    return Table(table.source, [name], table.is_columnar).chunks()


def _frame(table: Table, names: list[str]) -> pl.LazyFrame:
    import polars as pl

    if isinstance(table.source, pl.LazyFrame):
        return table.source.select(names)
    return pl.DataFrame([table.column(name) for name in names]).lazy()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
