"""`validate(data, schema)`: where data break a schema, in TensorFlow Data Validation's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.monitoring.record import Anomaly, AnomalySeverity, Change, Example
from tenfold.monitoring.validation.columns import of_column
from tenfold.monitoring.validation.comparing import of_comparison
from tenfold.monitoring.validation.domains import iso, time_range
from tenfold.monitoring.validation.facts import TableFacts
from tenfold.monitoring.validation.findings import Finding, Found
from tenfold.monitoring.validation.inferring import as_facts, feature_of
from tenfold.monitoring.validation.rows import examples_of, of_regex, of_rule
from tenfold.monitoring.validation.schema import Feature, FeatureSeverity, Schema, is_required

EXAMPLES = 5


def validate(
    data: Any,
    schema: Schema,
    *,
    environment: str | None = None,
    previous: Any = None,
    serving: Any = None,
    at_ms: int | None = None,
    examples: int = EXAMPLES,
) -> list[Anomaly]:
    """The anomalies of data, in the order of the schema's columns, then new columns, then the table.

    Args:
        data: A table (see `open_table`) or, where rows are not at hand, a Profile: what needs rows is then said not to
            have been checked.
        environment: 'training' or 'serving': columns that are not in it are not expected.
        previous: Earlier data, a table or profile, for `drift` and the limits on rows that compare with them.
        serving: What was served, for `skew`.
        at_ms: The moment that freshness is measured from: now when None.
        examples: Rows shown of each anomaly.

    Raises:
        Invalid: An environment the schema does not have, or a table that cannot be read.
    """
    if environment is not None and environment not in schema.environments:
        raise Invalid(
            f"There is no environment {environment!r}. There are: {', '.join(schema.environments) or 'none'}",
            field="environment",
        )
    facts = as_facts(data, schema)
    before = None if previous is None else as_facts(previous, schema)
    served = None if serving is None else as_facts(serving, schema)
    if not facts.rows:
        found = [
            _anomaly(
                "", Finding("DATA_MISSING", "No rows", "The table has no rows: nothing could be checked"), schema, None
            )
        ]
    else:
        found = [
            *_columns(facts, schema, environment, before, served, examples),
            *_new_columns(facts, schema),
            *_table(facts, schema, before, now_ms() if at_ms is None else at_ms, examples),
        ]
    return [anomaly for anomaly in found if anomaly is not None]


def _columns(
    data: TableFacts,
    schema: Schema,
    environment: str | None,
    before: TableFacts | None,
    served: TableFacts | None,
    examples: int,
) -> Iterator[Anomaly | None]:
    for name, feature in schema.features.items():
        if feature.severity == "ignore":
            continue
        facts = data.columns.get(name)
        if facts is None:
            if is_required(feature, environment):
                long = "The column is not in the data at all"
                finding = Finding(
                    "SCHEMA_MISSING_COLUMN", "Column missing", long, {"min_count": None, "min_fraction": None}
                )
                yield _anomaly(name, finding, schema, feature)
            continue
        findings = [
            *of_column(facts, feature, environment=environment, widen=schema.widen),
            *of_regex(facts, feature, data),
        ]
        if facts.present:
            for control, which in ((before, "drift"), (served, "skew")):
                findings += of_comparison(facts, feature, control, which=which)
        for finding in findings:
            yield _anomaly(name, finding, schema, feature, examples_of(finding, name, data, examples))


def _new_columns(data: TableFacts, schema: Schema) -> Iterator[Anomaly | None]:
    for name, facts in data.columns.items():
        if name in schema.features:
            continue
        fields = msgspec.to_builtins(feature_of(facts))
        finding = Finding("SCHEMA_NEW_COLUMN", "New column", "The column is in the data but not in the schema", fields)
        anomaly = _anomaly(name, finding, schema, None)
        if anomaly is not None:
            yield msgspec.structs.replace(anomaly, change=Change(name, fields, is_new=True))


def _table(
    data: TableFacts, schema: Schema, before: TableFacts | None, at_ms: int, examples: int
) -> Iterator[Anomaly | None]:
    for finding in [
        *_rows(data.rows, schema),
        *_rows_compared(data.rows, schema, before),
        *_freshness(data, schema, at_ms),
    ]:
        yield _anomaly("", finding, schema, None)
    for rule in schema.rules:
        broken = of_rule(rule, data, examples=examples)
        if broken is not None:
            yield _anomaly("", broken[0], schema, None, broken[1], default=rule.severity)


def _rows(rows: int, schema: Schema) -> Found:
    if schema.min_rows is not None and rows < schema.min_rows:
        long = f"{rows:,} rows, expected at least {schema.min_rows:,}"
        yield Finding("DATASET_LOW_NUM_EXAMPLES", "Too few rows", long, {"min_rows": rows})
    if schema.max_rows is not None and rows > schema.max_rows:
        long = f"{rows:,} rows, expected at most {schema.max_rows:,}"
        yield Finding("DATASET_HIGH_NUM_EXAMPLES", "Too many rows", long, {"max_rows": rows})


def _rows_compared(rows: int, schema: Schema, before: TableFacts | None) -> Found:
    low, high = schema.min_rows_of_previous, schema.max_rows_of_previous
    if before is None:
        return
    if not before.rows:
        if high is not None:
            yield Finding("COMPARATOR_HIGH_NUM_EXAMPLES", "More rows than before", "The previous data have no rows")
        return
    ratio = rows / before.rows
    long = f"{rows:,} rows are {ratio:.3g} times the previous {before.rows:,}"
    if low is not None and ratio < low:
        yield Finding(
            "COMPARATOR_LOW_NUM_EXAMPLES",
            "Fewer rows than before",
            f"{long}, expected at least {low:g}",
            {"min_rows_of_previous": ratio},
        )
    if high is not None and ratio > high:
        yield Finding(
            "COMPARATOR_HIGH_NUM_EXAMPLES",
            "More rows than before",
            f"{long}, expected at most {high:g}",
            {"max_rows_of_previous": ratio},
        )


def _freshness(data: TableFacts, schema: Schema, at_ms: int) -> Found:
    fresh = schema.fresh
    if fresh is None:
        return
    facts = data.columns.get(fresh.column)
    times = time_range(facts) if facts is not None else None
    if times is None:
        long = f"The age of the data cannot be told: {fresh.column!r} is no column of times with a value"
        yield Finding("DATASET_STALE", "Age unknown", long)
        return
    age = (at_ms - times[1]) / 3_600_000
    if age > fresh.max_age_hours:
        long = f"The newest {fresh.column} is {iso(times[1])}, {age:,.1f} h ago; at most {fresh.max_age_hours:g} h are allowed"
        yield Finding(
            "DATASET_STALE", "Data too old", long, {"fresh": {"column": fresh.column, "max_age_hours": round(age + 1)}}
        )


def _anomaly(
    column: str,
    finding: Finding,
    schema: Schema,
    feature: Feature | None,
    examples: list[Example] | None = None,
    *,
    default: AnomalySeverity = "error",
) -> Anomaly | None:
    """The record, with the feature's severity before that of the type; None for what is to be ignored."""
    own = feature.severity if feature is not None else None
    severity: FeatureSeverity = own or schema.severities.get(finding.type) or default
    if severity == "ignore":
        return None
    change = Change(column, finding.fields) if finding.fields is not None else None
    return Anomaly(column, finding.type, severity, finding.short, finding.long, examples or [], change)
