"""Presets of how good predictions are: of classes and of numbers, overall and by label, and what a dummy would reach.

Conditions go to their metric by name, `ClassificationPreset(accuracy_tests=[gte(0.8)])`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenfold.reports import classification as c
from tenfold.reports import dummies as d
from tenfold.reports import regression as r
from tenfold.reports.context import Context
from tenfold.reports.metric import Conditions, MeanMetric, Metric
from tenfold.reports.tasks import BinaryClassification

OVERALL: tuple[tuple[type[Metric], str], ...] = (
    (c.Accuracy, "accuracy"), (c.Precision, "precision"), (c.Recall, "recall"), (c.F1Score, "f1score"),
)  # fmt: skip
SCORED: tuple[tuple[type[Metric], str], ...] = ((c.RocAuc, "rocauc"), (c.LogLoss, "logloss"))
RATES: tuple[tuple[type[Metric], str], ...] = ((c.TPR, "tpr"), (c.TNR, "tnr"), (c.FPR, "fpr"), (c.FNR, "fnr"))
BY_LABEL: tuple[tuple[type[Metric], str], ...] = (
    (c.F1ByLabel, "f1score"), (c.PrecisionByLabel, "precision"), (c.RecallByLabel, "recall"),
)  # fmt: skip
ERRORS: tuple[tuple[type[Metric], str], ...] = (
    (r.MeanError, "mean_error"), (r.MAPE, "mape"), (r.RMSE, "rmse"), (r.MAE, "mae"), (r.R2Score, "r2score"),
    (r.AbsMaxError, "abs_max_error"),
)  # fmt: skip
ByLabel = Mapping[Any, Conditions]


@dataclass(frozen=True)
class ClassificationQuality:
    """How good a classifier is overall; with scores also AUC and log loss, of two classes also the rates."""

    classification_name: str = "default"
    probas_threshold: float | None = None
    accuracy_tests: Conditions | None = field(default=None, kw_only=True)
    precision_tests: Conditions | None = field(default=None, kw_only=True)
    recall_tests: Conditions | None = field(default=None, kw_only=True)
    f1score_tests: Conditions | None = field(default=None, kw_only=True)
    rocauc_tests: Conditions | None = field(default=None, kw_only=True)
    logloss_tests: Conditions | None = field(default=None, kw_only=True)
    tpr_tests: Conditions | None = field(default=None, kw_only=True)
    tnr_tests: Conditions | None = field(default=None, kw_only=True)
    fpr_tests: Conditions | None = field(default=None, kw_only=True)
    fnr_tests: Conditions | None = field(default=None, kw_only=True)

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Raises Invalid when the data definition has no such classification."""
        task = context.definition.task("classification", self.classification_name)
        kinds = OVERALL + (SCORED if task.prediction_probas else ())
        kinds += RATES if isinstance(task, BinaryClassification) else ()
        for kind, name in kinds:
            yield _made(kind, self.classification_name, self.probas_threshold, tests=getattr(self, f"{name}_tests"))


@dataclass(frozen=True)
class ClassificationQualityByLabel:
    """How good a classifier is at each class; with scores also the AUC of each."""

    classification_name: str = "default"
    probas_threshold: float | None = None
    f1score_tests: ByLabel | None = field(default=None, kw_only=True)
    precision_tests: ByLabel | None = field(default=None, kw_only=True)
    recall_tests: ByLabel | None = field(default=None, kw_only=True)
    rocauc_tests: ByLabel | None = field(default=None, kw_only=True)

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Raises Invalid when the data definition has no such classification."""
        task = context.definition.task("classification", self.classification_name)
        kinds = BY_LABEL + (((c.RocAucByLabel, "rocauc"),) if task.prediction_probas else ())
        for kind, name in kinds:
            yield _made(kind, self.classification_name, self.probas_threshold, tests=getattr(self, f"{name}_tests"))


@dataclass(frozen=True)
class ClassificationPreset(ClassificationQuality):
    """How good a classifier is, overall and by label; with scores also AUC and log loss."""

    f1score_by_label_tests: ByLabel | None = field(default=None, kw_only=True)
    precision_by_label_tests: ByLabel | None = field(default=None, kw_only=True)
    recall_by_label_tests: ByLabel | None = field(default=None, kw_only=True)
    rocauc_by_label_tests: ByLabel | None = field(default=None, kw_only=True)

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`ClassificationQuality`, then `ClassificationQualityByLabel`."""
        yield from super().metrics(context)
        by_label = ClassificationQualityByLabel(
            self.classification_name, self.probas_threshold, f1score_tests=self.f1score_by_label_tests,
            precision_tests=self.precision_by_label_tests, recall_tests=self.recall_by_label_tests,
            rocauc_tests=self.rocauc_by_label_tests,
        )  # fmt: skip
        yield from by_label.metrics(context)


@dataclass(frozen=True)
class ClassificationDummyQuality:
    """What labels drawn as often as they occur would reach."""

    classification_name: str = "default"
    probas_threshold: float | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Precision, recall and F1. Raises Invalid when the data definition has no such classification."""
        context.definition.task("classification", self.classification_name)
        for kind in (d.DummyPrecision, d.DummyRecall, d.DummyF1Score):
            yield kind(self.classification_name, self.probas_threshold)


@dataclass(frozen=True)
class RegressionQuality:
    """How far off predicted numbers are."""

    regression_name: str = "default"
    mean_error_tests: Conditions | None = field(default=None, kw_only=True)
    mape_tests: Conditions | None = field(default=None, kw_only=True)
    rmse_tests: Conditions | None = field(default=None, kw_only=True)
    mae_tests: Conditions | None = field(default=None, kw_only=True)
    r2score_tests: Conditions | None = field(default=None, kw_only=True)
    abs_max_error_tests: Conditions | None = field(default=None, kw_only=True)

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Conditions on the errors are on their mean. Raises Invalid when the data definition has no such regression."""
        context.definition.task("regression", self.regression_name)
        for kind, name in ERRORS:
            yield _made(kind, self.regression_name, tests=getattr(self, f"{name}_tests"))


class RegressionPreset(RegressionQuality):
    """How far off predicted numbers are: the same metrics, by the name of Evidently's large preset."""


@dataclass(frozen=True)
class RegressionDummyQuality:
    """What always saying the best constant would reach."""

    regression_name: str = "default"
    mae_tests: Conditions | None = field(default=None, kw_only=True)
    mape_tests: Conditions | None = field(default=None, kw_only=True)
    rmse_tests: Conditions | None = field(default=None, kw_only=True)

    def metrics(self, context: Context) -> Iterable[Metric]:
        """MAE, MAPE and RMSE. Raises Invalid when the data definition has no such regression."""
        context.definition.task("regression", self.regression_name)
        yield d.DummyMAE(self.regression_name, tests=self.mae_tests)
        yield d.DummyMAPE(self.regression_name, tests=self.mape_tests)
        yield d.DummyRMSE(self.regression_name, tests=self.rmse_tests)


def _made(kind: type[Metric], *args: Any, tests: Any) -> Metric:
    given = {"mean_tests" if issubclass(kind, MeanMetric) else "tests": tests}
    return kind(*args, **given)
