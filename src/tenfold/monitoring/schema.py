"""What columns should look like: a schema, inferred from a profile, edited by hand, kept with the data.

The rules are TensorFlow Data Validation's: presence, types, domains of strings with few values, booleans; numeric
ranges only when asked for, since the extremes of one month are no law.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from tenfold.base.errors import Invalid
from tenfold.monitoring.record import Severity
from tenfold.profiles import ColumnProfile, Profile

DOMAIN_LIMIT = 100
"""Strings with more different values get no domain (TFDV's limit)."""
ENVIRONMENTS = ("training", "serving")
FeatureType = Literal["int", "float", "bool", "string", "time", "any"]


class Feature(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one column should look like. What is None is not checked."""

    type: FeatureType
    min_fraction: float | None = None
    """Least share of rows with a value."""
    min_count: int | None = None
    """Least number of rows with a value."""
    domain: list[str] | None = None
    """The strings that may occur."""
    min_domain_mass: float = 1.0
    """Least share of values that must lie in the domain."""
    is_bool: bool = False
    """Only 0 and 1, or 'true' and 'false', or booleans."""
    min: float | None = None
    max: float | None = None
    disallow_nan: bool = False
    disallow_inf: bool = False
    min_distinct: int | None = None
    max_distinct: int | None = None
    environments: list[str] = []
    """The only environments it is in; all when empty."""
    max_l_infinity: float | None = None
    """Most that the share of any value may differ from the previous data's."""
    max_jensen_shannon: float | None = None
    """Most Jensen-Shannon divergence (bits, 0 to 1) of numbers from the previous data's."""
    severity: Severity = "error"


class Schema(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a table should look like. JSON by `msgspec.json`, and back."""

    features: dict[str, Feature]
    min_rows: int | None = None
    max_rows: int | None = None
    min_rows_of_previous: float | None = None
    """Least rows as a share of the previous data's."""
    max_rows_of_previous: float | None = None
    environments: list[str] = msgspec.field(default_factory=lambda: list(ENVIRONMENTS))
    format: int = 1


def infer_schema(
    profile: Profile,
    *,
    labels: Iterable[str] = (),
    ranges: bool = False,
    domain_limit: int = DOMAIN_LIMIT,
) -> Schema:
    """A schema that the profiled data satisfy.

    Args:
        labels: Columns known only in training: they are not expected in the environment 'serving'.
        ranges: Also take the lowest and highest number as limits.
        domain_limit: Strings with at most so many different values get a domain.

    Raises:
        Invalid: A label is no column.
    """
    outside = set(labels)
    if strangers := outside - set(profile.columns):
        raise Invalid(f"The label {sorted(strangers)[0]!r} is no column of this profile", field="labels")
    return Schema(
        {
            name: _feature(column, is_label=name in outside, ranges=ranges, domain_limit=domain_limit)
            for name, column in profile.columns.items()
        }
    )


def encode_schema(schema: Schema) -> bytes:
    """Indented JSON, for people and for git."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def decode_schema(data: bytes) -> Schema:
    """The schema of JSON. Raises Invalid naming the field that cannot be read."""
    try:
        return msgspec.json.decode(data, type=Schema, strict=True)
    except msgspec.DecodeError as error:
        raise Invalid(f"This is no schema: {error}. Make one with infer_schema", field="schema") from error


def _feature(column: ColumnProfile, *, is_label: bool, ranges: bool, domain_limit: int) -> Feature:
    always = column.rows > 0 and column.nulls == 0
    boolean = _is_boolean(column)
    numbers = column.type in ("int", "float")
    known: tuple[FeatureType, ...] = ("int", "float", "bool", "string", "time")
    return Feature(
        type=next((kind for kind in known if kind == column.type), "any"),
        min_fraction=1.0 if always else None,
        min_count=1 if column.count else None,
        domain=_domain(column, domain_limit) if not boolean else None,
        is_bool=boolean,
        min=column.min if ranges and numbers and not boolean else None,
        max=column.max if ranges and numbers and not boolean else None,
        disallow_nan=column.type == "float" and always and column.nans == 0,
        disallow_inf=column.type == "float" and column.infinities == 0,
        environments=["training"] if is_label else [],
    )


def _domain(column: ColumnProfile, limit: int) -> list[str] | None:
    top = column.top
    if column.type != "string" or top is None or top.error or not 0 < len(top.values) <= limit:
        return None
    return sorted(str(value) for value in top.values)


def _is_boolean(column: ColumnProfile) -> bool:
    if column.type == "bool":
        return True
    if column.top is None or column.top.error or not column.top.values:
        return False
    if column.type == "int":
        return set(column.top.values) == {0.0, 1.0}
    return column.type == "string" and {str(value).lower() for value in column.top.values} == {"true", "false"}
