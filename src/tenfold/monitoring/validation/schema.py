"""The records of a schema: what columns and the whole table should look like. Nothing here reads data."""

from __future__ import annotations

from typing import Literal

import msgspec

from tenfold.monitoring.record import AnomalySeverity

ENVIRONMENTS = ("training", "serving")
FeatureType = Literal["int", "float", "bool", "string", "time", "struct", "any"]
FeatureSeverity = Literal["error", "warning", "info", "ignore"]


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """How far a column may be from the data it is compared with. A distance above its limit is an anomaly."""

    l_infinity: float | None = None
    """Largest difference of any value's share."""
    jensen_shannon: float | None = None
    """Jensen-Shannon divergence, base 2, in [0, 1]: of ten bins of numbers, of the values of strings."""
    normalized_difference: float | None = None
    """Largest difference of any value's count, over the rows of both sides together."""


class Feature(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What one column should look like. What is None or empty is not checked."""

    type: FeatureType
    """Of the values, also where they stand in lists. 'bool' and 'int' are one type, as in TFDV: see `is_bool`."""
    min_fraction: float | None = None
    """Least share of rows with a value."""
    min_count: int | None = None
    """Least number of rows with a value."""
    min_values: int | None = None
    """Least values in a row's list; a row without a list is missing, and not counted."""
    max_values: int | None = None
    shape: list[int] = []
    """Every row has just so many values, and none is missing: [1] for plain columns that TFDV inferred."""
    domain: list[str] | None = None
    """The strings that may occur."""
    min_domain_mass: float | None = None
    """Least share of values that must lie in the domain; all of them when None."""
    is_bool: bool = False
    """Only 0 and 1, or the words for true and false, or booleans."""
    true_word: str | None = None
    false_word: str | None = None
    """Strings that mean true and false; any case of 'true' and 'false' when neither is given."""
    strings_are: Literal["int", "float"] | None = None
    """Strings that must read as numbers; `min` and `max` then hold for these."""
    min: int | float | None = None
    max: int | float | None = None
    disallow_nan: bool = False
    disallow_inf: bool = False
    earliest: str | None = None
    """ISO date or time; of columns of times, in UTC where the data name no zone."""
    latest: str | None = None
    regex: str | None = None
    """What whole strings must match, in the syntax of Rust's regex (linear time, no look-around)."""
    unique: bool = False
    """No value occurs twice."""
    min_distinct: int | None = None
    max_distinct: int | None = None
    environments: list[str] = []
    """The only environments it is in; all when empty."""
    drift: Limits | None = None
    """Limits on the distance from the previous data."""
    skew: Limits | None = None
    """Limits on the distance from the serving data."""
    severity: FeatureSeverity | None = None
    """Of all its anomalies; 'ignore': the column is neither checked nor expected."""
    note: str = ""
    """For people."""
    tfdv: str = ""
    """What a schema.pbtxt said of it that has no place above, as text proto; it goes back there."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A condition on columns that each row must meet."""

    name: str
    where: str
    """A boolean expression in SQL, as `arrival >= departure`. Null counts as met, as in a CHECK of SQL."""
    min_share: float = 1.0
    """Least share of rows that must meet it."""
    severity: AnomalySeverity = "error"


class Freshness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest time of a column may be at most so old."""

    column: str
    max_age_hours: float


class Schema(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a table should look like. YAML by `to_yaml`, JSON by `encode_schema`, and back."""

    features: dict[str, Feature]
    min_rows: int | None = None
    max_rows: int | None = None
    min_rows_of_previous: float | None = None
    """Least rows as a share of the previous data's."""
    max_rows_of_previous: float | None = None
    environments: list[str] = msgspec.field(default_factory=lambda: list(ENVIRONMENTS))
    rules: list[Rule] = []
    fresh: Freshness | None = None
    widen: bool = False
    """Integers do for floats, and floats that are whole do for integers: pandas makes such of integers with a gap.
    TFDV calls both an unexpected type."""
    severities: dict[str, FeatureSeverity] = {}
    """Severity by type of anomaly, where the feature does not say; the rest are errors."""
    format: int = 1
    tfdv: str = ""
    """What a schema.pbtxt said of the table that has no place above, as text proto."""


def is_in(feature: Feature, environment: str | None) -> bool:
    """Is the column part of this environment? Of None every column is."""
    return environment is None or not feature.environments or environment in feature.environments


def is_required(feature: Feature, environment: str | None) -> bool:
    """Must some row have a value? A column that need not be present may be missing altogether."""
    wanted = (feature.min_count or 0) > 0 or (feature.min_fraction or 0) > 0
    return wanted and feature.severity != "ignore" and is_in(feature, environment)
