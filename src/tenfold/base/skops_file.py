"""scikit-learn objects as skops files. What may be loaded is decided here, by the reader, never by the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.base.extras import require

_BOOSTERS = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "lightgbm.basic.Booster",
        *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Ranker", "Regressor")),
        "xgboost.core.Booster",
        *(
            f"xgboost.sklearn.XGB{kind}"
            for kind in ("Classifier", "RFClassifier", "RFRegressor", "Ranker", "Regressor")
        ),
    }
)
"""Boosters as steps of a pipeline. Inside the file they are what their own library's file holds, and read by it."""

ALLOWED = _BOOSTERS | frozenset(
    {
        "functools.partial",  # of functions that must be allowed themselves
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
        "tenfold.components.formula.FormulaTransformer",  # a list of NumPy's functions, by name, of a fixed list
        "tenfold.components.formula.TextFiller",
        "tenfold.components.preprocessor.Preprocessor",
    }
)
"""Types trusted beyond those skops trusts itself. The two tree types hold node arrays that index memory when they
predict, so `check_trees` looks at every index before a model is used."""


def dump(native: Any) -> bytes:
    """The object as a skops file.

    Raises:
        Invalid: It holds types that no reader would load; the message names them.
    """
    skops = require("skops.io", extra="models", why="save scikit-learn models without pickle")
    try:
        data: bytes = skops.dumps(native)
    except Exception as error:  # skops raises many kinds for objects it cannot take apart
        raise Invalid(f"skops cannot save a {type(native).__name__}: {error}", field="format") from error
    if unknown := _unknown(data):
        raise Invalid(
            f"A {type(native).__name__} holds types that are not loaded without trust: {', '.join(unknown)}. "
            "Save it with allow_pickle=True, or leave those parts out",
            field="format",
        )
    return data


def load(data: bytes) -> Any:
    """The object of a skops file, its trees checked.

    Raises:
        Forbidden: The file names types that are not on the list; nothing was loaded.
        Damaged: A tree points outside itself.
    """
    skops = require("skops.io", extra="models", why="load this model")
    if unknown := _unknown(data):
        raise Forbidden(
            f"This model file asks for {', '.join(unknown)}, which Tenfold does not load from a file. "
            "Save the model again from its training code"
        )
    native = skops.loads(data, trusted=sorted(ALLOWED))
    check_trees(native)
    return native


def load_trusted(data: bytes) -> Any:
    """The object of a skops file whose every type the caller has judged, its trees checked. Raises Damaged."""
    skops = require("skops.io", extra="models", why="read a scikit-learn estimator")
    native = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
    check_trees(native)
    return native


def check_trees(native: Any) -> None:
    """Look at every tree inside an object: children come after their parent and inside, features exist. Raises Damaged."""
    for thing in _walk(native, set()):
        kind = type(thing).__name__
        if kind == "Tree" and hasattr(thing, "children_left"):
            leaf = thing.children_left == -1
            _check(thing.children_left, thing.children_right, thing.feature, leaf, int(thing.n_features))
        elif kind == "TreePredictor":
            nodes = thing.nodes
            _check(
                nodes["left"].astype(np.int64),
                nodes["right"].astype(np.int64),
                nodes["feature_idx"],
                nodes["is_leaf"] != 0,
                None,
            )
            categorical = (nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)
            if categorical.any():
                highest = int(nodes["bitset_idx"][categorical].max())
                if highest >= min(len(thing.raw_left_cat_bitsets), len(thing.binned_left_cat_bitsets)):
                    raise _damaged("a set of categories that is not there")


def _check(left: Any, right: Any, feature: Any, leaf: Any, features: int | None) -> None:
    count = len(left)
    inner = np.flatnonzero(~leaf)
    for children in (left[inner], right[inner]):
        if (children <= inner).any() or (children >= count).any():  # growing indices: no walk can run in a circle
            raise _damaged("a node that is not below it")
    if features is not None and ((feature[inner] < 0).any() or (feature[inner] >= features).any()):
        raise _damaged("a feature that is not there")
    if features is None and (feature[inner] < 0).any():
        raise _damaged("a feature that is not there")


def highest_feature(native: Any) -> int:
    """The highest feature index any histogram tree of an object reads, -1 when it has none."""
    highest = -1
    for thing in _walk(native, set()):
        if type(thing).__name__ == "TreePredictor" and len(thing.nodes):
            inner = thing.nodes["is_leaf"] == 0
            if inner.any():
                highest = max(highest, int(thing.nodes["feature_idx"][inner].max()))
    return highest


def _damaged(what: str) -> Damaged:
    return Damaged(f"A tree of this model points to {what}. The file was changed: save the model again")


def _unknown(data: bytes) -> list[str]:
    skops = require("skops.io", extra="models", why="load this model")
    return sorted(set(skops.get_untrusted_types(data=data)) - ALLOWED)


def _walk(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Every object reachable through attributes, lists and dicts, once."""
    pending = [thing]
    while pending:
        at = pending.pop()
        if at is None or isinstance(at, (str, bytes, int, float, bool, type)) or id(at) in seen:
            continue
        seen.add(id(at))
        if isinstance(at, dict):
            pending.extend(at.values())
        elif isinstance(at, (list, tuple, set)):
            pending.extend(at)
        elif isinstance(at, np.ndarray):
            if at.dtype == object:
                pending.extend(at.ravel().tolist())
        else:
            yield at
            pending.extend(getattr(at, "__dict__", {}).values())
