"""Tests of every row: a condition on a column as a column of its own, and all tests of a row in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenfold.base.errors import Invalid
from tenfold.reports.conditions import Condition, eq
from tenfold.reports.descriptors import Descriptor

if TYPE_CHECKING:
    import polars as pl

    from tenfold.reports.dataset import Dataset


@dataclass(frozen=True)
class ColumnTest(Descriptor):
    """Whether each value of a column meets a condition: `ColumnTest("length", lte(250))`. It counts as a test of the row."""

    condition: Condition | None = None
    tests: Sequence[Condition] = field(default=(eq(True),), kw_only=True)

    @property
    def name(self) -> str:
        return self.alias or f"{self.column_name} {self.condition}"

    def compute(self, data: Dataset) -> pl.Series:
        if self.condition is None:
            raise Invalid("ColumnTest needs a condition: ColumnTest('length', lte(250))", field="condition")
        return held(data.column(self.column_name), self.condition)


@dataclass(frozen=True)
class TestSummary(Descriptor):
    """All tests of a row in one: whether all or any passed, how many, their share, a weighted score.

    One column, by the alias, when one thing is asked for; `alias_success_rate` and so on when several are. Tests are those
    of the descriptors before it; `score_weights` are by the name of a test, as `RowTestSummary` shows it.
    """

    __test__ = False
    column_name: str = ""
    success_all: bool = True
    success_any: bool = False
    success_count: bool = False
    success_rate: bool = False
    score: bool = False
    score_weights: Mapping[str, float] | None = None
    normalize_scores: bool = True

    @property
    def name(self) -> str:
        return self.alias or "summary"

    @property
    def sources(self) -> list[str]:
        return []

    def columns_of(self, data: Dataset) -> dict[str, pl.Series]:
        import polars as pl

        tests = row_tests(data, data.descriptors)
        if not tests:
            raise Invalid("no descriptor has tests: TextLength('text', tests=[lte(250)])", field="tests")
        names = ("success_all", "success_any", "success_count", "success_rate", "score")
        asked = [name for name in names if getattr(self, name)]
        if not asked:
            raise Invalid(f"TestSummary was asked for nothing. Give one of {', '.join(names)}", field="success_all")
        frame = pl.DataFrame(list(tests.values()))
        passed = frame.sum_horizontal().cast(pl.Int64)
        found = {
            "success_all": passed == len(tests), "success_any": passed > 0, "success_count": passed,
            "success_rate": passed / len(tests),
        }  # fmt: skip
        if self.score:
            found["score"] = self._score(tests)
        return {self.name if len(asked) == 1 else f"{self.name}_{name}": found[name] for name in asked}

    def _score(self, tests: Mapping[str, pl.Series]) -> pl.Series:
        import polars as pl

        weights = self.score_weights or dict.fromkeys(tests, 1.0)
        unknown = [name for name in weights if name not in tests]
        if unknown:
            raise Invalid(f"There is no test {unknown[0]!r}. There are: {', '.join(tests)}", field="score_weights")
        whole = sum(weights.values()) if self.normalize_scores else 1.0
        if not whole:
            raise Invalid("The weights of a score add up to 0", field="score_weights")
        rows = len(next(iter(tests.values())))
        total = pl.Series([0.0]).new_from_index(0, rows)
        for name, weight in weights.items():
            total = total + tests[name].cast(pl.Float64) * (weight / whole)
        return total


def row_tests(data: Dataset, descriptors: Sequence[Descriptor]) -> dict[str, pl.Series]:
    """Whether each row passes (rows,), by test: 'length ≤ 250'. A missing value passes no test."""
    return {
        f"{descriptor.name} {test}": held(data.column(descriptor.name), test).alias(f"{descriptor.name} {test}")
        for descriptor in descriptors
        for test in descriptor.tests
    }


def held(values: pl.Series, condition: Condition) -> pl.Series:
    """Whether each value meets the condition (rows,). Raises Invalid when they have no order it can be held to."""
    import polars as pl

    return pl.Series([value is not None and condition.holds(value) for value in values], dtype=pl.Boolean)
