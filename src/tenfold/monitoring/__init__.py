"""Is the data still what it was: schemas, drift, quality, and monitors that put them together over time.

    drift(reference, current) -> DriftReport          infer_schema(profile) -> Schema
    validate(profile, schema) -> [Anomaly]            check(monitor, reference, current) -> CheckResult
    record_check(stores, monitor, result) -> Run      history(stores, monitor) -> [PastCheck]
    summarize(table) -> TableSummary                  quality_change(reference, current) -> [QualityChange]
    correlation_change, embedding_drift, reconstruction_drift, domain_classifier: what single columns do not show

Knows no model and no endpoint: tables and metrics come in. What follows from an alarm is decided elsewhere.
"""

from tenfold.monitoring.alarms import AlarmState, alarms
from tenfold.monitoring.check import check
from tenfold.monitoring.conditions import Action, Condition, TestOutcome
from tenfold.monitoring.correlations import CorrelationChange, CorrelationPair, correlation_change
from tenfold.monitoring.declared import read_monitors
from tenfold.monitoring.drift import drift
from tenfold.monitoring.embeddings import EmbeddingDrift, embedding_drift
from tenfold.monitoring.estimating import Cbpe, Estimate, Estimated, fit_cbpe
from tenfold.monitoring.estimating_errors import Dle, fit_dle
from tenfold.monitoring.explaining import ColumnEffect, explain_drop
from tenfold.monitoring.multivariate import MultivariateDrift, domain_classifier, reconstruction_drift
from tenfold.monitoring.outcomes import Joined, WindowQuality, join_outcomes, quality_by_window
from tenfold.monitoring.page import anomalies_html, to_html
from tenfold.monitoring.record import (
    Alarm,
    Anomaly,
    Bars,
    Change,
    CheckResult,
    ColumnDrift,
    DriftReport,
    Example,
    Monitor,
    MonitorSummary,
    PastCheck,
    QualityRule,
)
from tenfold.monitoring.recording import find_monitor, history, load_check, monitors, record_check, score_series
from tenfold.monitoring.summary import ColumnSummary, QualityChange, TableSummary, quality_change, summarize
from tenfold.monitoring.validation import (
    Feature,
    Freshness,
    Limits,
    Rule,
    Schema,
    accept,
    decode_schema,
    differences,
    encode_schema,
    infer_schema,
    read_schema,
    to_yaml,
    validate,
)

__all__ = [
    "Action", "Alarm", "AlarmState", "Anomaly", "Bars", "Cbpe", "Change", "CheckResult", "ColumnDrift",
    "ColumnEffect", "ColumnSummary", "Condition", "CorrelationChange", "CorrelationPair", "Dle",
    "DriftReport", "EmbeddingDrift", "Estimate", "Estimated", "Example", "Feature", "Freshness", "Joined",
    "Limits", "Monitor", "MonitorSummary", "MultivariateDrift", "PastCheck", "QualityChange", "QualityRule",
    "Rule", "Schema", "TableSummary", "TestOutcome", "WindowQuality", "accept", "alarms", "anomalies_html", "check",
    "correlation_change", "decode_schema", "differences", "domain_classifier", "drift", "embedding_drift",
    "encode_schema", "explain_drop", "find_monitor", "fit_cbpe", "fit_dle", "history", "infer_schema",
    "join_outcomes", "load_check", "monitors", "quality_by_window", "quality_change", "read_monitors", "read_schema",
    "reconstruction_drift", "record_check", "score_series", "summarize", "to_html", "to_yaml", "validate",
]  # fmt: skip
