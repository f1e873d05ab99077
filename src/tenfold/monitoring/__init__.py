"""Is the data still what it was: schemas, drift, quality, and monitors that put them together over time.

    drift(reference, current) -> DriftReport          infer_schema(profile) -> Schema
    validate(profile, schema) -> [Anomaly]            check(monitor, reference, current) -> CheckResult
    record_check(stores, monitor, result) -> Run      history(stores, monitor) -> [PastCheck]

Knows no model and no endpoint: tables and metrics come in. What follows from an alarm is decided elsewhere.
"""

from tenfold.monitoring.check import check
from tenfold.monitoring.drift import drift
from tenfold.monitoring.outcomes import Joined, WindowQuality, join_outcomes, quality_by_window
from tenfold.monitoring.page import to_html
from tenfold.monitoring.record import (
    Alarm,
    Anomaly,
    Bars,
    CheckResult,
    ColumnDrift,
    DriftReport,
    Monitor,
    MonitorSummary,
    PastCheck,
    QualityRule,
)
from tenfold.monitoring.recording import find_monitor, history, load_check, monitors, record_check
from tenfold.monitoring.schema import Feature, Schema, decode_schema, encode_schema, infer_schema
from tenfold.monitoring.validate import validate

__all__ = [
    "Alarm", "Anomaly", "Bars", "CheckResult", "ColumnDrift", "DriftReport", "Feature", "Joined", "Monitor",
    "MonitorSummary", "PastCheck", "QualityRule", "Schema", "WindowQuality", "check", "decode_schema", "drift",
    "encode_schema", "find_monitor", "history", "infer_schema", "join_outcomes", "load_check", "monitors",
    "quality_by_window", "record_check", "to_html", "validate",
]  # fmt: skip
