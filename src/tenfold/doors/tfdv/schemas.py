"""`schema.pbtxt` to a Schema. What a Schema has no field for is kept beside it, for `writing` to put back unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.doors.tfdv.messages import UNUSED_STAGES, parse, schema_messages, text_of
from tenfold.doors.tfdv.writing import to_pbtxt
from tenfold.monitoring.validation import Feature, Limits, Schema

TYPES = {"INT": "int", "FLOAT": "float", "BYTES": "string", "STRUCT": "struct", "TYPE_UNKNOWN": "any"}
HARMLESS = (
    "name",
    "type",
    "annotation",
    "in_environment",
    "not_in_environment",
    "lifecycle_stage",
    "deprecated",
    "domain",
)
"""Fields of a feature that are kept and ask for no check of their own."""


def read_schema(path: str | Path) -> Schema:
    """The schema of a `schema.pbtxt`. Raises Invalid when there is none, or it has what TFDV's schemas do not."""
    try:
        return from_pbtxt(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}. Give the path of a schema.pbtxt", field="schema") from error


def from_pbtxt(text: str) -> Schema:
    """The schema of text proto. `to_pbtxt` gives an equal message back."""
    found = parse(text, schema_messages().Schema(), what="schema of TFDV")
    original = schema_messages().Schema()
    original.CopyFrom(found)
    named = {domain.name: list(domain.value) for domain in found.string_domain}
    every = _environments(found)
    features: dict[str, Feature] = {}
    for one in found.feature:
        if one.name in features:
            raise Invalid(f"The schema names the column {one.name!r} twice. Take one away", field="feature")
        name = one.name  # `_feature` takes what it understands out of the message
        features[name] = _feature(one, named, list(found.default_environment), every)
    limits = found.dataset_constraints
    drift = limits.num_examples_drift_comparator
    fields: dict[str, Any] = {
        "min_rows": _taken(limits, "min_examples_count"), "max_rows": _taken(limits, "max_examples_count"),
        "min_rows_of_previous": _taken(drift, "min_fraction_threshold"),
        "max_rows_of_previous": _taken(drift, "max_fraction_threshold"),
    }  # fmt: skip
    if found.HasField("dataset_constraints") and not drift.ListFields():
        limits.ClearField("num_examples_drift_comparator")
    if not limits.ListFields():
        found.ClearField("dataset_constraints")
    found.ClearField("feature")
    for domain in found.string_domain:
        domain.ClearField("value")
    schema = Schema(features, environments=every, tfdv=text_of(found), **fields)
    plain = {name: msgspec.structs.replace(feature, tfdv="") for name, feature in features.items()}
    bare = msgspec.structs.replace(schema, features=plain, tfdv="")
    is_whole = parse(to_pbtxt(bare)[0], schema_messages().Schema(), what="schema of TFDV") == original
    return bare if is_whole else schema  # mostly our fields say it all, and nothing need be kept beside them


def _environments(found: Any) -> list[str]:
    every = list(found.default_environment)
    for feature in found.feature:
        every += [name for name in [*feature.in_environment, *feature.not_in_environment] if name not in every]
    return every


def _feature(one: Any, named: dict[str, list[str]], default: list[str], every: list[str]) -> Feature:
    messages = schema_messages()
    fields: dict[str, Any] = {"type": TYPES.get(messages.FeatureType.Name(one.type), "any")}
    inside = [e for e in every if e in one.in_environment or (e in default and e not in one.not_in_environment)]
    if inside != every:
        fields["environments"] = inside
    stage = messages.LifecycleStage.Name(one.lifecycle_stage)
    if one.deprecated or stage in UNUSED_STAGES or (every and not inside):
        fields["severity"] = "ignore"
    fields |= {"min_fraction": _taken(one.presence, "min_fraction"), "min_count": _taken(one.presence, "min_count")}
    if not one.presence.ListFields():
        one.ClearField("presence")
    if one.HasField("value_count"):
        fields |= {"min_values": _taken(one.value_count, "min"), "max_values": _taken(one.value_count, "max")}
        one.ClearField("value_count")
    if one.HasField("shape") and one.shape.dim and not any(dim.name for dim in one.shape.dim):
        fields["shape"] = [dim.size for dim in one.shape.dim]
        one.ClearField("shape")
    fields |= _domain(one, named)
    unique = one.unique_constraints
    if one.HasField("unique_constraints"):
        fields |= {"min_distinct": unique.min, "max_distinct": unique.max}
        one.ClearField("unique_constraints")
    if one.distribution_constraints.HasField("min_domain_mass"):
        fields["min_domain_mass"] = one.distribution_constraints.min_domain_mass
        one.ClearField("distribution_constraints")
    for which in ("drift", "skew"):
        fields[which] = _limits(one, f"{which}_comparator")
    one.ClearField("name")
    one.ClearField("type")
    return Feature(**fields, tfdv=text_of(one))


def _domain(one: Any, named: dict[str, list[str]]) -> dict[str, Any]:
    """The domain's fields; what of it has no place stays in the message."""
    kind = one.WhichOneof("domain_info")
    if kind == "domain":
        if one.domain not in named:
            raise Invalid(
                f"The column {one.name!r} has the domain {one.domain!r}, which the schema lacks", field="domain"
            )
        return {"domain": named[one.domain]}
    if kind == "string_domain":
        values = list(one.string_domain.value)
        one.string_domain.ClearField("value")
        return {"domain": values}
    if kind == "bool_domain":
        inner = one.bool_domain
        return {"is_bool": True, "true_word": _taken(inner, "true_value"), "false_word": _taken(inner, "false_value")}
    if kind in ("int_domain", "float_domain"):
        inner = getattr(one, kind)
        fields: dict[str, Any] = {"min": _taken(inner, "min"), "max": _taken(inner, "max")}
        if kind == "float_domain":
            fields |= {
                "disallow_nan": bool(_taken(inner, "disallow_nan")),
                "disallow_inf": bool(_taken(inner, "disallow_inf")),
            }
        if one.type == schema_messages().BYTES:
            fields["strings_are"] = kind.removesuffix("_domain")
        return fields
    return {}


def _limits(one: Any, name: str) -> Limits | None:
    if not one.HasField(name):
        return None
    found = getattr(one, name)
    parts = {
        "l_infinity": found.infinity_norm, "jensen_shannon": found.jensen_shannon_divergence,
        "normalized_difference": found.normalized_abs_difference,
    }  # fmt: skip
    given = {key: _taken(part, "threshold") for key, part in parts.items()}
    for field, part in (("infinity_norm", found.infinity_norm), ("jensen_shannon_divergence", found.jensen_shannon_divergence), ("normalized_abs_difference", found.normalized_abs_difference)):  # fmt: skip
        if not part.ListFields():
            found.ClearField(field)
    return Limits(**given)


def _taken(message: Any, field: str) -> Any:
    """The field's value and None when it is not set; it is no longer in the message."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    message.ClearField(field)
    return value


def unchecked(schema: Schema) -> list[str]:
    """What a schema brought from TFDV asks for that is kept but not checked, as 'column: field', in order."""
    messages = schema_messages()
    found = []
    for name, feature in schema.features.items():
        if not feature.tfdv or feature.severity == "ignore":
            continue
        left = parse(feature.tfdv, messages.Feature(), what="feature of TFDV")
        for field, value in left.ListFields():
            is_empty = field.name.endswith("_domain") and not value.ListFields() if field.message_type else False
            if field.name not in HARMLESS and not (
                is_empty and field.name in ("string_domain", "bool_domain", "int_domain", "float_domain")
            ):
                if field.name.endswith("_comparator") and not value.ListFields():
                    continue
                found.append(f"{name}: {field.name}")
    if schema.tfdv:
        table = parse(schema.tfdv, messages.Schema(), what="schema of TFDV")
        harmless = ("default_environment", "string_domain", "annotation", "tensor_representation_group")
        found += [f"table: {field.name}" for field, _ in table.ListFields() if field.name not in harmless]
    return found
