"""A schema with changes made: those that anomalies suggest, or a person's. And what differs between two schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.monitoring.record import Anomaly, Change
from tenfold.monitoring.validation.schema import Feature, Schema


class Difference(msgspec.Struct, frozen=True):
    """One field that differs; `column` is '' for the table, `field` is '' for a column that only one side has."""

    column: str
    field: str
    before: Any
    after: Any


def changed(schema: Schema, changes: Iterable[Change]) -> Schema:
    """The schema with the changes made, in their order.

    Raises:
        Invalid: A column or field there is not, or a value it cannot have.
    """
    features = {name: msgspec.to_builtins(feature) for name, feature in schema.features.items()}
    table: dict[str, Any] = {key: value for key, value in msgspec.to_builtins(schema).items() if key != "features"}
    table["environments"] = list(schema.environments)
    for change in changes:
        if not change.column:
            table = _merged(table, change.fields)
        elif change.is_new:
            features[change.column] = dict(change.fields)
        elif change.column not in features:
            raise Invalid(f"The schema has no column {change.column!r}. It has: {', '.join(features)}", field="column")
        else:
            features[change.column] = _merged(features[change.column], change.fields)
    try:
        return msgspec.convert({**table, "features": features}, Schema)
    except msgspec.ValidationError as error:
        raise Invalid(
            f"The schema cannot be so: {error}. See docs/validation.md for its fields", field="changes"
        ) from error


def without(schema: Schema, column: str) -> Schema:
    """The schema without a column. Raises Invalid when it has none of this name."""
    if column not in schema.features:
        raise Invalid(f"The schema has no column {column!r}. It has: {', '.join(schema.features)}", field="column")
    return msgspec.structs.replace(schema, features={name: f for name, f in schema.features.items() if name != column})


def chosen(anomalies: Iterable[Anomaly], names: Iterable[str]) -> list[Anomaly]:
    """The anomalies named: by column, by type, or by 'column:TYPE' (':TYPE' for the table's).

    Raises:
        Invalid: A name that is none of them, or of one that no change of the schema can mend.
    """
    every = list(anomalies)
    wanted: list[Anomaly] = []
    for name in names:
        hits = [a for a in every if name in (a.column, a.type, f"{a.column}:{a.type}")]
        if not hits:
            known = ", ".join(f"{a.column}:{a.type}" for a in every) or "there are none"
            raise Invalid(f"There is no anomaly {name!r}. Anomalies: {known}", field="anomaly")
        if all(a.change is None for a in hits):
            raise Invalid(
                f"{name!r} cannot be accepted: no change of the schema would allow it. Mend the data, or the rule",
                field="anomaly",
            )
        wanted += [a for a in hits if a not in wanted and a.change is not None]
    return wanted


def accept(schema: Schema, anomalies: Iterable[Anomaly]) -> Schema:
    """The schema that allows these; those that no change can allow are passed over."""
    return changed(schema, [a.change for a in anomalies if a.change is not None])


def differences(before: Schema, after: Schema) -> list[Difference]:
    """Field by field, in the order of the columns; [] for equal schemas."""
    found = [Difference("", *one) for one in _fields(_table(before), _table(after))]
    for name in [*before.features, *(name for name in after.features if name not in before.features)]:
        one, other = before.features.get(name), after.features.get(name)
        if one is None or other is None:
            found.append(Difference(name, "", _plain(one), _plain(other)))
        else:
            found += [Difference(name, *field) for field in _fields(_plain(one), _plain(other))]
    return found


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    keys = [*before, *(key for key in after if key not in before)]
    return [(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def _table(schema: Schema) -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(schema).items() if key != "features"}


def _plain(feature: Feature | None) -> Any:
    return None if feature is None else msgspec.to_builtins(feature)


def _merged(fields: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    known = {*Feature.__struct_fields__, *Schema.__struct_fields__} - {"features"}
    merged = dict(fields)
    for key, value in given.items():
        if key not in known:
            raise Invalid(f"A schema has no field {key!r}. Its fields: {', '.join(sorted(known))}", field="changes")
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = value
    return merged
