"""Is the data still what it was: schemas, drift, quality, and monitors that put them together over time.

    drift(reference, current) -> DriftReport          infer_schema(profile) -> Schema
    validate(profile, schema) -> [Anomaly]            check(monitor, reference, current) -> CheckResult
    record_check(stores, monitor, result) -> Run      history(stores, monitor) -> [PastCheck]
    summarize(table) -> TableSummary                  quality_change(reference, current) -> [QualityChange]
    correlation_change, embedding_drift, reconstruction_drift, domain_classifier: what single columns do not show

Knows no model and no endpoint: tables and metrics come in. What follows from an alarm is decided elsewhere.
"""

from tenfold.monitoring.check import check
from tenfold.monitoring.correlations import CorrelationChange, CorrelationPair, correlation_change
from tenfold.monitoring.drift import drift
from tenfold.monitoring.embeddings import EmbeddingDrift, embedding_drift
from tenfold.monitoring.multivariate import MultivariateDrift, domain_classifier, reconstruction_drift
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
from tenfold.monitoring.summary import ColumnSummary, QualityChange, TableSummary, quality_change, summarize
from tenfold.monitoring.validate import validate

__all__ = [
    "Alarm", "Anomaly", "Bars", "CheckResult", "ColumnDrift", "ColumnSummary", "CorrelationChange",
    "CorrelationPair", "DriftReport", "EmbeddingDrift", "Feature", "Joined", "Monitor", "MonitorSummary",
    "MultivariateDrift", "PastCheck", "QualityChange", "QualityRule", "Schema", "TableSummary", "WindowQuality",
    "check", "correlation_change", "decode_schema", "domain_classifier", "drift", "embedding_drift",
    "encode_schema", "find_monitor", "history", "infer_schema", "join_outcomes", "load_check", "monitors",
    "quality_by_window", "quality_change", "reconstruction_drift", "record_check", "summarize", "to_html",
    "validate",
]  # fmt: skip
