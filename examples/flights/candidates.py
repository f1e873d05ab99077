"""Three kinds of model, each fitted in pieces so that its score can be watched as it grows.

scikit-learn is imported where it is used: a run that finds everything in the cache never loads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import features
import polars as pl

Log = Callable[[dict[str, float], int], None]
Watch = Callable[[Any, int], None]


def fit(kind: str, train: pl.DataFrame, validation: pl.DataFrame, *, log: Log) -> Any:
    """A fitted pipeline of encoder and classifier; `log` hears its validation scores after each piece."""
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.pipeline import Pipeline

    encoder = make_encoder()
    seen, watched = (part.select(features.FEATURES).to_pandas() for part in (train, validation))
    x, x_watched = encoder.fit_transform(seen), encoder.transform(watched)
    y, y_watched = train[features.LABEL].to_numpy(), validation[features.LABEL].to_numpy()

    def watch(model: Any, step: int) -> None:
        scores = model.predict_proba(x_watched)[:, 1]
        log({"auc": roc_auc_score(y_watched, scores), "log_loss": log_loss(y_watched, scores)}, step)

    return Pipeline([("encoder", encoder), ("classifier", GROW[kind](x, y, watch))])


def make_encoder() -> Any:
    """Categories as one column each, numbers with the gaps filled and scaled."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=50)
    return ColumnTransformer(
        [
            ("categories", categories, features.CATEGORIES),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), features.NUMBERS),
        ]
    )


def logistic(x: Any, y: Any, watch: Watch) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=15, warm_start=True)
    for step in range(15, 46, 15):
        model.fit(x, y)
        watch(model, step)
    return model


def boosting(x: Any, y: Any, watch: Watch) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(warm_start=True, max_iter=20, random_state=7)
    for rounds in range(20, 81, 20):
        model.set_params(max_iter=rounds)
        model.fit(x, y)
        watch(model, rounds)
    return model


def forest(x: Any, y: Any, watch: Watch) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(warm_start=True, min_samples_leaf=20, max_depth=12, random_state=7)
    for trees in range(8, 41, 8):
        model.set_params(n_estimators=trees)
        model.fit(x, y)
        watch(model, trees)
    return model


GROW = {"logistic": logistic, "boosting": boosting, "forest": forest}
