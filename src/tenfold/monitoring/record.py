"""What monitoring says: drift of columns, anomalies against a schema, alarms, and a check that gathers them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.base.errors import Invalid
from tenfold.monitoring.conditions import Action, Condition, TestOutcome

ColumnKind = Literal["number", "category", "text"]
Severity = Literal["error", "warning"]
AnomalySeverity = Literal["error", "warning", "info"]
Status = Literal["ok", "alarm", "too few rows"]


class Bars(msgspec.Struct, frozen=True, omit_defaults=True):
    """Both sides of a column as shares of their rows, for drawing: `edges` (bins + 1) of numbers, `labels` of categories."""

    reference: list[float]
    current: list[float]
    edges: list[float] = []
    labels: list[str] = []
    more: int = 0
    """Categories beyond those shown, the rarer ones."""


class ColumnDrift(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The verdict on one column. `drifted` is None when it could not be judged; `reason` then says why."""

    name: str
    kind: ColumnKind | None = None
    method: str | None = None
    score: float | None = None
    score_is: Literal["distance", "p-value"] | None = None
    threshold: float | None = None
    drifted: bool | None = None
    reason: str = ""
    p_adjusted: float | None = None
    """The p-value after the correction asked for; it, and not `score`, was compared with the threshold."""
    score_error: float = 0.0
    """By how much the score can be off at most: only of files too long to be sorted in memory."""
    reference_rows: int = 0
    """Rows with a usable value: not null, NaN or infinite."""
    current_rows: int = 0
    reference_missing: float = 0.0
    """Share of rows without a usable value."""
    current_missing: float = 0.0
    bars: Bars | None = None


class DriftReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Drift of a table. `drifted` compares `drifted_share` with `share`; columns that could not be judged count for neither."""

    columns: list[ColumnDrift]
    reference_rows: int
    current_rows: int
    share: float
    drifted_columns: int
    judged_columns: int
    drifted_share: float
    drifted: bool
    reason: str = ""
    """Set when nothing could be judged: then `drifted` is False and means nothing."""
    correction: str = ""
    """How p-values were adjusted for the number of columns."""
    target: str = ""
    """Name of the column that is to be predicted."""
    prediction: str = ""
    """Name of the column of predictions."""

    def column(self, name: str) -> ColumnDrift:
        """The verdict on this column. Raises KeyError when it is not in the report."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _framed(self, "Drift report")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook keeps beside it, and IPython shows."""
        printer.text(f"<DriftReport: {self.drifted_columns} of {self.judged_columns} columns drifted>")


class Example(msgspec.Struct, frozen=True):
    """A row that breaks a rule: its number, counted from 0, and the value as text."""

    row: int
    value: str


class Change(msgspec.Struct, frozen=True):
    """What would make a schema allow what was found: new values of fields of the column's feature, or of the schema
    itself when `column` is ''; None clears a field. With `is_new` they are a whole feature."""

    column: str
    fields: dict[str, Any]
    is_new: bool = False


class Anomaly(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way in which data break a schema. `type` is TensorFlow Data Validation's name for it; column '' is the table."""

    column: str
    type: str
    severity: AnomalySeverity
    short: str
    long: str
    examples: list[Example] = []
    """The first offending rows; none when only a profile was looked at."""
    change: Change | None = None
    """What to accept so that it is none; None when only the data can be mended."""


class Alarm(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a person, or a trigger, should act on. `column` is set when it is about one column."""

    kind: str
    """drift, quality, anomaly, test or labels; checks that others recorded may say something else."""
    severity: Severity
    text: str
    column: str | None = None
    value: float | None = None
    limit: float | None = None
    about: str = ""
    """What it is known by from check to check besides kind and column: the rule or test that was not met."""

    @property
    def key(self) -> str:
        """The same for as long as the same thing is wrong: alarms of one key open once."""
        return ":".join(part for part in (self.kind, self.column or "", self.about) if part)


class QualityRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a metric raises an alarm. `worse_by` is measured from the reference's value; limits themselves are no alarm."""

    metric: str
    worse_by: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    higher_is_better: bool = True


class Monitor(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is watched, against what, and from when on it is an alarm."""

    name: str
    project: str = "default"
    target: str = ""
    """What it watches: deployment:delay (its prediction log), data:flights@main, data:flights@main/2013."""
    reference: str = ""
    """What the current data are compared with: an address of data; 'first', the first window; 'previous', the one before;
    or model:delay@champion, what that version answered in the same window."""
    columns: list[str] | None = None
    """Columns whose drift is judged; all that both tables have when None."""
    methods: dict[str, str] = {}
    """Method by column, where the default choice is not wanted."""
    thresholds: dict[str, float] = {}
    """Threshold by column, where the method's default is not wanted."""
    correction: str = ""
    """bonferroni, holm or bh: p-values are adjusted for the number of columns judged."""
    schema: str = ""
    """Address of a schema, like schema:flights, that each window is held to in `environment`."""
    share: float = 0.5
    """Share of drifted columns from which the table has drifted."""
    watched: list[str] = []
    """Columns each of whose drift is an alarm of its own: the prediction, the target."""
    min_rows: int = 100
    quality: list[QualityRule] = []
    environment: str | None = "serving"
    """Environment of the schema that current data are validated in."""
    alarm_on: Severity | None = "error"
    """The mildest anomaly that is an alarm; None: anomalies never are."""
    model: str = ""
    """Of a deployment: only what this version answered, like model:delay@canary."""
    window: str = ""
    """What one check looks at: '1d' (a span of time), '5000 rows', 'version' (each of a dataset); '': all there is."""
    time: str = "at_ms"
    """Column that spans of time are counted in: UTC milliseconds, or dates."""
    tests: list[Condition] = []
    """What must hold. With tests, drift of the table (`share`) is a score and no alarm by itself."""
    outcome: str = "outcome"
    prediction: str = "prediction"
    score: str = "probability"
    """Column of the probability of the second label; where it is missing, labels or numbers in `prediction` are judged."""
    task: str = "auto"
    """binary, multiclass or regression."""
    labels_within: str = ""
    """Outcomes that have not come so long after a window, like 30d, are taken for lost: an alarm. Until then it is checked anew
    whenever some come."""
    estimate: bool = True
    """Estimate the metrics before outcomes come, where the reference has outcomes."""
    every: str = ""
    """Check so often, like 1h; `cron` at times. A dataset is checked at each commit when neither is given."""
    cron: str = ""
    timezone: str = "UTC"
    alerts: list[str] = []
    """Notifiers that are told when an alarm opens, besides those that are told of every monitor."""
    actions: list[Action] = []

    def __post_init__(self) -> None:
        """Rules, tests and actions may be mappings, as YAML has them. Raises Invalid naming what does not fit."""
        for field, kind in (("quality", QualityRule), ("tests", Condition), ("actions", Action)):
            given = getattr(self, field)
            if isinstance(given, list) and all(isinstance(one, kind) for one in given):
                continue
            try:
                made = msgspec.convert(msgspec.to_builtins(given), list[kind])  # type: ignore[valid-type]
            except (msgspec.ValidationError, TypeError) as error:
                raise Invalid(f"Monitor {self.name!r}, {field}: {error}", field=field) from error
            msgspec.structs.force_setattr(self, field, made)


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one check of a monitor found. `scores` are flat, for a chart over time: 'drift_share', 'rows', 'drift.<column>',
    'missing.<column>', 'quality.<metric>', 'anomalies'."""

    monitor: str
    status: Status
    alarms: list[Alarm]
    scores: dict[str, float]
    reasons: list[str] = []
    """What was not checked, and why."""
    drift: DriftReport | None = None
    anomalies: list[Anomaly] = []
    quality: dict[str, float] = {}
    reference_quality: dict[str, float] = {}
    window: str = ""
    tests: list[TestOutcome] = []
    judged: list[str] = []
    """Beginnings of the keys of the alarms it would have raised: one of those that is open and not raised again is over."""

    @property
    def alarmed(self) -> bool:
        return bool(self.alarms)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _framed(self, self.monitor)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook keeps beside it, and IPython shows."""
        printer.text(f"<CheckResult {self.monitor!r}: {self.status}, {len(self.alarms)} alarms>")


class MonitorSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor as its newest check knows it."""

    name: str
    project: str
    checks: int
    last_at_ms: int
    status: Status
    window: str
    alarms: int
    """Alarms of the newest check."""


class PastCheck(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of a monitor's history."""

    run_id: str
    monitor: str
    window: str
    at_ms: int
    status: Status
    scores: dict[str, float]
    alarms: list[Alarm] = []
    report: str = ""
    """Address of the report."""
    tests: list[TestOutcome] = []
    judged: list[str] = []
    reasons: list[str] = []
    ended_at_ms: int = 0
    """When the check was made."""
    fingerprint: str = ""
    """Of a declared monitor: what it looked at. Its newest check of a window stands in place of those before."""


def _framed(found: DriftReport | CheckResult, title: str) -> str:
    from tenfold.monitoring.page import framed, to_html  # needs NumPy, which records do not

    return framed(to_html(found, title=title), title)
