"""Schemas of tables: list, review, change; their newest checks."""

from __future__ import annotations

import msgspec

from tenfold.contracts import Stores
from tenfold.monitoring import Schema, to_yaml
from tenfold.monitoring.validation import Feature, changed, without
from tenfold.server.place import Place
from tenfold.server.routes.params import Name, Number
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import SchemaColumn, SchemaDetail, SchemaEdit, SchemaList, SchemaRow, SchemaVersion
from tenfold.workspace import schemas

SHOWN = 5


class SchemaName(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class SchemaParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    version: Number | None = None


def listing(place: Place, params: Nothing) -> SchemaList:
    rows = []
    for version in schemas.listed(place.stores):
        newest = next(iter(schemas.past(place.stores, version.name, limit=1)), None)
        columns = version.metadata.get("columns")
        rows.append(
            SchemaRow(
                name=version.name, version=version.number, author=version.author, message=version.message,
                columns=columns if isinstance(columns, int) else len(schemas.load(place.stores, version.address)[1].features),
                saved_at_ms=version.created_at_ms, anomalies=newest.count if newest else None,
                checked_at_ms=newest.at_ms if newest else None,
            )
        )  # fmt: skip
    return SchemaList(rows)


def get(place: Place, params: SchemaParams) -> SchemaDetail:
    return _detail(place.stores, params.name, params.version)


def change(place: Place, params: SchemaName, body: SchemaEdit) -> SchemaDetail:
    stores = place.stores
    _, schema = schemas.load(stores, f"{schemas.KIND}:{params.name}@v{body.expect}")
    schema = changed(schema, body.changes)
    for column in body.remove:
        schema = without(schema, column)
    schemas.save(stores, params.name, schema, expect=body.expect, message=body.message)
    return _detail(stores, params.name, None)


def _detail(stores: Stores, name: str, number: int | None) -> SchemaDetail:
    version, schema = schemas.load(stores, f"{schemas.KIND}:{name}" + (f"@v{number}" if number else ""))
    every = stores.versions.search(schemas.KIND, name, limit=200)
    return SchemaDetail(
        name=name, address=version.address, version=version.number, newest=max(v.number for v in every),
        environments=schema.environments, table=_table(schema), text=to_yaml(schema),
        columns=[_column(column, feature) for column, feature in schema.features.items()],
        versions=[
            SchemaVersion(version=v.number, author=v.author, message=v.message, saved_at_ms=v.created_at_ms) for v in every
        ],
        checks=schemas.past(stores, name, limit=10),
    )  # fmt: skip


def _column(name: str, feature: Feature) -> SchemaColumn:
    return SchemaColumn(
        name=name, type=feature.type, presence=_presence(feature), values=_values(feature),
        environments=feature.environments, severity=feature.severity or "error",
        fields={key: value for key, value in msgspec.to_builtins(feature).items() if key not in ("type", "tfdv")},
    )  # fmt: skip


def _presence(feature: Feature) -> str:
    if feature.severity == "ignore":
        return "not expected"
    if feature.min_fraction == 1 or feature.shape:
        return "always"
    if feature.min_fraction:
        return f"{feature.min_fraction:.4g} of rows"
    if feature.min_count == 1:
        return "sometimes"
    return f"{feature.min_count:,} rows or more" if feature.min_count else "optional"


def _values(feature: Feature) -> str:
    parts = []
    if feature.domain is not None:
        more = f" and {len(feature.domain) - SHOWN} more" if len(feature.domain) > SHOWN else ""
        parts.append(", ".join(value or "''" for value in feature.domain[:SHOWN]) + more)
    if feature.is_bool:
        words = [word for word in (feature.true_word, feature.false_word) if word is not None]
        parts.append(" or ".join(words) if words else "true or false")
    low, high = (feature.min, feature.max) if feature.type != "time" else (feature.earliest, feature.latest)
    if low is not None or high is not None:
        parts.append(f"{_end(low)} … {_end(high)}".strip())
    if feature.min_values is not None or feature.max_values is not None:
        parts.append(
            f"lists of {feature.min_values or 0} to {'any number' if feature.max_values is None else feature.max_values}"
        )
    parts += [f"matches {feature.regex}"] if feature.regex else []
    parts += ["unique"] if feature.unique else []
    parts += ["no NaN"] if feature.disallow_nan else []
    parts += [f"{which} limited" for which in ("drift", "skew") if getattr(feature, which) is not None]
    return "; ".join(parts)


def _end(of: float | str | None) -> str:
    """One end of a range, a float in six figures: the YAML has all of them."""
    return "" if of is None else f"{of:.6g}" if isinstance(of, float) else str(of)


def _table(schema: Schema) -> list[str]:
    lines = [f"{rule.name}: {rule.where}" for rule in schema.rules]
    if schema.min_rows is not None:
        lines.append(f"at least {schema.min_rows:,} rows")
    if schema.max_rows is not None:
        lines.append(f"at most {schema.max_rows:,} rows")
    if schema.min_rows_of_previous is not None or schema.max_rows_of_previous is not None:
        low, high = schema.min_rows_of_previous or 0, schema.max_rows_of_previous
        lines.append(f"{low:g} to {'any number of' if high is None else f'{high:g}'} times the previous rows")
    if schema.fresh is not None:
        lines.append(f"{schema.fresh.column} at most {schema.fresh.max_age_hours:g} h old")
    return lines + (["integers do for floats"] if schema.widen else [])


ROUTES = [
    Route("GET", "/schemas", listing, SchemaList, "Schemas with what their newest check found, by name"),
    Route("GET", "/schemas/{name}", get, SchemaDetail, "A schema's columns, versions and checks", SchemaParams),
    Route("POST", "/schemas/{name}/changes", change, SchemaDetail, "Keep a schema with changes made as its next version", SchemaName, SchemaEdit),
]  # fmt: skip
