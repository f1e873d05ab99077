"""What an evaluation found, the rules of a gate, and its verdict. A metric that is not defined is absent, never 0."""

from __future__ import annotations

from typing import Literal

import msgspec

Task = Literal["binary", "multiclass", "regression"]

HIGHER_IS_BETTER: dict[str, bool] = {
    **dict.fromkeys(("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "pr_auc", "r2"), True),
    **dict.fromkeys(("log_loss", "brier", "calibration_error", "false_positive_rate", "false_negative_rate"), False),
    **dict.fromkeys(("mae", "rmse", "mape", "max_abs_error"), False),
}  # fmt: skip
"""Which way each metric points. Those without a way (prevalence, positive_rate, mean_error) can only be held to values."""


class SliceScores(msgspec.Struct, frozen=True, omit_defaults=True):
    """The metrics of the rows where `column` is `value`."""

    column: str
    value: str
    rows: int
    metrics: dict[str, float]

    @property
    def name(self) -> str:
        return f"{self.column}={self.value}"


class CalibrationBin(msgspec.Struct, frozen=True):
    """Rows whose score fell into one tenth of [0, 1]: their mean score and the share that was positive."""

    mean_score: float
    positive_share: float
    rows: int


class Evaluation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Metrics of one set of predictions.

    `metrics` of a binary task: accuracy, balanced_accuracy, precision, recall, specificity, f1, false_positive_rate,
    false_negative_rate, prevalence, positive_rate and, with scores, roc_auc, pr_auc (average precision), log_loss, brier,
    calibration_error. Multiclass: accuracy and macro precision, recall, f1 and, with scores, log_loss, roc_auc (one
    against the rest). Regression: mae, rmse, r2, mape, mean_error, max_abs_error.
    """

    task: Task
    rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = {}
    """95 % bootstrap intervals, when asked for."""
    slices: list[SliceScores] = []
    """In order of column, then rows, most first."""
    skipped: dict[str, int] = {}
    """Slices too small to judge, 'carrier=YV', and their rows."""
    labels: list[str] = []
    positive: str | None = None
    threshold: float | None = None
    confusion: list[list[int]] = []
    """confusion[true][predicted], in the order of `labels`."""
    roc: list[tuple[float, float]] = []
    """(false positive rate, true positive rate), at most 200 points."""
    pr: list[tuple[float, float]] = []
    """(recall, precision), at most 200 points."""
    calibration: list[CalibrationBin] = []
    notes: list[str] = []
    """Why a metric is absent, and whatever else a reader must know."""
    truth_digest: str = ""
    """Content id of the true labels, in order: two evaluations with equal ones judged the same rows."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition of a gate. It needs at least one of `at_least`, `at_most`, `not_worse_by`.

    `not_worse_by` compares with the champion: 0.01 lets a higher-is-better metric be up to 0.01 lower (inclusive).
    `slice` is 'carrier=UA' for one slice or 'carrier' for every judged slice of that column. `first` says what a
    relative rule does when there is no champion yet.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    not_worse_by: float | None = None
    slice: str | None = None
    first: Literal["fail", "pass"] = "fail"
    higher_is_better: bool | None = None
    """Only needed for a metric Tenfold does not know."""


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comparison a gate made. `limit` is the value the candidate was held to."""

    metric: str
    what: str
    passed: bool
    reason: str
    slice: str | None = None
    value: float | None = None
    champion: float | None = None
    limit: float | None = None


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the candidate may pass. `reasons` are the failures or, when passed, what it passed on.

    `first` is true when a relative rule passed only because there was no champion.
    """

    passed: bool
    reasons: list[str]
    checks: list[Check]
    first: bool = False
