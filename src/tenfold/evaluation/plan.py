"""What shall be evaluated, and how good is good enough, as a small YAML file that lives in git."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.evaluation.record import Rule
from tenfold.evaluation.thresholds import rule


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One evaluation. Columns are of `data`, or of the file of predictions.

    `baseline` is an alias or address of a model, or a file of its predictions. `first_may_pass` lets relative thresholds
    pass while there is no baseline.
    """

    model: str | None = None
    predictions: str | None = None
    """A table of predictions, in place of `model`; it holds the truth too, unless `data` does."""
    data: str | None = None
    target: str | list[str] | None = None
    """The truth; of several labels a row either a column of lists, or columns of 0 and 1, one for each label."""
    prediction: str | list[str] | None = None
    """As the truth: one column, or one for each label in the same order."""
    score: str | list[str] | None = None
    task: str = "auto"
    positive: str | int | bool | None = None
    threshold: float = 0.5
    weight: str | None = None
    query: str | None = None
    k: int = 10
    slices: list[str] = []
    fairness: list[str] = []
    min_slice: int = 50
    thresholds: list[str | dict[str, Any]] = []
    baseline: str | None = None
    first_may_pass: bool = False
    train: str | None = None
    """What the model was trained on, to look for overlap."""
    bootstrap: int = 200
    seed: int = 0
    name: str | None = None

    @property
    def targets(self) -> list[str]:
        """The columns with the truth."""
        return _listed(self.target)

    @property
    def predictions_in(self) -> list[str]:
        """The columns with the predictions."""
        return _listed(self.prediction)

    def rules(self) -> list[Rule]:
        """The thresholds as rules. Raises Invalid."""
        return [rule(one, first=self.first_may_pass) for one in self.thresholds]


def _listed(columns: str | list[str] | None) -> list[str]:
    return columns if isinstance(columns, list) else [columns] if columns else []


def read_plan(path: Path) -> Plan:
    """A plan from its file. Raises Invalid naming the field that is not right."""
    import yaml

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", field="config") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is no YAML: {' '.join(str(error).split())}", field="config") from error
    if not isinstance(told, dict):
        raise Invalid(f"{path} says nothing. Write at least data, target and thresholds", field="config")
    try:
        return msgspec.convert(told, Plan)
    except msgspec.ValidationError as error:
        raise Invalid(f"{path}: {error}. Fields: {', '.join(Plan.__struct_fields__)}", field="config") from error
