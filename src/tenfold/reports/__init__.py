"""Reports: what a table is like, how it differs from a reference, how good its predictions are, and tests of all that.

    Report([DataDriftPreset(), MissingValueCount("age", tests=[eq(0)])], include_tests=True).run(current, reference)

The names and numbers are Evidently's, so its reports read nearly the same here (docs/from-evidently.md). Here monitoring
and evaluation meet; how a monitor looks at data over time stands in monitoring/.
"""

from tenfold.reports.classification import (
    FNR,
    FPR,
    TNR,
    TPR,
    Accuracy,
    F1ByLabel,
    F1Score,
    LogLoss,
    Precision,
    PrecisionByLabel,
    Recall,
    RecallByLabel,
    RocAuc,
    RocAucByLabel,
)
from tenfold.reports.columns import (
    CategoryCount,
    InListValueCount,
    InRangeValueCount,
    MaxValue,
    MeanValue,
    MedianValue,
    MinValue,
    MissingValueCount,
    OutListValueCount,
    OutRangeValueCount,
    QuantileValue,
    StdValue,
    SumValue,
    UniqueValueCount,
)
from tenfold.reports.conditions import Condition, Reference, eq, gt, gte, is_in, lt, lte, not_eq, not_in
from tenfold.reports.dataset import (
    BinaryClassification,
    DataDefinition,
    Dataset,
    MulticlassClassification,
    Recsys,
    Regression,
)
from tenfold.reports.descriptors import (
    BeginsWith,
    Contains,
    ContainsLink,
    CustomDescriptor,
    Descriptor,
    DoesNotContain,
    EndsWith,
    ExactMatch,
    ExcludesWords,
    IncludesWords,
    IsValidJSON,
    NonLetterCharacterPercentage,
    OOVWordsPercentage,
    RegExp,
    SentenceCount,
    TextLength,
    TriggerWordsPresent,
    WordCount,
)
from tenfold.reports.drifts import DriftedColumnsCount, EmbeddingsDrift, ValueDrift
from tenfold.reports.metric import CountMetric, LabelMetric, MeanMetric, Metric, SingleMetric
from tenfold.reports.presets import (
    ClassificationPreset,
    DataDriftPreset,
    DataQualityPreset,
    DatasetStats,
    DataSummaryPreset,
    Preset,
    RecsysPreset,
    RegressionPreset,
    RowTestSummary,
    TargetDriftPreset,
    TextEvals,
    ValueStats,
)
from tenfold.reports.ranking import (
    MAP,
    MRR,
    NDCG,
    FBetaTopK,
    HitRate,
    Novelty,
    Personalization,
    PopularityBias,
    PrecisionTopK,
    RecallTopK,
    ScoreDistribution,
)
from tenfold.reports.record import MetricResult, ReportResult, TestResult
from tenfold.reports.regression import MAE, MAPE, RMSE, AbsMaxError, MeanError, R2Score
from tenfold.reports.report import Report, Snapshot
from tenfold.reports.tables import (
    AlmostConstantColumnsCount,
    AlmostDuplicatedColumnsCount,
    ColumnCount,
    ConstantColumnsCount,
    DatasetMissingValueCount,
    DuplicatedColumnsCount,
    DuplicatedRowCount,
    EmptyColumnsCount,
    EmptyRowsCount,
    RowCount,
)

__all__ = [
    "FNR", "FPR", "MAE", "MAP", "MAPE", "MRR", "NDCG", "RMSE", "TNR", "TPR", "AbsMaxError", "Accuracy",
    "AlmostConstantColumnsCount", "AlmostDuplicatedColumnsCount", "BeginsWith", "BinaryClassification",
    "CategoryCount", "ClassificationPreset", "ColumnCount", "Condition", "ConstantColumnsCount", "Contains",
    "ContainsLink", "CountMetric", "CustomDescriptor", "DataDefinition", "DataDriftPreset", "DataQualityPreset",
    "DataSummaryPreset", "Dataset", "DatasetMissingValueCount", "DatasetStats", "Descriptor", "DoesNotContain",
    "DriftedColumnsCount", "DuplicatedColumnsCount", "DuplicatedRowCount", "EmbeddingsDrift", "EmptyColumnsCount",
    "EmptyRowsCount", "EndsWith", "ExactMatch", "ExcludesWords", "F1ByLabel", "F1Score", "FBetaTopK", "HitRate",
    "InListValueCount", "InRangeValueCount", "IncludesWords", "IsValidJSON", "LabelMetric", "LogLoss", "MaxValue",
    "MeanError", "MeanMetric", "MeanValue", "MedianValue", "Metric", "MetricResult", "MinValue",
    "MissingValueCount", "MulticlassClassification", "NonLetterCharacterPercentage", "Novelty",
    "OOVWordsPercentage", "OutListValueCount", "OutRangeValueCount", "Personalization", "PopularityBias",
    "Precision", "PrecisionByLabel", "PrecisionTopK", "Preset", "QuantileValue", "R2Score", "Recall",
    "RecallByLabel", "RecallTopK", "Recsys", "RecsysPreset", "Reference", "RegExp", "Regression",
    "RegressionPreset", "Report", "ReportResult", "RocAuc", "RocAucByLabel", "RowCount", "RowTestSummary",
    "ScoreDistribution", "SentenceCount", "SingleMetric", "Snapshot", "StdValue", "SumValue", "TargetDriftPreset",
    "TestResult", "TextEvals", "TextLength", "TriggerWordsPresent", "UniqueValueCount", "ValueDrift", "ValueStats",
    "WordCount", "eq", "gt", "gte", "is_in", "lt", "lte", "not_eq", "not_in",
]  # fmt: skip
