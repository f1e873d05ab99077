"""A Schema as `schema.pbtxt`: with what it brought from one unchanged, and a line for each rule TFDV has no field for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.doors.tfdv.messages import UNUSED_STAGES, parse, schema_messages, text_of
from tenfold.monitoring.validation import Feature, Limits, Schema
from tenfold.monitoring.validation.schema import is_in


def write_schema(schema: Schema, path: str | Path) -> list[str]:
    """Write a `schema.pbtxt` that TFDV reads. Gives what it cannot say, a line each."""
    text, lost = to_pbtxt(schema)
    Path(path).write_text(text, "utf-8")
    return lost


def to_pbtxt(schema: Schema) -> tuple[str, list[str]]:
    """Text proto that TFDV reads, and what it cannot say, a line each: a rule of ours that has no field there."""
    messages = schema_messages()
    found = messages.Schema()
    if schema.tfdv:
        parse(schema.tfdv, found, what="schema of TFDV")
    else:
        found.default_environment.extend(schema.environments)
    lost: list[str] = []
    domains = {domain.name: domain for domain in found.string_domain}
    for name, feature in schema.features.items():
        one = found.feature.add(name=name)
        if feature.tfdv:
            parse(feature.tfdv, one, what="feature of TFDV")
            one.name = name
        _write_feature(one, feature, lost)
        _write_environments(one, feature, list(found.default_environment), schema.environments)
        if feature.domain is not None:
            _write_strings(one, feature.domain, found, domains)
    for key, field in (("min_rows", "min_examples_count"), ("max_rows", "max_examples_count")):
        if getattr(schema, key) is not None:
            setattr(found.dataset_constraints, field, getattr(schema, key))
    for key, field in (
        ("min_rows_of_previous", "min_fraction_threshold"),
        ("max_rows_of_previous", "max_fraction_threshold"),
    ):
        if getattr(schema, key) is not None:
            setattr(found.dataset_constraints.num_examples_drift_comparator, field, getattr(schema, key))
    lost += [f"table: {key}" for key in ("fresh", "rules", "severities", "widen") if getattr(schema, key)]
    return text_of(found), lost


def _write_feature(one: Any, feature: Feature, lost: list[str]) -> None:
    messages = schema_messages()
    kinds = {
        "int": "INT",
        "bool": "INT",
        "float": "FLOAT",
        "string": "BYTES",
        "struct": "STRUCT",
        "any": "TYPE_UNKNOWN",
        "time": "BYTES",
    }
    one.type = messages.FeatureType.Value(kinds[feature.type])
    if feature.type == "any":
        lost.append(f"{one.name}: type any")
    if feature.type == "time":
        one.time_domain.string_format = "%Y-%m-%dT%H:%M:%S"
    for key in ("min_fraction", "min_count"):
        if getattr(feature, key) is not None:
            setattr(one.presence, key, getattr(feature, key))
    for key in ("min", "max"):
        if (value := getattr(feature, f"{key}_values")) is not None:
            setattr(one.value_count, key, value)
        if (value := getattr(feature, f"{key}_distinct")) is not None:
            setattr(one.unique_constraints, key, value)
    if feature.max_distinct is None and feature.min_distinct is not None:
        one.unique_constraints.max = 2**63 - 1
    for size in feature.shape:
        one.shape.dim.add(size=size)
    if feature.min_domain_mass is not None:
        one.distribution_constraints.min_domain_mass = feature.min_domain_mass
    for which in ("drift", "skew"):
        _write_limits(getattr(one, f"{which}_comparator"), getattr(feature, which))
    if (
        feature.severity == "ignore"
        and not one.deprecated
        and messages.LifecycleStage.Name(one.lifecycle_stage) not in UNUSED_STAGES
    ):
        one.lifecycle_stage = messages.DISABLED
    _write_domain(one, feature)
    ours = ("earliest", "latest", "regex", "unique", "note")
    lost += [f"{one.name}: {key}" for key in ours if getattr(feature, key)]
    if feature.severity not in (None, "ignore", "error"):
        lost.append(f"{one.name}: severity")


def _write_domain(one: Any, feature: Feature) -> None:
    if feature.is_bool or feature.type == "bool":
        one.bool_domain.SetInParent()
        words = (feature.true_word, feature.false_word)
        if feature.type == "string" and words == (None, None) and not feature.tfdv:
            words = ("true", "false")
        for key, word in zip(("true_value", "false_value"), words, strict=True):
            if word is not None:
                setattr(one.bool_domain, key, word)
        return
    kind = feature.strings_are or feature.type
    given = {key: getattr(feature, key) for key in ("min", "max") if getattr(feature, key) is not None}
    if kind == "float":
        given |= {key: True for key in ("disallow_nan", "disallow_inf") if getattr(feature, key)}
    if kind in ("int", "float") and (given or feature.strings_are):
        domain = getattr(one, f"{kind}_domain")
        domain.SetInParent()
        for key, value in given.items():
            setattr(domain, key, int(value) if kind == "int" and key in ("min", "max") else value)


def _write_limits(comparator: Any, limits: Limits | None) -> None:
    if limits is None:
        return
    comparator.SetInParent()
    given = msgspec.to_builtins(limits)
    for key, field in (("l_infinity", "infinity_norm"), ("jensen_shannon", "jensen_shannon_divergence"), ("normalized_difference", "normalized_abs_difference")):  # fmt: skip
        if key in given:
            getattr(comparator, field).threshold = given[key]


def _write_environments(one: Any, feature: Feature, default: list[str], every: list[str]) -> None:
    """As they were where they still say the same; else anew."""
    wanted = {name for name in every if is_in(feature, name)}
    said = {e for e in every if e in one.in_environment or (e in default and e not in one.not_in_environment)}
    if wanted != said and not (feature.severity == "ignore" and not feature.environments):
        del one.in_environment[:], one.not_in_environment[:]
        one.not_in_environment.extend(name for name in default if name not in wanted)
        one.in_environment.extend(name for name in every if name in wanted and name not in default)


def _write_strings(one: Any, values: list[str], found: Any, domains: dict[str, Any]) -> None:
    """Into the shared domain it names, unless another column has made that a different one; else one of its own."""
    if one.WhichOneof("domain_info") == "string_domain":
        one.string_domain.value.extend(values)
        return
    wanted = one.domain or one.name
    number = 1
    name = wanted
    while name in domains and list(domains[name].value) not in ([], values):
        number += 1
        name = f"{wanted}{number}"
    if name not in domains:
        domains[name] = found.string_domain.add(name=name)
    if not domains[name].value:
        domains[name].value.extend(values)
    one.domain = name
