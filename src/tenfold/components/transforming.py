"""`transform`: preprocessing fitted on training data, as one scikit-learn object that serving applies as it is."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.components.analyzers import Column, Columns, Expression, Fitted, Formula
from tenfold.components.frames import as_served
from tenfold.pipelines import step


@step
def transform(preprocessing: Any, table: Any, label: str | None = None) -> Any:
    """Fit preprocessing on training rows; gives one fitted transformer, for `train` and `apply_transform`.

    Args:
        preprocessing: A function like `preprocess(column)` in analyzers.py, at the top of a module; or an unfitted
            transformer of scikit-learn that chooses columns by name (ColumnTransformer).
        table: Training rows.
        label: A column that is none of the features, for a transformer that takes all the others.

    Raises:
        Invalid: It gives no features, or names a column that the table does not have.
    """
    require("sklearn", extra="models", why="fit a transform")
    from sklearn.base import clone

    if isinstance(preprocessing, types.FunctionType):
        columns, unfitted = plan(preprocessing(Columns()))
    else:
        columns, unfitted = None, clone(preprocessing)
    frame = as_served(table, columns, leave_out=[label] if label else [])
    return unfitted.fit(frame)


@step
def apply_transform(transform: Any, table: Any) -> Any:
    """The features of a table as a Polars frame, in the transformer's order: for looking at, or other trainers."""
    polars = require("polars", extra="tables", why="give the features as a table")
    made = transform.transform(as_served(table, list(transform.feature_names_in_)))
    names = [str(name).removesuffix("__formula") for name in transform.get_feature_names_out()]
    return polars.DataFrame(made, schema=names, orient="row")


def plan(features: Any) -> tuple[list[str], Any]:
    """Raw columns and the unfitted transformer that makes features of them, {name: expression}."""
    from sklearn.compose import ColumnTransformer

    if not isinstance(features, dict) or not features or not all(isinstance(f, Expression) for f in features.values()):
        raise Invalid(
            'A preprocessing function gives its features by name, like {"miles": scale_to_z_score(column["miles"])}',
            field="preprocessing",
        )
    parts = [(name, *reversed(_compile(feature))) for name, feature in features.items()]
    columns = list(dict.fromkeys(column for _, _, taken in parts for column in taken))
    return columns, ColumnTransformer(parts, sparse_threshold=0)


def _compile(feature: Expression) -> tuple[list[str], Any]:
    """The raw columns of a feature and what makes it of a frame with just these: a transformer or 'passthrough'."""
    if isinstance(feature, Column):
        return [feature.name], "passthrough"
    if isinstance(feature, Fitted):
        return _after(list(feature.inputs), feature.transformer)
    if not isinstance(feature, Formula):
        raise Invalid(f"A {type(feature).__name__} is no feature. Give columns, formulas of them, or analyzers")
    from tenfold.components.formula import FormulaTransformer

    leaves: list[Expression] = []
    program = _program(feature, leaves)
    if not leaves:
        raise Invalid("A formula takes at least one column")
    return _after(leaves, FormulaTransformer(program))


def _after(inputs: Sequence[Expression], transformer: Any) -> tuple[list[str], Any]:
    """A transformer over features: they are made first, side by side."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline

    made = [_compile(one) for one in inputs]
    columns = list(dict.fromkeys(name for names, _ in made for name in names))
    plain = [names[0] for names, how in made if isinstance(how, str)]
    if len(plain) == len(made) == len(columns):
        return columns, transformer
    if len(made) == 1:
        return columns, make_pipeline(made[0][1], transformer)
    side_by_side = ColumnTransformer(
        [(f"{at}", how, names) for at, (names, how) in enumerate(made)], sparse_threshold=0
    )
    return columns, make_pipeline(side_by_side, transformer)


def _program(feature: Any, leaves: list[Expression]) -> list[list[Any]]:
    """A formula in postfix order. Columns and fitted features become its leaves, each once."""
    if isinstance(feature, Formula):
        inner = [word for one in feature.arguments for word in _program(one, leaves)]
        return [*inner, [feature.function, len(feature.arguments)]]
    if not isinstance(feature, Expression):
        return [["value", feature]]
    for at, known in enumerate(leaves):
        if known is feature or (
            isinstance(known, Column) and isinstance(feature, Column) and known.name == feature.name
        ):
            return [["column", at]]
    leaves.append(feature)
    return [["column", len(leaves) - 1]]
