"""`transform`: preprocessing fitted on training data, as one scikit-learn object that serving applies as it is."""

from __future__ import annotations

import types
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
    names = [str(name) for name in transform.get_feature_names_out()]
    return polars.DataFrame(made, schema=names, orient="row")


def plan(features: Any) -> tuple[list[str], Any]:
    """Raw columns and the unfitted transformer that makes features of them, {name: expression}.

    Without formulas it is scikit-learn's ColumnTransformer, which converts to ONNX; else a Preprocessor.
    """
    if not isinstance(features, dict) or not features or not all(isinstance(f, Expression) for f in features.values()):
        raise Invalid(
            'A preprocessing function gives its features by name, like {"miles": scale_to_z_score(column["miles"])}',
            field="preprocessing",
        )
    from sklearn.compose import ColumnTransformer

    parts = [_part(name, feature) for name, feature in features.items()]
    if all(part is not None for part in parts):
        return list(dict.fromkeys(c for _, _, taken in parts for c in taken)), ColumnTransformer(
            parts, sparse_threshold=0
        )
    from tenfold.components.preprocessor import Preprocessor

    nodes: list[tuple[Any, list[Any]]] = []
    outputs = [[name, _place(feature, nodes)] for name, feature in features.items()]
    taken = [place for _, inputs in nodes for place in inputs] + [place for _, place in outputs]
    columns = list(dict.fromkeys(place for place in taken if isinstance(place, str)))
    if not columns:
        raise Invalid("The features take no column of the table", field="preprocessing")
    return columns, Preprocessor(columns, [node for node, _ in nodes], [inputs for _, inputs in nodes], outputs)


def _part(name: str, feature: Expression) -> Any:
    """A feature as a part of a ColumnTransformer; None when it takes more than transformers of scikit-learn in a row."""
    from sklearn.pipeline import make_pipeline

    row: list[Any] = []
    while isinstance(feature, Fitted) and type(feature.transformer).__module__.startswith("sklearn."):
        row.insert(0, feature.transformer)
        if len(feature.inputs) > 1 and all(isinstance(one, Column) for one in feature.inputs):
            break
        feature = feature.inputs[0]
    last = feature.inputs if isinstance(feature, Fitted) else (feature,)
    columns = [one.name for one in last if isinstance(one, Column)]
    if len(columns) < len(last) or len(set(columns)) < len(columns):
        return None
    return name, make_pipeline(*row) if len(row) > 1 else row[0] if row else "passthrough", columns


def _place(feature: Expression, nodes: list[tuple[Any, list[Any]]]) -> Any:
    """Where a feature's values are: a raw column's name, or the number of the node that makes them, added if it is new."""
    if isinstance(feature, Column):
        return feature.name
    if isinstance(feature, Fitted):
        nodes.append((feature.transformer, [_place(one, nodes) for one in feature.inputs]))
        return len(nodes) - 1
    if not isinstance(feature, Formula):
        raise Invalid(f"A {type(feature).__name__} is no feature. Give columns, formulas of them, or analyzers")
    from tenfold.components.formula import FormulaTransformer

    leaves: list[Expression] = []
    program = _program(feature, leaves)
    if not leaves:
        raise Invalid("A formula takes at least one column")
    nodes.append((FormulaTransformer(program), [_place(one, nodes) for one in leaves]))
    return len(nodes) - 1


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
