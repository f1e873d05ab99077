"""Drift of texts: can a classifier tell which side a text comes from (the domain classifier of Evidently)?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tenfold.base.extras import require
from tenfold.monitoring.multivariate import roc_auc
from tenfold.monitoring.pairs import Pair, Side

TEXT_ROWS = 50_000
"""A side with more texts is sampled (seed 0)."""
RANDOM_SCORES = 1000
WHY = "tell texts apart"


def domain_auc(pair: Pair) -> float:
    """ROC AUC on held-out texts of a linear classifier over TF-IDF that tells current texts from those of the reference.

    0.5: it cannot. Half of the texts train it. Needs scikit-learn.
    """
    return _scored(pair)[0]


def beyond_threshold(_: Pair, score: float, threshold: float) -> bool:
    """Drift when the AUC is above the threshold itself."""
    return score > threshold


def beyond_chance(pair: Pair, score: float, threshold: float) -> bool:
    """Drift when the AUC is above that quantile of what 1,000 random guesses reach on the same held-out texts."""
    held_out = _split(pair)[3]
    random = np.random.RandomState(42)
    reached = []
    for seed in random.randint(0, RANDOM_SCORES * 10, size=RANDOM_SCORES):
        reached.append(roc_auc(held_out, np.random.RandomState(seed).rand(held_out.size)))
    return bool(score > np.percentile(reached, 100 * threshold))


def _scored(pair: Pair) -> tuple[float, Any]:
    features = require("sklearn.feature_extraction.text", extra="monitoring", why=WHY)
    linear = require("sklearn.linear_model", extra="monitoring", why=WHY)
    texts, held_out_texts, side, held_out = _split(pair)
    vectors = features.TfidfVectorizer(sublinear_tf=True, max_df=0.5, stop_words="english")
    classifier = linear.SGDClassifier(alpha=0.0001, max_iter=50, penalty="l1", loss="modified_huber", random_state=42)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 50 passes did not converge, which changes nothing of the question
        classifier.fit(vectors.fit_transform(texts), side)
    scores = classifier.predict_proba(vectors.transform(held_out_texts))[:, 1]
    return roc_auc(held_out, scores), classifier


def _split(pair: Pair) -> Any:
    selection = require("sklearn.model_selection", extra="monitoring", why=WHY)
    reference, current = _texts(pair.reference), _texts(pair.current)
    every = np.array([*reference, *current], dtype=object)
    side = np.repeat([0, 1], [len(reference), len(current)])
    return selection.train_test_split(every, side, test_size=0.5, random_state=42, shuffle=True)


def _texts(side: Side) -> list[str]:
    values = side.values
    if len(values) > TEXT_ROWS:
        values = values.sample(TEXT_ROWS, seed=0)
    texts: list[str] = values.to_list()
    return texts
