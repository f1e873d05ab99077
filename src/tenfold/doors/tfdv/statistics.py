"""TFDV's statistics as facts to hold to a schema, and a profile as TFDV's statistics. TFRecords, text and binary proto."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.tfdv.messages import parse, statistics_messages, text_of
from tenfold.monitoring.validation import ColumnFacts, TableFacts
from tenfold.monitoring.validation.facts import Kind, as_text
from tenfold.profiles import ColumnProfile, Profile, std

_KINDS: dict[str, Kind] = {"INT": "int", "FLOAT": "float", "STRING": "string", "BYTES": "string", "STRUCT": "struct"}
_NO_TEXT = "__BYTES_VALUE__"
"""What TFDV counts bytes as that are no UTF-8."""


def read_statistics(path: str | Path, *, dataset: str | None = None) -> TableFacts:
    """What TFDV knows of a table, to hold to a schema.

    Args:
        path: What `tfdv.write_stats_text` or `write_stats_binary` wrote, or a TFRecord of `generate_statistics`.
        dataset: Which of its data sets or slices, by name; the first when None.

    Raises:
        Invalid: It is no such file, or has no data set of this name.
    """
    data = _bytes_of(Path(path))
    messages = statistics_messages()
    found = messages.DatasetFeatureStatisticsList()
    if _is_records(data):
        for record in _records(data, path):
            found.MergeFromString(record)
    elif Path(path).suffix in (".pbtxt", ".txt", ".textproto"):
        parse(data.decode("utf-8", "replace"), found, what="statistics of TFDV")
    else:
        _from_binary(found, data, path)
    if not found.datasets:
        raise Invalid(f"{path} holds no data set. Give statistics that TFDV wrote", field="statistics")
    names = [one.name for one in found.datasets]
    if dataset is not None and dataset not in names:
        raise Invalid(f"{path} has no data set {dataset!r}. It has: {', '.join(names)}", field="dataset")
    chosen = found.datasets[0 if dataset is None else names.index(dataset)]
    columns = {}
    for one in chosen.features:
        name = one.name or ".".join(one.path.step)
        facts = _facts(one, name, int(chosen.num_examples))
        if facts is not None:
            columns[name] = facts
    return TableFacts(int(chosen.num_examples), columns)


def write_statistics(profile: Profile, path: str | Path) -> None:
    """Write a profile as TFDV's statistics: text for `.pbtxt`, a TFRecord for `.tfrecord`, binary otherwise.

    TFDV reads it back with `load_statistics` or `load_stats_text`, and can infer from it and validate it. Columns of
    times and of lists are left out: a profile knows too little of them for what TFDV would say.
    """
    found = statistics_messages().DatasetFeatureStatisticsList()
    table = found.datasets.add(num_examples=profile.rows)
    for name, column in profile.columns.items():
        if column.type in ("int", "bool", "float", "string", "mixed", "empty"):
            _write(table.features.add(), name, column)
    target = Path(path)
    if target.suffix in (".pbtxt", ".txt", ".textproto"):
        target.write_text(text_of(found), "utf-8")
    else:
        data: bytes = found.SerializeToString()
        target.write_bytes(_record(data) if "tfrecord" in target.suffix else data)


def _facts(one: Any, name: str, rows: int) -> ColumnFacts | None:
    kind = _KINDS.get(statistics_messages().FeatureNameStatistics.Type.Name(one.type), "struct")
    which = one.WhichOneof("stats")
    if which is None:
        return None
    stats = getattr(one, which)
    common = stats.common_stats
    facts = ColumnFacts(
        name, kind, rows, missing=int(common.num_missing), values=int(common.tot_num_values),
        min_values=int(common.min_num_values), max_values=int(common.max_num_values), is_list=common.max_num_values > 1,
    )  # fmt: skip
    if which == "num_stats":
        _numbers(facts, stats)
    elif which == "string_stats":
        facts.counts = {bucket.label: round(bucket.sample_count) for bucket in stats.rank_histogram.buckets}
        facts.uncounted = max(facts.values - sum(facts.counts.values()), 0)
        facts.invalid_utf8 = int(stats.invalid_utf8_count)
        facts.distinct = int(stats.unique)
        facts.counts.pop(_NO_TEXT, None) if facts.invalid_utf8 else None
    return facts


def _numbers(facts: ColumnFacts, stats: Any) -> None:
    facts.low, facts.high = stats.min, stats.max
    if facts.kind == "int":
        facts.low, facts.high = int(stats.min), int(stats.max)
    types = statistics_messages().Histogram.HistogramType
    standard = next((one for one in stats.histograms if types.Name(one.type) == "STANDARD"), None)
    for histogram in stats.histograms:
        facts.nans = max(facts.nans, round(histogram.num_nan))
        for bucket in histogram.buckets:
            inside = bucket.low_value > 0 and bucket.high_value < 1
            facts.is_zero_or_one = facts.is_zero_or_one and not inside
    facts.is_zero_or_one = facts.is_zero_or_one and facts.low in (0, 1) and facts.high in (0, 1)
    facts.is_whole = facts.kind == "int" or facts.is_zero_or_one
    if standard is None:
        return
    finite = [b for b in standard.buckets if abs(b.low_value) != float("inf") and abs(b.high_value) != float("inf")]
    facts.infinities = round(sum(b.sample_count for b in standard.buckets) - sum(b.sample_count for b in finite))
    if finite:
        facts.edges = [finite[0].low_value, *(b.high_value for b in finite)]
        facts.bins = [b.sample_count for b in finite]


def _write(one: Any, name: str, column: ColumnProfile) -> None:
    messages = statistics_messages()
    types = messages.FeatureNameStatistics.Type
    one.path.step.append(name)
    is_number = column.type in ("int", "bool", "float")
    one.type = types.Value({"int": "INT", "bool": "INT", "float": "FLOAT"}.get(column.type, "STRING"))
    stats = one.num_stats if is_number else one.string_stats
    present = column.rows - column.nulls
    common = stats.common_stats
    common.num_non_missing, common.num_missing, common.tot_num_values = present, column.nulls, present
    if present:
        common.min_num_values = common.max_num_values = 1
        common.avg_num_values = 1.0
    (_write_numbers if is_number else _write_strings)(stats, column)


def _write_numbers(stats: Any, column: ColumnProfile) -> None:
    stats.mean, stats.std_dev, stats.num_zeros = column.mean or 0.0, std(column) or 0.0, column.zeros
    stats.min, stats.max = column.min or 0.0, column.max or 0.0
    if column.infinities:  # a profile does not say of which sign
        stats.max = float("inf")
    if column.quantiles is not None and column.quantiles.points:
        stats.median = column.quantiles.points[len(column.quantiles.points) // 2]
    histogram = stats.histograms.add(num_nan=column.nans)
    if column.histogram is not None:
        edges, counts = column.histogram.edges, column.histogram.counts
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
            histogram.buckets.add(low_value=low, high_value=high, sample_count=count)
    if column.infinities:
        histogram.buckets.add(low_value=float("inf"), high_value=float("inf"), sample_count=column.infinities)


def _write_strings(stats: Any, column: ColumnProfile) -> None:
    stats.unique = column.distinct
    if column.lengths is not None:
        stats.avg_length = column.lengths.mean
    if column.top is None:
        return
    for rank, (value, count) in enumerate(zip(column.top.values, column.top.counts, strict=True)):
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=as_text(value), sample_count=count)
        if rank < 20:
            stats.top_values.add(value=as_text(value), frequency=count)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(
            f"{path} cannot be read: {error.strerror}. Give statistics that TFDV wrote", field="statistics"
        ) from error


def _from_binary(found: Any, data: bytes, path: str | Path) -> None:
    from google.protobuf.message import DecodeError

    try:
        found.ParseFromString(data)
    except DecodeError as error:
        raise Invalid(
            f"{path} holds no statistics of TFDV: {error}. Give what TFDV wrote", field="statistics"
        ) from error


# TFRecord: length (8 bytes), its masked CRC-32C, the data, theirs. https://www.tensorflow.org/tutorials/load_data/tfrecord


def _is_records(data: bytes) -> bool:
    return len(data) >= 16 and struct.unpack("<I", data[8:12])[0] == _masked(data[:8])


def _records(data: bytes, path: str | Path) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(data):
        if len(data) - at < 16:
            raise Invalid(f"{path} is cut off after record {len(found)}. Write it again", field="statistics")
        (size,) = struct.unpack("<Q", data[at : at + 8])
        record = data[at + 12 : at + 12 + size]
        check = data[at + 12 + size : at + 16 + size]
        if len(check) < 4 or struct.unpack("<I", check)[0] != _masked(record):
            raise Invalid(f"{path} is damaged in record {len(found) + 1}. Write it again", field="statistics")
        found.append(record)
        at += 16 + size
    return found


def _record(data: bytes) -> bytes:
    size = struct.pack("<Q", len(data))
    return size + struct.pack("<I", _masked(size)) + data + struct.pack("<I", _masked(data))


def _table() -> list[int]:
    found = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        found.append(value)
    return found


_CRC = _table()


def _masked(data: bytes) -> int:
    """CRC-32C (Castagnoli), rotated and offset as TFRecords have it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
