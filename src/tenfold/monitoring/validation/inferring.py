"""`infer_schema`: the schema that data suggest, by our rules or exactly by TensorFlow Data Validation's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.monitoring.validation.domains import iso, time_range
from tenfold.monitoring.validation.facts import ColumnFacts, TableFacts, facts_of_profile
from tenfold.monitoring.validation.measuring import facts_of_table
from tenfold.monitoring.validation.schema import Feature, FeatureType, Schema
from tenfold.profiles import Profile

DOMAIN_LIMIT = 100
"""Strings with more different values get no domain (TFDV's limit)."""
TRUE_WORDS = ("TRUE", "true", "SET", "set", "1", "")
FALSE_WORDS = ("FALSE", "false", "CLEAR", "clear", "0")
Rules = Literal["tenfold", "tfdv"]


def infer_schema(
    data: Any,
    *,
    labels: Iterable[str] = (),
    ranges: bool = False,
    domain_limit: int = DOMAIN_LIMIT,
    rules: Rules = "tenfold",
) -> Schema:
    """A schema that the data satisfy.

    Both rules note types, presence, lengths of lists, domains of strings and booleans, and no ranges, for the extremes of
    one month are no law. Ours also forbid NaN and infinities where there were none, know columns of times (also of strings like 2013-01-31), and take
    'true' in any case for a boolean. TFDV's also give each column without a gap the shape [1], so that one missing
    value is two anomalies, and take strings like '1' and '0' or 'SET' and 'CLEAR' for booleans, and '17' for integers.

    Args:
        data: A table (see `open_table`), a Profile, or TableFacts.
        labels: Columns known only in training: they are not expected in the environment 'serving'.
        ranges: Also take the lowest and highest number, and time, as limits.
        domain_limit: Strings with at most so many different values get a domain.
        rules: 'tfdv' for just what TFDV would infer from the same data.

    Raises:
        Invalid: A label is no column, or the table cannot be read.
    """
    facts = as_facts(data)
    outside = set(labels)
    if strangers := outside - set(facts.columns):
        raise Invalid(
            f"The label {sorted(strangers)[0]!r} is no column of this table. Columns: {', '.join(facts.columns)}",
            field="labels",
        )
    features = {}
    for name, column in facts.columns.items():
        environments = ["training"] if name in outside else []
        features[name] = feature_of(
            column, ranges=ranges, domain_limit=domain_limit, rules=rules, environments=environments
        )
    return Schema(features)


def as_facts(data: Any, schema: Schema | None = None) -> TableFacts:
    """Facts of a table, a profile, or what is facts already."""
    if isinstance(data, TableFacts):
        return data
    return facts_of_profile(data) if isinstance(data, Profile) else facts_of_table(data, schema)


def feature_of(
    facts: ColumnFacts,
    *,
    ranges: bool = False,
    domain_limit: int = DOMAIN_LIMIT,
    rules: Rules = "tenfold",
    environments: list[str] | None = None,
) -> Feature:
    """What one column suggests."""
    always = facts.rows > 0 and facts.missing == 0
    fields: dict[str, Any] = {
        "type": _type(facts, rules),
        "min_fraction": 1.0 if always and facts.present else None,
        "min_count": 1 if facts.present else 0 if rules == "tfdv" else None,
        "environments": environments or [],
    }
    if rules == "tfdv":
        fields |= _lengths_of_tfdv(facts)
    elif facts.is_list and facts.min_values:
        fields |= {"min_values": facts.min_values if facts.min_values == facts.max_values else 1}
        fields |= {"max_values": facts.max_values} if facts.min_values == facts.max_values else {}
    boolean = _boolean_of_tfdv(facts) if rules == "tfdv" else _boolean(facts)
    if boolean is not None:
        return Feature(**fields, is_bool=True, **boolean)
    if facts.kind == "string" and rules == "tfdv" and not facts.invalid_utf8 and _all_integers(facts):
        return Feature(**fields, strings_are="int")
    times = time_range(facts) if rules == "tenfold" and not facts.is_list else None
    if times is not None:
        fields["type"] = "time"
        fields |= {"earliest": iso(times[0]), "latest": iso(times[1])} if ranges else {}
        return Feature(**fields)
    if facts.kind == "string" and not facts.invalid_utf8:
        fields["domain"] = _domain(facts, domain_limit)
    if facts.kind == "float" and rules == "tenfold":
        fields |= {"disallow_nan": facts.nans == 0 and always, "disallow_inf": facts.infinities == 0}
    if ranges:
        fields |= _ranges(facts)
    return Feature(**fields)


def _type(facts: ColumnFacts, rules: Rules) -> FeatureType:
    if facts.kind in ("mixed", "empty"):
        return "string" if rules == "tfdv" and facts.kind == "empty" else "any"
    if rules == "tfdv" and facts.kind == "bool":
        return "int"
    return facts.kind  # type: ignore[return-value]


def _lengths_of_tfdv(facts: ColumnFacts) -> dict[str, Any]:
    if not facts.present or facts.kind == "struct":
        return {}
    same = facts.min_values == facts.max_values
    if not facts.missing and same and facts.min_values > 0:
        return {"shape": [facts.min_values]}
    if facts.min_values == 0:
        return {}
    return {"min_values": facts.min_values, "max_values": facts.max_values} if same else {"min_values": 1}


def _boolean(facts: ColumnFacts) -> dict[str, Any] | None:
    if facts.kind == "bool":
        return {}
    if facts.kind == "int" and not facts.is_list and (facts.low, facts.high) == (0, 1):
        return {}
    counts = facts.counts or {}
    words = facts.kind == "string" and not facts.uncounted and {value.lower() for value in counts} == {"true", "false"}
    return {} if words else None


def _boolean_of_tfdv(facts: ColumnFacts) -> dict[str, Any] | None:
    if facts.kind in ("int", "bool"):
        return {} if facts.low is not None and facts.low >= 0 and facts.high == 1 else None
    values = sorted(facts.counts or {})
    if facts.kind != "string" or facts.invalid_utf8 or not 1 <= len(values) <= 2:
        return None
    true = [value for value in values if value in TRUE_WORDS]
    false = [value for value in values if value in FALSE_WORDS]
    if len(true) > 1 or len(false) > 1 or len(true) + len(false) != len(values):
        return None
    return {"true_word": true[0] if true else None, "false_word": false[0] if false else None}


def _all_integers(facts: ColumnFacts) -> bool:
    def fits(text: str) -> bool:
        plain = text.strip(" \t\n\v\f\r")
        return (
            plain.removeprefix("-").removeprefix("+").isdecimal() and plain.isascii() and -(2**63) <= int(plain) < 2**63
        )

    return bool(facts.counts) and all(fits(text) for text in facts.counts or {})


def _domain(facts: ColumnFacts, limit: int) -> list[str] | None:
    counts = facts.counts
    if counts is None or facts.uncounted or not 0 < len(counts) <= limit:
        return None
    return sorted(counts)


def _ranges(facts: ColumnFacts) -> dict[str, Any]:
    if facts.kind in ("int", "float") and facts.low is not None:
        return {"min": facts.low, "max": facts.high}
    return {}
