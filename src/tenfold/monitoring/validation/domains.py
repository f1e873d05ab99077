"""The values of a column held to the domain of its feature: strings, booleans, numbers, times."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tenfold.monitoring.validation.facts import ColumnFacts
from tenfold.monitoring.validation.findings import Finding, Found, percent
from tenfold.monitoring.validation.schema import Feature

NAMED = 5
DOMAIN_KEPT = 1_000
"""A domain that would grow beyond is given up instead."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Python's reader also takes 20130101 and weeks, which as strings are more often something else."""
_INT = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*")


def problems_of_domain(feature: Feature) -> Iterator[tuple[dict[str, Any], str]]:
    """Domains that columns of this type cannot have, with what would clear them."""
    if feature.domain is not None and feature.type not in ("string", "any"):
        yield {"domain": None, "min_domain_mass": None}, f"a domain of strings for a column of type {feature.type}"
    if feature.strings_are is not None and feature.type not in ("string", "any"):
        yield {"strings_are": None}, f"strings_are for a column of type {feature.type}"
    if feature.regex is not None and feature.type not in ("string", "any"):
        yield {"regex": None}, f"a regex for a column of type {feature.type}"
    if (feature.earliest or feature.latest) and feature.type not in ("time", "any"):
        yield {"earliest": None, "latest": None}, f"limits of time for a column of type {feature.type}"
    for name in ("earliest", "latest"):
        text = getattr(feature, name)
        if text is not None and moment_ms(text) is None:
            yield {name: None}, f"{name} {text!r} is no ISO date or time, as 2013-01-31 or 2013-01-31T12:00"
    if (feature.min is not None or feature.max is not None) and feature.type in ("time", "struct"):
        yield (
            {"min": None, "max": None},
            f"min and max for a column of type {feature.type}: times have earliest and latest",
        )


def of_domain(facts: ColumnFacts, feature: Feature) -> Found:
    """What lies outside, and only what TFDV would look at: an unexpected type has been said before."""
    if feature.domain is not None:
        yield from _strings(facts, feature)
    elif feature.is_bool or feature.type == "bool":
        yield from _booleans(facts, feature)
    elif feature.type == "int" or feature.strings_are == "int":
        yield from _integers(facts, feature)
    elif feature.type in ("float", "any") or feature.strings_are == "float":
        yield from _floats(facts, feature)
    elif feature.type == "time":
        yield from _times(facts, feature)


def _strings(facts: ColumnFacts, feature: Feature) -> Found:
    if facts.kind != "string":
        return
    if facts.invalid_utf8:
        long = f"{facts.invalid_utf8:,} values are no valid UTF-8"
        yield Finding(
            "ENUM_TYPE_INVALID_UTF8", "Invalid UTF-8", long, {"domain": None, "min_domain_mass": None}, "utf8"
        )
        return
    counts, known = facts.counts or {}, set(feature.domain or ())
    strange = {value: count for value, count in counts.items() if value not in known}
    outside = sum(strange.values())
    if facts.uncounted:  # the rarest are not listed: take them for strangers as far as the domain does not fill up
        outside += facts.uncounted
    allowed = 1 - feature.min_domain_mass if feature.min_domain_mass is not None else 0.0
    if (strange or facts.uncounted) and (outside / max(facts.values, 1) > allowed or allowed == 0):
        domain: list[str] | None = sorted([*known, *strange])
        if domain is not None and (len(domain) > DOMAIN_KEPT or facts.uncounted):
            domain = None
        fields = {"domain": domain} if domain else {"domain": None, "min_domain_mass": None}
        yield Finding(
            "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Unexpected strings", _strangers(strange, facts), fields,
            "strangers", list(strange)[:10_000],
        )  # fmt: skip


def _strangers(strange: dict[str, int], facts: ColumnFacts) -> str:
    if not strange:
        return f"The column has about {facts.distinct or 0:,} different values, more than the schema knows"
    shown = ", ".join(
        f"{value} ({percent(count / max(facts.values, 1))})" for value, count in list(strange.items())[:NAMED]
    )
    more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
    return f"Values missing from the schema: {shown}{more}"


def _booleans(facts: ColumnFacts, feature: Feature) -> Found:
    short = "Neither true nor false"
    if facts.kind == "int" and (facts.low < 0 or facts.high > 1):
        low = facts.low < 0
        fields = {"type": "int", "is_bool": False, "min": facts.low, "max": facts.high}
        value = facts.low if low else facts.high
        yield Finding(
            "BOOL_TYPE_SMALL_INT" if low else "BOOL_TYPE_BIG_INT",
            short,
            f"Found {value}, neither 0 nor 1",
            fields,
            "bits",
        )
    elif facts.kind == "float" and (not facts.is_zero_or_one or facts.nans):
        fields = {"type": "float", "is_bool": False}
        yield Finding(
            "BOOL_TYPE_UNEXPECTED_FLOAT", short, f"Found floats other than 0 and 1, as {_odd(facts):g}", fields, "bits"
        )
    elif facts.kind == "string":
        words = {word for word in (feature.true_word, feature.false_word) if word is not None}
        strange = [
            value
            for value in facts.counts or {}
            if (value not in words if words else feature.type != "string" or value.lower() not in ("true", "false"))
        ]
        if facts.invalid_utf8:
            strange.append("bytes that are no UTF-8")
        if strange:
            known = " nor ".join(sorted(words)) or "true nor false"
            fields = {"is_bool": False, "true_word": None, "false_word": None, "domain": sorted(facts.counts or {})}
            long = f"Found {', '.join(map(repr, strange[:NAMED]))}: neither {known}"
            yield Finding("BOOL_TYPE_UNEXPECTED_STRING", short, long, fields, "strangers", strange)


def _odd(facts: ColumnFacts) -> float:
    return next(
        (float(value) for value in (facts.high, facts.low) if value not in (0, 1) and value is not None), math.nan
    )


def _integers(facts: ColumnFacts, feature: Feature) -> Found:
    """As TFDV: strings are read as integers where limits are given, floats have been said to be of another type."""
    low, high = facts.low, facts.high
    if facts.kind == "string":
        if feature.strings_are is None and feature.min is None and feature.max is None:
            return
        numbers = []
        for text in facts.counts or {}:
            if not _INT.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
                yield Finding(
                    "INT_TYPE_NOT_INT_STRING",
                    "No integer",
                    f"{text!r} is no integer",
                    {"strings_are": None},
                    "nonumber",
                )
                return
            numbers.append(int(text))
        if facts.invalid_utf8:
            yield Finding(
                "INT_TYPE_NOT_INT_STRING", "No integer", "Bytes that are no UTF-8", {"strings_are": None}, "utf8"
            )
            return
        low, high = min(numbers, default=None), max(numbers, default=None)
    elif facts.kind not in ("int", "bool"):
        return
    yield from _limits("INT_TYPE_{}_INT", low, high, feature)


def _floats(facts: ColumnFacts, feature: Feature) -> Found:
    low, high, nans, infinities = facts.low, facts.high, facts.nans, facts.infinities
    checked = feature.disallow_nan or feature.disallow_inf or feature.min is not None or feature.max is not None
    if facts.kind == "string":
        if feature.strings_are is None and not checked:
            return
        numbers = []
        for text in facts.counts or {}:
            number = _float(text)
            if number is None:
                yield Finding(
                    "FLOAT_TYPE_STRING_NOT_FLOAT",
                    "No number",
                    f"{text!r} is no number",
                    {"strings_are": None},
                    "nonumber",
                )
                return
            nans += math.isnan(number)
            infinities += math.isinf(number)
            numbers.append(number)
        plain = [number for number in numbers if not math.isnan(number)]
        low, high = min(plain, default=None), max(plain, default=None)
    elif facts.kind != "float" and not (facts.kind in ("int", "bool") and feature.type == "any"):
        return
    if feature.disallow_nan and nans:
        yield Finding("FLOAT_TYPE_HAS_NAN", "NaN", f"{nans:,} values are NaN", {"disallow_nan": False}, "nan")
    yield from _limits("FLOAT_TYPE_{}_FLOAT", low, high, feature, single=facts.kind == "float")
    if feature.disallow_inf and infinities:
        yield Finding(
            "FLOAT_TYPE_HAS_INF",
            "Infinite values",
            f"{infinities:,} values are infinite",
            {"disallow_inf": False},
            "inf",
        )


def _limits(family: str, low: Any, high: Any, feature: Feature, *, single: bool = False) -> Found:
    """`single`: both sides are compared as 32-bit floats, for schemas hold limits so (TFDV's are): 0.1 is not below 0.1."""
    near = _single if single else lambda value: value
    if low is not None and feature.min is not None and near(low) < near(feature.min):
        long = f"Unexpectedly low: {low:g} < {feature.min:g}"
        yield Finding(family.format("SMALL"), "Out of range", long, {"min": low}, "below", feature.min)
    if high is not None and feature.max is not None and near(high) > near(feature.max):
        long = f"Unexpectedly high: {high:g} > {feature.max:g}"
        yield Finding(family.format("BIG"), "Out of range", long, {"max": high}, "above", feature.max)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _float(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def time_range(facts: ColumnFacts) -> tuple[float, float] | None:
    """First and last moment in UTC milliseconds, also of strings that are all ISO dates or times; None where there is none."""
    if facts.kind == "time" and facts.low is not None:
        return facts.low, facts.high
    if facts.kind != "string" or not facts.counts or facts.invalid_utf8:
        return None
    moments = [moment_ms(text) if _ISO.match(text) else None for text in facts.counts]
    known = [moment for moment in moments if moment is not None]
    return (min(known), max(known)) if len(known) == len(moments) else None


def _times(facts: ColumnFacts, feature: Feature) -> Found:
    found_range = time_range(facts)
    if found_range is None:
        return
    for name, kind, word, rows, value in (
        ("earliest", "TIME_TYPE_EARLY", "before", "below", found_range[0]), ("latest", "TIME_TYPE_LATE", "after", "above", found_range[1]),
    ):  # fmt: skip
        limit = getattr(feature, name)
        if limit is None:
            continue
        limit_ms = moment_ms(limit) or 0
        if (value < limit_ms) if name == "earliest" else (value > limit_ms):
            found = iso(value)
            yield Finding(kind, "Time out of range", f"Found {found}, {word} {limit}", {name: found}, rows, limit_ms)


def moment_ms(text: str) -> int | None:
    """UTC milliseconds of an ISO date or time, None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return round(moment.timestamp() * 1000)


def iso(at_ms: float) -> str:
    """The moment as ISO text of UTC, without a zone; the number itself where no date can say it."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{at_ms:.0f} ms"
