"""What every metric is: named arguments, a value of one table, conditions on parts of the value.

The shapes of values: a number, a count with its share, a mean with its deviation, numbers by label.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.reports.conditions import Condition
from tenfold.reports.record import TestResult, Value

if TYPE_CHECKING:
    from tenfold.reports.context import Context
    from tenfold.reports.dataset import Dataset

Conditions = Sequence[Condition]
TESTS = frozenset(("tests", "share_tests", "mean_tests", "std_tests"))


@dataclass(frozen=True)
class Metric:
    """A number of a table. `tests` are the conditions on it: None for the default ones when the report includes tests."""

    def measure(self, data: Dataset, context: Context) -> Value:
        """The value of this table, the current or the reference one.

        Raises:
            Invalid: It has none; the text says why.
        """
        raise NotImplementedError

    @property
    def compares(self) -> bool:
        """Whether its value is of both tables, so that the reference has none of its own."""
        return False

    def parts(self, value: Value) -> dict[str, Any]:
        """The numbers that conditions can be on, by name; '' for the value itself."""
        return {"": value}

    def asked(self) -> dict[str, Conditions] | None:
        """The conditions that were given, by part; None when none were."""
        tests = getattr(self, "tests", None)
        return None if tests is None else {"": tests}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        """Evidently's default conditions: with a reference other ones than without."""
        return {}

    def resolved(self, context: Context) -> dict[str, Any]:
        """Arguments that were left open and what was chosen for them."""
        return {}

    def verdicts(self, context: Context) -> list[TestResult] | None:
        """Results of a test that is no condition on the value; None when there are only conditions."""
        return None

    @property
    def config(self) -> dict[str, Any]:
        """The arguments that are not as they are by default, without the tests."""
        found = {}
        for part in dataclasses.fields(self):
            value = getattr(self, part.name)
            if part.repr and part.name not in TESTS and (part.default is dataclasses.MISSING or value != part.default):
                found[part.name] = value if isinstance(value, (str, int, float, bool)) else str(value)
        return found

    @property
    def name(self) -> str:
        """As it would be written."""
        return f"{type(self).__name__}({', '.join(f'{key}={value}' for key, value in self.config.items())})"


@dataclass(frozen=True)
class SingleMetric(Metric):
    """A metric whose value is one number."""

    tests: Conditions | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class CountMetric(Metric):
    """A metric whose value is {"count", "share"}."""

    tests: Conditions | None = field(default=None, kw_only=True)
    share_tests: Conditions | None = field(default=None, kw_only=True)

    def parts(self, value: Value) -> dict[str, Any]:
        return dict(value) if isinstance(value, dict) else {"count": None, "share": None}

    def asked(self) -> dict[str, Conditions] | None:
        if self.tests is None and self.share_tests is None:
            return None
        return {"count": self.tests or (), "share": self.share_tests or ()}


@dataclass(frozen=True)
class MeanMetric(Metric):
    """A metric whose value is {"mean", "std"}."""

    mean_tests: Conditions | None = field(default=None, kw_only=True)
    std_tests: Conditions | None = field(default=None, kw_only=True)

    def parts(self, value: Value) -> dict[str, Any]:
        return dict(value) if isinstance(value, dict) else {"mean": None, "std": None}

    def asked(self) -> dict[str, Conditions] | None:
        if self.mean_tests is None and self.std_tests is None:
            return None
        return {"mean": self.mean_tests or (), "std": self.std_tests or ()}


@dataclass(frozen=True)
class LabelMetric(Metric):
    """A metric whose value is numbers by label; so are its tests: {"yes": [gte(0.8)]}."""

    tests: Mapping[Any, Conditions] | None = field(default=None, kw_only=True)

    def parts(self, value: Value) -> dict[str, Any]:
        return dict(value) if isinstance(value, dict) else {}

    def asked(self) -> dict[str, Conditions] | None:
        return None if self.tests is None else {str(label): tests for label, tests in self.tests.items()}
