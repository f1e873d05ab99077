"""What a preprocessing function works with: columns that are only named yet, and what is to be fitted on them.

    def preprocess(column):
        return {
            "miles": scale_to_z_score(log1p(column["trip_miles"])),
            "speed": column["trip_miles"] / fill_missing(column["trip_seconds"]),
            "company": one_hot(column["company"], top=20),
        }

The function is called once, without data. What it gives says how to make each feature from the raw columns; `plan` in
transforming.py turns that into scikit-learn objects. So what is fitted on training data is all that serving needs.
Names follow TensorFlow Transform, where it has the thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenfold.base.errors import Invalid


class Expression:
    """A feature in the making: numbers, `+ - * / **` and comparisons (1.0 where true) make new ones of it."""

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Formula:
        return Formula("add", (self, other))

    def __radd__(self, other: Any) -> Formula:
        return Formula("add", (other, self))

    def __sub__(self, other: Any) -> Formula:
        return Formula("subtract", (self, other))

    def __rsub__(self, other: Any) -> Formula:
        return Formula("subtract", (other, self))

    def __mul__(self, other: Any) -> Formula:
        return Formula("multiply", (self, other))

    def __rmul__(self, other: Any) -> Formula:
        return Formula("multiply", (other, self))

    def __truediv__(self, other: Any) -> Formula:
        return Formula("divide", (self, other))

    def __rtruediv__(self, other: Any) -> Formula:
        return Formula("divide", (other, self))

    def __pow__(self, other: Any) -> Formula:
        return Formula("power", (self, other))

    def __neg__(self) -> Formula:
        return Formula("negative", (self,))

    def __abs__(self) -> Formula:
        return Formula("absolute", (self,))

    def __lt__(self, other: Any) -> Formula:
        return Formula("less", (self, other))

    def __le__(self, other: Any) -> Formula:
        return Formula("less_equal", (self, other))

    def __gt__(self, other: Any) -> Formula:
        return Formula("greater", (self, other))

    def __ge__(self, other: Any) -> Formula:
        return Formula("greater_equal", (self, other))

    def __eq__(self, other: object) -> Formula:  # type: ignore[override]
        return Formula("equal", (self, other))

    def __ne__(self, other: object) -> Formula:  # type: ignore[override]
        return Formula("not_equal", (self, other))

    def __bool__(self) -> bool:
        raise Invalid(
            "A preprocessing function is called without data, so `if` and `and` cannot look at a column. Multiply with a "
            "comparison, or prepare the column before"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Formula:
        """`np.log1p(column["x"])` and the other functions known here."""
        if method != "__call__" or options:
            raise Invalid(f"numpy.{ufunc.__name__}.{method} cannot be used on a column that is only named yet")
        return Formula(ufunc.__name__, inputs)


@dataclass(frozen=True, eq=False)
class Column(Expression):
    """A raw column, by name."""

    name: str


FUNCTIONS = (
    "add", "subtract", "multiply", "divide", "power", "negative", "absolute", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal", "log", "log1p", "exp", "sqrt", "minimum", "maximum", "floor", "sin", "cos",
)  # fmt: skip
"""NumPy functions of one or two arrays that a formula may hold, by NumPy's names."""


@dataclass(frozen=True, eq=False)
class Formula(Expression):
    """A NumPy function of features and numbers, row by row; nothing is fitted."""

    function: str
    arguments: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise Invalid(f"A column cannot go through numpy.{self.function}. There are: {', '.join(FUNCTIONS)}")
        for one in self.arguments:
            if not isinstance(one, (Expression, int, float, str)):
                raise Invalid(
                    f"A column cannot be combined with a {type(one).__name__}. Take numbers, texts or columns"
                )


@dataclass(frozen=True, eq=False)
class Fitted(Expression):
    """Features through a scikit-learn transformer, which is fitted on training data."""

    transformer: Any
    inputs: tuple[Expression, ...]


class Columns:
    """What a preprocessing function is given: `column["fare"]`."""

    def __getitem__(self, name: str) -> Column:
        return Column(name)

    def __iter__(self) -> Iterator[Any]:
        raise Invalid("A preprocessing function names the columns it takes: column['fare']")


def log(feature: Any) -> Formula:
    """The natural logarithm."""
    return Formula("log", (feature,))


def log1p(feature: Any) -> Formula:
    """The natural logarithm of 1 + x."""
    return Formula("log1p", (feature,))


def exp(feature: Any) -> Formula:
    """e to the power of x."""
    return Formula("exp", (feature,))


def sqrt(feature: Any) -> Formula:
    """The square root."""
    return Formula("sqrt", (feature,))


def fit_with(transformer: Any, *features: Expression) -> Fitted:
    """Features through any transformer of scikit-learn: `fit_with(PCA(3), column["a"], column["b"], column["c"])`."""
    return Fitted(transformer, features)


def scale_to_z_score(feature: Expression) -> Fitted:
    """Less its mean, over its standard deviation."""
    from sklearn.preprocessing import StandardScaler

    return Fitted(StandardScaler(), (feature,))


def scale_by_min_max(feature: Expression, low: float = 0.0, high: float = 1.0) -> Fitted:
    """Its least and greatest value of training brought to `low` and `high`."""
    from sklearn.preprocessing import MinMaxScaler

    return Fitted(MinMaxScaler((low, high)), (feature,))


def scale_to_0_1(feature: Expression) -> Fitted:
    """Its least value of training brought to 0, its greatest to 1."""
    return scale_by_min_max(feature)


def fill_missing(feature: Expression, value: float | str | None = None) -> Fitted:
    """Missing values as `value`; without one as the median of training."""
    from sklearn.impute import SimpleImputer

    if value is None:
        return Fitted(SimpleImputer(strategy="median"), (feature,))
    if isinstance(value, str):
        from tenfold.components.formula import TextFiller

        return Fitted(TextFiller(value), (feature,))
    return Fitted(SimpleImputer(strategy="constant", fill_value=float(value)), (feature,))


def bucketize(feature: Expression, buckets: int) -> Fitted:
    """The number of its bucket, from 0 on; buckets hold equally many rows of training."""
    from sklearn.preprocessing import KBinsDiscretizer

    return Fitted(
        KBinsDiscretizer(buckets, encode="ordinal", strategy="quantile", quantile_method="averaged_inverted_cdf"),
        (feature,),
    )


def vocabulary(feature: Expression) -> Fitted:
    """The number of its value among those of training, sorted; -1 for others."""
    from sklearn.preprocessing import OrdinalEncoder

    return Fitted(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1), (feature,)
    )


def one_hot(feature: Expression, top: int | None = None) -> Fitted:
    """One column a value of training, only the `top` most frequent and one for the rest when given; all 0 for others."""
    from sklearn.preprocessing import OneHotEncoder

    unknown = "ignore" if top is None else "infrequent_if_exist"
    most = None if top is None else top + 1
    return Fitted(OneHotEncoder(handle_unknown=unknown, max_categories=most, sparse_output=False), (feature,))
