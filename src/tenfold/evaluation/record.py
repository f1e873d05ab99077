"""What an evaluation found, the rules of a gate, and its verdict. A metric that is not defined is absent, never 0."""

from __future__ import annotations

from typing import Literal

import msgspec

Task = Literal[
    "binary", "multiclass", "multilabel", "regression", "forecasting", "ranking", "clustering", "text"
]  # fmt: skip

HIGHER_IS_BETTER: dict[str, bool] = {
    **dict.fromkeys(("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "pr_auc", "r2"), True),
    **dict.fromkeys(("log_loss", "brier", "calibration_error", "false_positive_rate", "false_negative_rate"), False),
    **dict.fromkeys(("mae", "mse", "rmse", "mape", "max_abs_error", "median_abs_error", "rmsle", "smape", "wape", "mase"), False),
    **dict.fromkeys(("mcc", "kappa", "ks", "negative_predictive_value", "precision_weighted", "recall_weighted", "f1_weighted"), True),
    **dict.fromkeys(("false_discovery_rate", "false_omission_rate", "hamming_loss", "interval_score"), False),
    **dict.fromkeys(("precision_micro", "recall_micro", "f1_micro", "subset_accuracy", "jaccard"), True),
    **dict.fromkeys(("adjusted_rand", "nmi", "homogeneity", "completeness", "v_measure", "purity", "silhouette", "calinski_harabasz"), True),
    **dict.fromkeys(("davies_bouldin",), False),
    **dict.fromkeys(("exact_match", "normalized_exact_match", "token_f1", "rouge_1", "rouge_2", "rouge_l", "edit_similarity", "bleu", "chrf"), True),
    **dict.fromkeys(("diversity", "novelty", "personalization", "item_coverage"), True),
}  # fmt: skip
"""Which way each metric points; see `direction` for those whose names hold a number or a column. Those without a way
(prevalence, positive_rate, mean_error, coverage …) can only be held to values."""

_FAMILIES = {"_at_": True, "top_": True, "pinball_": False, "demographic_parity_difference": False, "equalized_odds_difference": False, "equal_opportunity_difference": False, "disparate_impact": True}  # fmt: skip


def direction(metric: str) -> bool | None:
    """True when higher is better, False when lower is, None when that is not known."""
    known = HIGHER_IS_BETTER.get(metric)
    if known is not None:
        return known
    return next(
        (up for part, up in _FAMILIES.items() if (part in metric if part == "_at_" else metric.startswith(part))), None
    )


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Candidate less baseline on the same rows, with a 95 % interval of the paired bootstrap when asked for."""

    value: float
    low: float | None = None
    high: float | None = None


class SliceScores(msgspec.Struct, frozen=True, omit_defaults=True):
    """The metrics of the rows where `column` is `value`."""

    column: str
    value: str
    rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = {}
    baseline: dict[str, float] = {}
    """The baseline's metrics on the same rows."""

    @property
    def name(self) -> str:
        return f"{self.column}={self.value}"


class CalibrationBin(msgspec.Struct, frozen=True):
    """Rows whose score fell into one tenth of [0, 1]: their mean score and the share that was positive."""

    mean_score: float
    positive_share: float
    rows: int


class GroupRates(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a classifier treats one group. A rate is absent where the group has nothing to divide by."""

    group: str
    rows: int
    rates: dict[str, float]
    """false_positive_rate, false_negative_rate, recall, specificity, positive_rate, negative_rate,
    false_discovery_rate, false_omission_rate."""


class Gap(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far groups lie apart in one rate. `furthest` is the group furthest from the overall value, by `to_overall`."""

    rate: str
    lowest: str
    highest: str
    difference: float
    to_overall: float
    furthest: str


class Fairness(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rates of the groups of one column at one threshold, and the gaps between groups with enough rows."""

    column: str
    threshold: float | None
    groups: list[GroupRates]
    gaps: list[Gap]
    measures: dict[str, float]
    """demographic_parity_difference, disparate_impact (ratio of positive rates), equal_opportunity_difference (of
    recall), equalized_odds_difference (the larger of recall's and the false positive rate's)."""
    reason: str = ""
    """Why there are no gaps, when there are none."""


class Threshold(msgspec.Struct, frozen=True):
    """What scores come to when rows count as positive from `threshold` on."""

    threshold: float
    metrics: dict[str, float]


class Evaluation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Metrics of one set of predictions.

    `metrics` of a binary task: accuracy, balanced_accuracy, precision, recall, specificity, f1, false_positive_rate,
    false_negative_rate, prevalence, positive_rate and, with scores, roc_auc, pr_auc (average precision), log_loss, brier,
    calibration_error. Multiclass: accuracy and macro precision, recall, f1 and, with scores, log_loss, roc_auc (one
    against the rest). Regression: mae, rmse, r2, mape, mean_error, max_abs_error. The other tasks: docs/evaluation.md.
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
    at: list[Threshold] = []
    """Metrics at other thresholds of the score."""
    baseline: dict[str, float] = {}
    """The baseline's metrics on the same rows, when one was given."""
    differences: dict[str, Difference] = {}
    fairness: list[Fairness] = []
    weak: list[str] = []
    """Names of slices that are worse than all rows together beyond chance, the worst first; see `hints.weak_slices`."""
    weighted: bool = False
    notes: list[str] = []
    """Why a metric is absent, and whatever else a reader must know."""
    truth_digest: str = ""
    """Content id of the true labels, in order: two evaluations with equal ones judged the same rows."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition of a gate. It needs at least one of `at_least`, `at_most`, `not_worse_by`, `not_worse_by_share`.

    `not_worse_by` compares with the champion: 0.01 lets a higher-is-better metric be up to 0.01 lower (inclusive), -0.01
    asks that it be 0.01 higher; `not_worse_by_share` says the same as a share of the champion's value.
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
    not_worse_by_share: float | None = None
    min_rows: int = 0
    """Fewer rows than these, in all or in the slice, are no pass."""
    surely: bool = False
    """Hold the worse end of the 95 % interval to the limit, not the value; without an interval it is no pass."""


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
