"""`validate(profile, schema)`: where data break a schema, in TensorFlow Data Validation's words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.monitoring.record import Anomaly
from tenfold.monitoring.schema import Feature, Schema
from tenfold.profiles import ColumnProfile, Profile

WIDER: dict[str, tuple[str, ...]] = {"float": ("int", "float"), "bool": ("bool",), "int": ("int",)}
"""Types that also satisfy a feature of the key's type."""
NAMED = 5


def validate(
    profile: Profile, schema: Schema, *, environment: str | None = None, previous: Profile | None = None
) -> list[Anomaly]:
    """The anomalies of profiled data, in the order of the schema's columns, then new columns, then the table.

    Args:
        environment: 'training' or 'serving': columns that are not in it are not expected, nor are they new.
        previous: Earlier data, for the limits that compare with them.

    Raises:
        Invalid: An environment the schema does not have.
    """
    if environment is not None and environment not in schema.environments:
        raise Invalid(
            f"There is no environment {environment!r}. There are: {', '.join(schema.environments)}", field="environment"
        )
    found: list[Anomaly] = []
    for name, feature in schema.features.items():
        expected = environment is None or not feature.environments or environment in feature.environments
        column = profile.columns.get(name)
        if column is None:
            if expected:
                found.append(
                    _anomaly(name, "SCHEMA_MISSING_COLUMN", feature, "Column dropped", "The column is missing")
                )
            continue
        before = previous.columns.get(name) if previous is not None else None
        for kind, short, long in _of_column(column, feature, before):
            found.append(_anomaly(name, kind, feature, short, long))
    for name in profile.columns:
        if name not in schema.features:
            found.append(
                Anomaly(
                    name, "SCHEMA_NEW_COLUMN", "error", "New column", "The column is in the data but not in the schema"
                )
            )
    found += [Anomaly("", kind, "error", short, long) for kind, short, long in _of_table(profile, schema, previous)]
    return found


def _anomaly(name: str, kind: str, feature: Feature, short: str, long: str) -> Anomaly:
    return Anomaly(name, kind, feature.severity, short, long)


Found = Iterator[tuple[str, str, str]]


def _of_column(column: ColumnProfile, feature: Feature, previous: ColumnProfile | None) -> Found:
    if problem := _contradiction(feature):
        yield "INVALID_SCHEMA_SPECIFICATION", "Schema contradicts itself", problem
        return
    yield from _presence(column, feature)
    if column.count + column.nans + column.infinities == 0:
        return
    if not _fits(column, feature):
        long = f"Expected data of type {feature.type} but got {column.type}"
        yield "UNEXPECTED_DATA_TYPE", "Unexpected data type", long
        return
    yield from _values(column, feature)
    yield from _numbers(column, feature)
    if feature.min_distinct is not None and column.distinct < feature.min_distinct:
        yield "FEATURE_TYPE_LOW_UNIQUE", "Too few different values", f"{column.distinct} < {feature.min_distinct}"
    if feature.max_distinct is not None and column.distinct > feature.max_distinct:
        yield "FEATURE_TYPE_HIGH_UNIQUE", "Too many different values", f"{column.distinct} > {feature.max_distinct}"
    if previous is not None:
        yield from _compared(column, feature, previous)


def _presence(column: ColumnProfile, feature: Feature) -> Found:
    present = column.rows - column.nulls
    if present == 0 and column.rows and (feature.min_count or feature.min_fraction):
        yield "FEATURE_TYPE_NOT_PRESENT", "Column empty", f"None of the {column.rows:,} rows has a value"
        return
    if feature.min_fraction is not None and column.rows and present / column.rows < feature.min_fraction:
        long = f"Values in {present / column.rows:.4%} of the rows, expected in at least {feature.min_fraction:.4%}"
        yield "FEATURE_TYPE_LOW_FRACTION_PRESENT", "Values missing", long
    if feature.min_count is not None and present < feature.min_count:
        long = f"{present:,} rows have a value, expected at least {feature.min_count:,}"
        yield "FEATURE_TYPE_LOW_NUMBER_PRESENT", "Too few values", long


def _fits(column: ColumnProfile, feature: Feature) -> bool:
    if feature.type == "any" or column.type == feature.type:
        return True
    if feature.is_bool and column.type == "bool":
        return True
    if feature.type == "int" and column.type == "float":
        return _whole(column)
    return column.type in WIDER.get(feature.type, ())


def _whole(column: ColumnProfile) -> bool:
    """Floats that could be integers: a column of integers with a missing value, as pandas has it."""
    points = np.array([*(column.quantiles.points if column.quantiles else []), column.min or 0.0, column.max or 0.0])
    return column.nans == 0 and bool(np.all(points % 1 == 0))


def _values(column: ColumnProfile, feature: Feature) -> Found:
    """Strings outside the domain, and what is neither true nor false."""
    if column.top is None:
        return
    counts = dict(zip(column.top.values, column.top.counts, strict=True))
    if feature.is_bool and column.type != "bool":
        if column.type == "string":
            strange = {value: count for value, count in counts.items() if str(value).lower() not in ("true", "false")}
            if strange:
                yield "BOOL_TYPE_UNEXPECTED_STRING", "Neither true nor false", _strangers(strange, column)
        elif column.max is not None and column.min is not None and (column.max > 1 or column.min < 0):
            low = column.min < 0
            kind = "BOOL_TYPE_SMALL_INT" if low else "BOOL_TYPE_BIG_INT"
            yield kind, "Neither 0 nor 1", f"Found {column.min if low else column.max:g}"
    if feature.domain is not None and column.type == "string":
        known = set(feature.domain)
        strange = {value: count for value, count in counts.items() if value not in known}
        inside = column.count - sum(strange.values())
        if column.top.error:  # the list is not complete: what is not listed was in the domain only as far as listed
            inside = min(inside, sum(count + column.top.error for value, count in counts.items() if value in known))
        if (strange or column.top.error) and inside / column.count < feature.min_domain_mass:
            yield "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Unexpected string values", _strangers(strange, column)


def _strangers(strange: dict[str | float | bool, int], column: ColumnProfile) -> str:
    if not strange:
        return f"The column has about {column.distinct:,} different values, more than the schema knows"
    shown = ", ".join(f"{value} ({_percent(count / column.count)})" for value, count in list(strange.items())[:NAMED])
    more = f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
    return f"Values missing from the schema: {shown}{more}"


def _numbers(column: ColumnProfile, feature: Feature) -> Found:
    family = "INT_TYPE_{}_INT" if feature.type == "int" else "FLOAT_TYPE_{}_FLOAT"
    if feature.max is not None and column.max is not None and column.max > feature.max:
        yield family.format("BIG"), "Out-of-range values", f"Unexpectedly high value: {column.max:g} > {feature.max:g}"
    if feature.min is not None and column.min is not None and column.min < feature.min:
        yield family.format("SMALL"), "Out-of-range values", f"Unexpectedly low value: {column.min:g} < {feature.min:g}"
    if feature.disallow_nan and column.nans:
        yield "FLOAT_TYPE_HAS_NAN", "Has NaN values", f"{column.nans:,} values are NaN"
    if feature.disallow_inf and column.infinities:
        yield "FLOAT_TYPE_HAS_INF", "Has infinite values", f"{column.infinities:,} values are infinite"


def _compared(column: ColumnProfile, feature: Feature, previous: ColumnProfile) -> Found:
    if feature.max_l_infinity is not None:
        distance, value = l_infinity(column, previous)
        if distance > feature.max_l_infinity:
            long = f"The share of {value} changed by {distance:.4g}, more than {feature.max_l_infinity:g}"
            yield "COMPARATOR_L_INFTY_HIGH", "High L-infinity distance", long
    if feature.max_jensen_shannon is not None:
        divergence = jensen_shannon_bits(column, previous)
        if divergence is not None and divergence > feature.max_jensen_shannon:
            long = (
                f"The divergence from the previous data is {divergence:.4g}, more than {feature.max_jensen_shannon:g}"
            )
            yield "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "High Jensen-Shannon divergence", long


def l_infinity(current: ColumnProfile, previous: ColumnProfile) -> tuple[float, str]:
    """Largest difference of any value's share, and the value; exact while both profiles' top values are."""
    shares = []
    for column in (current, previous):
        top = column.top
        pairs = zip(top.values, top.counts, strict=True) if top is not None else ()
        shares.append({value: count / max(column.count, 1) for value, count in pairs})
    values = shares[0].keys() | shares[1].keys()
    distances = {value: abs(shares[0].get(value, 0.0) - shares[1].get(value, 0.0)) for value in values}
    worst = max(distances, key=lambda value: (distances[value], str(value)), default="")
    return distances.get(worst, 0.0), str(worst)


def jensen_shannon_bits(current: ColumnProfile, previous: ColumnProfile, *, bins: int = 10) -> float | None:
    """TFDV's divergence of two columns of numbers, base 2, in [0, 1], from their sketches; NaN and infinities as bins."""
    a, b = current.quantiles, previous.quantiles
    if a is None or b is None or None in (current.min, current.max, previous.min, previous.max):
        return None
    edges = np.linspace(min(current.min or 0, previous.min or 0), max(current.max or 0, previous.max or 0), bins + 1)[
        1:-1
    ]
    sides = []
    for column, sketch in ((current, a), (previous, b)):
        below = np.searchsorted(np.array(sketch.points), edges, side="right") / len(sketch.points) * sketch.count
        counts = np.diff(np.concatenate([[0.0], below, [float(sketch.count)]]))
        every = np.concatenate([counts, [column.nans, column.infinities]])
        sides.append(every / every.sum())
    middle = (sides[0] + sides[1]) / 2
    total = 0.0
    for side in sides:
        held = side > 0
        total += float((side[held] * np.log2(side[held] / middle[held])).sum()) / 2
    return total


def _of_table(profile: Profile, schema: Schema, previous: Profile | None) -> Found:
    rows = profile.rows
    if schema.min_rows is not None and rows < schema.min_rows:
        yield "DATASET_LOW_NUM_EXAMPLES", "Too few rows", f"{rows:,} rows, expected at least {schema.min_rows:,}"
    if schema.max_rows is not None and rows > schema.max_rows:
        yield "DATASET_HIGH_NUM_EXAMPLES", "Too many rows", f"{rows:,} rows, expected at most {schema.max_rows:,}"
    if previous is None or not previous.rows:
        return
    ratio = rows / previous.rows
    if schema.min_rows_of_previous is not None and ratio < schema.min_rows_of_previous:
        yield (
            "COMPARATOR_LOW_NUM_EXAMPLES",
            "Fewer rows than before",
            f"{ratio:.3g} of the previous {previous.rows:,} rows",
        )
    if schema.max_rows_of_previous is not None and ratio > schema.max_rows_of_previous:
        yield (
            "COMPARATOR_HIGH_NUM_EXAMPLES",
            "More rows than before",
            f"{ratio:.3g} times the previous {previous.rows:,} rows",
        )


def _contradiction(feature: Feature) -> str:
    if feature.min is not None and feature.max is not None and feature.min > feature.max:
        return f"min {feature.min:g} is above max {feature.max:g}"
    if feature.domain is not None and feature.type not in ("string", "any"):
        return f"a domain of strings for a column of type {feature.type}"
    if feature.min_fraction is not None and not 0 <= feature.min_fraction <= 1:
        return f"min_fraction {feature.min_fraction:g} is no share"
    return ""


def _percent(share: float) -> str:
    return "<1%" if share < 0.01 else f"~{share:.0%}"
