"""What scikit-learn has no transformer for: formulas over columns, kept by their program (a list, no code), and missing texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.base.errors import Damaged, Invalid
from tenfold.components.analyzers import FUNCTIONS


class FormulaTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Computes one column from several, row by row.

    Args:
        program: In postfix order: ["column", place], ["value", number or text], [function, how many arguments].
    """

    def __init__(self, program: list[list[Any]]) -> None:
        self.program = program

    def fit(self, table: Any, y: Any = None) -> FormulaTransformer:
        """Nothing is learned but how many columns there are."""
        self.n_features_in_ = int(np.shape(table)[1])
        takes = 1 + max(value for word, value in self.program if word == "column")
        if self.n_features_in_ != takes:
            raise Invalid(f"A formula takes {takes} features but is given {self.n_features_in_}: one_hot gives several")
        return self

    def transform(self, table: Any) -> Any:
        """(rows, 1) of float64. What has no number (the logarithm of -1, 1 / 0) is missing."""
        columns = list(np.asarray(table).T)
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for word, value in self.program:
                if word == "column":
                    stack.append(columns[value])
                elif word == "value":
                    stack.append(value)
                elif word in FUNCTIONS:
                    arguments = stack[-value:]
                    del stack[-value:]
                    stack.append(_apply(word, arguments))
                else:
                    raise Damaged(
                        f"A kept formula holds {word!r}, which is no function of formulas. Train the model again"
                    )
        result = np.asarray(stack[0], dtype=np.float64).reshape(-1, 1)
        return np.where(np.isfinite(result), result, np.nan)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """One name."""
        return np.array(["formula"], dtype=object)


class TextFiller(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Missing texts as `value`, be they None (pandas 2, Polars) or NaN (pandas 3)."""

    def __init__(self, value: str) -> None:
        self.value = value

    def fit(self, table: Any, y: Any = None) -> TextFiller:
        """Nothing is learned but how many columns there are."""
        self.n_features_in_ = int(np.shape(table)[1])
        return self

    def transform(self, table: Any) -> Any:
        """The table as (rows, columns) of texts."""
        texts = np.array(table, dtype=object)
        flat = texts.ravel()
        for at, text in enumerate(flat.tolist()):
            if text is None or text != text:
                flat[at] = self.value
        return flat.reshape(texts.shape)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """As many names as there are columns."""
        return np.array([f"text{at}" for at in range(self.n_features_in_)], dtype=object)


def _apply(name: str, arguments: list[Any]) -> Any:
    function = getattr(np, name)
    if name in ("equal", "not_equal") and any(isinstance(one, str) for one in arguments):
        return function(*(np.asarray(one, dtype=object) for one in arguments))
    return function(*(np.asarray(one, dtype=np.float64) for one in arguments))
