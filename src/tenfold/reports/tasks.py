"""What columns are the truth and the answers: one record a task, named in a data definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class BinaryClassification:
    """Two classes. The column of scores is the probability of `pos_label`; labels are made of it at 0.5 where there are none."""

    target: str = "target"
    prediction_labels: str | None = None
    prediction_probas: str | None = None
    pos_label: Any = 1
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class MulticlassClassification:
    """Several classes. Columns of scores bear the names of the classes."""

    target: str = "target"
    prediction_labels: str | None = "prediction"
    prediction_probas: Sequence[str] | None = None
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Numbers that were predicted."""

    target: str = "target"
    prediction: str = "prediction"
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class Recsys:
    """Items ranked for users: `prediction` is a score, or with `recommendations_type="rank"` the place from 1 on."""

    user_id: str = "user_id"
    item_id: str = "item_id"
    target: str = "target"
    prediction: str = "prediction"
    recommendations_type: str = "score"
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class Forecasting:
    """Numbers foretold. `lower` and `upper` shall hold the share `level`; `series` says which series a row is of."""

    target: str = "target"
    prediction: str = "prediction"
    series: str | None = None
    lower: str | None = None
    upper: str | None = None
    level: float = 0.9
    season: int = 1
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class Multilabel:
    """Several labels a row, a column of 0 and 1 each; predictions are such columns, or scores, in the same order."""

    targets: Sequence[str]
    predictions: Sequence[str] | None = None
    scores: Sequence[str] | None = None
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """Clusters of rows: `features` say where a row lies, `target` which group it truly is of. One of them is needed."""

    prediction: str = "prediction"
    target: str | None = None
    features: Sequence[str] = ()
    name: str = "default"


@dataclass(frozen=True, kw_only=True)
class TextAnswers:
    """Texts beside what they should have been."""

    target: str = "target"
    prediction: str = "prediction"
    name: str = "default"


Classification = BinaryClassification | MulticlassClassification
EXAMPLES = {
    "classification": "BinaryClassification", "regression": "Regression", "ranking": "Recsys",
    "forecasting": "Forecasting", "multilabel": "Multilabel", "clustering": "Clustering", "answers": "TextAnswers",
}  # fmt: skip
"""A task of each kind that a data definition has."""
_NO_COLUMNS = frozenset(("name", "pos_label", "recommendations_type", "level", "season"))


def columns_of(task: Any) -> list[str]:
    """The columns that a task names."""
    found: list[str] = []
    for part in fields(task):
        value = getattr(task, part.name)
        if part.name not in _NO_COLUMNS and value:
            found += [value] if isinstance(value, str) else list(value)
    return found
