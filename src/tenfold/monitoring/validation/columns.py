"""A column held to its feature, in the order and with the types of TensorFlow Data Validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenfold.monitoring.validation.domains import of_domain, problems_of_domain, time_range
from tenfold.monitoring.validation.facts import ColumnFacts, family
from tenfold.monitoring.validation.findings import Finding, Found
from tenfold.monitoring.validation.schema import Feature, is_in, is_required

CLEARED = (
    "domain",
    "min",
    "max",
    "strings_are",
    "true_word",
    "false_word",
    "regex",
    "earliest",
    "latest",
    "min_domain_mass",
)


def of_column(facts: ColumnFacts, feature: Feature, *, environment: str | None, widen: bool) -> Found:
    """Everything about a column that is there, but for comparisons with other data and single rows."""
    yield from _contradictions(feature)
    if facts.present == 0:
        if is_required(feature, environment):
            yield Finding(
                "FEATURE_TYPE_NOT_PRESENT", "Column empty", f"None of the {facts.rows:,} rows has a value",
                {"min_count": None, "min_fraction": None},
            )  # fmt: skip
        return
    if not is_in(feature, environment):
        yield Finding(
            "SCHEMA_NEW_COLUMN", "Column not in this environment",
            f"The column is in the data, but the schema has it only in: {', '.join(feature.environments)}",
            {"environments": [*feature.environments, environment]},
        )  # fmt: skip
    yield from _lengths(facts, feature)
    yield from _presence(facts, feature)
    if not _fits(facts, feature, widen=widen):
        yield _unexpected_type(facts, feature)
    if not any(problems_of_domain(feature)):
        yield from of_domain(facts, feature)
    yield from _distinct(facts, feature)


def _contradictions(feature: Feature) -> Found:
    for fields, problem in _problems(feature):
        yield Finding("INVALID_SCHEMA_SPECIFICATION", "The schema contradicts itself", problem, fields)
    for fields, problem in problems_of_domain(feature):
        yield Finding("DOMAIN_INVALID_FOR_TYPE", "The domain does not match the type", problem, fields)


def _problems(feature: Feature) -> Iterator[tuple[dict[str, Any] | None, str]]:
    if feature.min_fraction is not None and not 0 <= feature.min_fraction <= 1:
        yield (
            {"min_fraction": min(max(feature.min_fraction, 0.0), 1.0)},
            f"min_fraction {feature.min_fraction:g} is no share",
        )
    if feature.min_values is not None and feature.max_values is not None and feature.min_values > feature.max_values:
        yield (
            {"max_values": feature.min_values},
            f"min_values {feature.min_values} is above max_values {feature.max_values}",
        )
    if feature.min is not None and feature.max is not None and feature.min > feature.max:
        yield {"max": None}, f"min {feature.min:g} is above max {feature.max:g}"
    if any(size <= 0 for size in feature.shape):
        yield {"shape": []}, f"shape {feature.shape} has a size below 1"
    if feature.min_domain_mass is not None and feature.domain is None:
        yield {"min_domain_mass": None}, "min_domain_mass is for columns with a domain of strings"


def _lengths(facts: ColumnFacts, feature: Feature) -> Found:
    if feature.min_values is not None and facts.min_values < feature.min_values:
        yield Finding(
            "FEATURE_TYPE_LOW_NUMBER_VALUES", "Too few values in a row",
            f"A row has {facts.min_values} values, expected at least {feature.min_values}",
            {"min_values": facts.min_values or None}, "few", feature.min_values,
        )  # fmt: skip
    if feature.max_values is not None and facts.max_values > feature.max_values:
        yield Finding(
            "FEATURE_TYPE_HIGH_NUMBER_VALUES", "Too many values in a row",
            f"A row has {facts.max_values} values, expected at most {feature.max_values}",
            {"max_values": facts.max_values}, "many", feature.max_values,
        )  # fmt: skip
    if feature.shape and all(size > 0 for size in feature.shape):
        wanted = 1
        for size in feature.shape:
            wanted *= size
        if facts.missing or facts.min_values != facts.max_values or not facts.min_values:
            long = "A shape is given, but rows are missing or have different numbers of values"
            yield Finding("INVALID_FEATURE_SHAPE", "No fixed shape", long, {"shape": []}, "missing")
        elif facts.min_values != wanted:
            long = f"Every row has {facts.min_values} values, the shape {feature.shape} has {wanted}"
            yield Finding("INVALID_FEATURE_SHAPE", "Another shape", long, {"shape": [facts.min_values]})


def _presence(facts: ColumnFacts, feature: Feature) -> Found:
    if feature.min_count is not None and facts.present < feature.min_count:
        long = f"{facts.present:,} rows have a value, expected at least {feature.min_count:,}"
        yield Finding(
            "FEATURE_TYPE_LOW_NUMBER_PRESENT", "Too few values", long, {"min_count": facts.present}, "missing"
        )
    share = facts.present / facts.rows
    if feature.min_fraction is not None and share < min(feature.min_fraction, 1.0):
        long = f"{facts.present:,} of {facts.rows:,} rows have a value ({share:.2%}), expected at least {feature.min_fraction:.2%}"
        allowed = _below(share)
        yield Finding("FEATURE_TYPE_LOW_FRACTION_PRESENT", "Values missing", long, {"min_fraction": allowed}, "missing")


def _below(share: float) -> float:
    """Four digits, rounded down: an exact share would be exceeded by the next data."""
    return int(share * 10_000) / 10_000


def _fits(facts: ColumnFacts, feature: Feature, *, widen: bool) -> bool:
    if feature.type == "any":
        return True
    if feature.type == "time" and time_range(facts) is not None:
        return True
    found, wanted = family(facts.kind), family(feature.type)
    if found == wanted:
        return True
    if not widen:
        return False
    return (wanted == "float" and found == "int") or (
        wanted == "int" and found == "float" and facts.is_whole and not facts.nans
    )


def _unexpected_type(facts: ColumnFacts, feature: Feature) -> Finding:
    long = f"Expected {feature.type}, but got {facts.kind}"
    if feature.type == "int" and facts.kind == "float" and facts.is_whole:
        long += ". All are whole: pandas makes such of integers with missing values. Allow it with `widen: true` in the schema"
    elif feature.type == "float" and facts.kind == "int":
        long += ". Allow integers where floats are expected with `widen: true` in the schema"
    kind = facts.kind if facts.kind not in ("mixed", "empty") else "any"
    fields: dict[str, Any] = {name: None for name in CLEARED if getattr(feature, name) is not None}
    return Finding(
        "UNEXPECTED_DATA_TYPE", "Unexpected data type", long, {"type": kind, "is_bool": kind == "bool", **fields}
    )


def _distinct(facts: ColumnFacts, feature: Feature) -> Found:
    if (
        feature.unique
        and facts.counts is not None
        and facts.distinct is not None
        and facts.distinct < facts.values - facts.nans
    ):
        twice = [value for value, count in facts.counts.items() if count > 1]
        named = f", such as {twice[0]}" if twice else ""
        long = f"{facts.values - facts.nans - facts.distinct:,} values are repetitions{named}; each is to occur once"
        yield Finding("FEATURE_TYPE_LOW_UNIQUE", "Repeated values", long, {"unique": False}, "twice", twice[:100])
    if feature.min_distinct is None and feature.max_distinct is None:
        return
    if facts.distinct is None:
        long = "Different values are to be counted, but columns of this type are not"
        yield Finding(
            "FEATURE_TYPE_NO_UNIQUE", "Values were not counted", long, {"min_distinct": None, "max_distinct": None}
        )
        return
    if feature.min_distinct is not None and facts.distinct < feature.min_distinct:
        long = f"{facts.distinct:,} different values, expected at least {feature.min_distinct:,}"
        yield Finding("FEATURE_TYPE_LOW_UNIQUE", "Too few different values", long, {"min_distinct": facts.distinct})
    if feature.max_distinct is not None and facts.distinct > feature.max_distinct:
        long = f"{facts.distinct:,} different values, expected at most {feature.max_distinct:,}"
        yield Finding("FEATURE_TYPE_HIGH_UNIQUE", "Too many different values", long, {"max_distinct": facts.distinct})
