"""Three kinds of model, each fitted in pieces so that its score can be watched as it grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import features
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Log = Callable[[dict[str, float], int], None]


def fit(kind: str, train: pl.DataFrame, validation: pl.DataFrame, *, log: Log) -> Pipeline:
    """A fitted pipeline of encoder and classifier; `log` hears its validation scores after each piece."""
    encoder = ColumnTransformer(
        [
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=50),
                features.CATEGORIES,
            ),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), features.NUMBERS),
        ]
    )
    seen, watched = (part.select(features.FEATURES).to_pandas() for part in (train, validation))
    x, x_watched = encoder.fit_transform(seen), encoder.transform(watched)
    y, y_watched = train[features.LABEL].to_numpy(), validation[features.LABEL].to_numpy()

    def watch(model: Any, step: int) -> None:
        scores = model.predict_proba(x_watched)[:, 1]
        log({"auc": roc_auc_score(y_watched, scores), "log_loss": log_loss(y_watched, scores)}, step)

    return Pipeline([("encoder", encoder), ("classifier", _GROW[kind](x, y, watch))])


def _logistic(x: Any, y: Any, watch: Callable[[Any, int], None]) -> LogisticRegression:
    model = LogisticRegression(max_iter=15, warm_start=True)
    for step in range(15, 46, 15):
        model.fit(x, y)
        watch(model, step)
    return model


def _boosting(x: Any, y: Any, watch: Callable[[Any, int], None]) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(warm_start=True, max_iter=20, random_state=7)
    for rounds in range(20, 81, 20):
        model.set_params(max_iter=rounds)
        model.fit(x, y)
        watch(model, rounds)
    return model


def _forest(x: Any, y: Any, watch: Callable[[Any, int], None]) -> RandomForestClassifier:
    model = RandomForestClassifier(warm_start=True, min_samples_leaf=20, max_depth=12, random_state=7)
    for trees in range(8, 41, 8):
        model.set_params(n_estimators=trees)
        model.fit(x, y)
        watch(model, trees)
    return model


_GROW = {"logistic": _logistic, "boosting": _boosting, "forest": _forest}
