"""Single values that JSON cannot say: how each is written, and read again."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from zoneinfo import ZoneInfo


def _zone(value: dt.datetime) -> list[Any]:
    zone = getattr(value.tzinfo, "key", None)
    if zone is None:
        return [value.isoformat(), value.fold]
    return [value.replace(tzinfo=None).isoformat(), value.fold, zone]


def _read_datetime(inner: list[Any]) -> dt.datetime:
    value = dt.datetime.fromisoformat(inner[0]).replace(fold=inner[1])
    if len(inner) == 3:
        return value.replace(tzinfo=ZoneInfo(inner[2]))
    return value


def _read_offset(inner: list[Any]) -> dt.timezone:
    offset = dt.timedelta(seconds=inner[0])
    plain = dt.timezone(offset)
    return (
        dt.UTC
        if not offset and inner[1] == "UTC"
        else plain
        if plain.tzname(None) == inner[1]
        else dt.timezone(offset, inner[1])
    )


def write_pendulum(value: Any) -> list[Any]:
    if isinstance(value, dt.datetime):
        return ["DateTime", value.replace(tzinfo=None).isoformat(), value.fold, getattr(value.tzinfo, "name", None)]
    if isinstance(value, dt.timedelta):
        return ["Duration", value.days, value.seconds, value.microseconds]
    return [type(value).__name__, value.isoformat()]


def _read_pendulum(inner: list[Any]) -> Any:
    import pendulum

    if inner[0] == "DateTime":
        zone = pendulum.timezone(inner[3]) if inner[3] else None
        return pendulum.DateTime.fromisoformat(inner[1]).replace(fold=inner[2], tzinfo=zone)
    if inner[0] == "Duration":
        return pendulum.duration(days=inner[1], seconds=inner[2], microseconds=inner[3])
    return getattr(pendulum, inner[0]).fromisoformat(inner[1])


PENDULUM_SCALARS = {"DateTime", "Date", "Time", "Duration"}


def _read_pandas(inner: list[Any]) -> Any:
    import pandas

    if inner[0] == "Timestamp":
        stamp = pandas.Timestamp(inner[1], unit="ns").as_unit(inner[2])
        return stamp if inner[3] is None else stamp.tz_localize("UTC").tz_convert(inner[3])
    if inner[0] == "Timedelta":
        return pandas.Timedelta(inner[1], unit="ns").as_unit(inner[2])
    if inner[0] == "Period":
        return pandas.Period(ordinal=inner[1], freq=inner[2])
    return pandas.NA if inner[0] == "NAType" else pandas.NaT


PANDAS_SCALARS: dict[str, Callable[[Any], list[Any]]] = {
    "Timestamp": lambda v: ["Timestamp", v.as_unit("ns").value, v.unit, None if v.tz is None else str(v.tz)],
    "Timedelta": lambda v: ["Timedelta", v.as_unit("ns").value, v.unit],
    "Period": lambda v: ["Period", v.ordinal, v.freqstr],
    "NAType": lambda v: ["NAType"],
    "NaTType": lambda v: ["NaTType"],
}

SIMPLE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    bytes: ("bytes", lambda v: base64.b64encode(v).decode()),
    bytearray: ("bytearray", lambda v: base64.b64encode(v).decode()),
    complex: ("complex", repr),
    dt.datetime: ("datetime", _zone),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
    dt.timedelta: ("timedelta", lambda v: [v.days, v.seconds, v.microseconds]),
    Decimal: ("decimal", str),
    uuid.UUID: ("uuid", str),
    Fraction: ("fraction", str),
    ZoneInfo: ("zone", str),
    dt.timezone: ("offset", lambda v: [v.utcoffset(None).total_seconds(), v.tzname(None)]),
}

READ: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "bytes": base64.b64decode,
    "bytearray": lambda v: bytearray(base64.b64decode(v)),
    "complex": complex,
    "datetime": _read_datetime,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": lambda v: dt.timedelta(*v),
    "decimal": Decimal,
    "uuid": uuid.UUID,
    "path": Path,
    "range": lambda v: range(*v),
    "pandas": _read_pandas,
    "pendulum": _read_pendulum,
    "text": lambda v: base64.b64decode(v).decode("utf-8", "surrogatepass"),
    "fraction": Fraction,
    "zone": ZoneInfo,
    "offset": _read_offset,
    "pure path": lambda v: (PureWindowsPath if v[0] == "PureWindowsPath" else PurePosixPath)(v[1]),
}
