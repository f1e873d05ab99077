"""Each measure against an independent source: scikit-learn, numbers of the papers, or counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from tenfold.base.errors import Invalid
from tenfold.evaluation import evaluate
from tenfold.measures.clustering import agreement, separation
from tenfold.measures.ranking import ranked
from tenfold.measures.recommending import recommendation_metrics
from tenfold.measures.resampling import interval, resampled
from tenfold.measures.text import edit_distance, texts


def _means(data: object) -> dict[str, float]:
    found = data.finish(data.sums(np.zeros(data.rows, np.int64), 1))  # type: ignore[attr-defined]
    return {name: float(values[0]) for name, values in found.items()}


def test_weighted_metrics_of_every_kind_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    n = 3000
    weights = random.random(n) * (random.random(n) > 0.1)
    true = random.random(n) < 0.3
    score = np.round(np.clip(random.beta(2, 3, n) + 0.25 * true, 0, 1), 2)
    called = score >= 0.5
    found = evaluate(true, y_score=score, weights=weights).metrics
    options = {"sample_weight": weights}
    assert {name: found[name] for name in ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "log_loss", "brier", "mcc", "kappa")} == pytest.approx({
        "accuracy": sk.accuracy_score(true, called, **options), "precision": sk.precision_score(true, called, **options),
        "recall": sk.recall_score(true, called, **options), "f1": sk.f1_score(true, called, **options),
        "roc_auc": sk.roc_auc_score(true, score, **options), "pr_auc": sk.average_precision_score(true, score, **options),
        "log_loss": sk.log_loss(true, score, **options), "brier": sk.brier_score_loss(true, score, **options),
        "mcc": sk.matthews_corrcoef(true, called, **options), "kappa": sk.cohen_kappa_score(true, called, **options),
    }, abs=1e-9)  # fmt: skip

    classes = random.integers(0, 7, n)
    scores = random.dirichlet(np.ones(7), n)
    found = evaluate(classes, y_score=scores, weights=weights, labels=range(7)).metrics
    guess = scores.argmax(1)
    assert {name: found[name] for name in ("accuracy", "precision", "f1_weighted", "balanced_accuracy", "mcc", "kappa", "log_loss", "roc_auc", "top_5_accuracy")} == pytest.approx({
        "accuracy": sk.accuracy_score(classes, guess, **options), "precision": sk.precision_score(classes, guess, average="macro", **options),
        "f1_weighted": sk.f1_score(classes, guess, average="weighted", **options), "balanced_accuracy": sk.balanced_accuracy_score(classes, guess, **options),
        "mcc": sk.matthews_corrcoef(classes, guess, **options), "kappa": sk.cohen_kappa_score(classes, guess, **options),
        "log_loss": sk.log_loss(classes, scores, **options), "roc_auc": sk.roc_auc_score(classes, scores, multi_class="ovr", **options),
        "top_5_accuracy": sk.top_k_accuracy_score(classes, scores, k=5, **options),
    }, abs=1e-9)  # fmt: skip

    many = random.random((n, 5)) < 0.3
    answers = random.random((n, 5)) < 0.4
    found = evaluate(many, answers, weights=weights).metrics
    assert {name: found[name] for name in ("subset_accuracy", "hamming_loss", "jaccard", "precision", "recall_micro", "f1", "f1_micro")} == pytest.approx({
        "subset_accuracy": sk.accuracy_score(many, answers, **options), "hamming_loss": sk.hamming_loss(many, answers, **options),
        "jaccard": sk.jaccard_score(many, answers, average="samples", zero_division=0, **options),
        "precision": sk.precision_score(many, answers, average="macro", **options), "recall_micro": sk.recall_score(many, answers, average="micro", **options),
        "f1": sk.f1_score(many, answers, average="macro", **options), "f1_micro": sk.f1_score(many, answers, average="micro", **options),
    }, abs=1e-9)  # fmt: skip

    values = random.gamma(3, 10, n)
    guesses = values + random.normal(0, 2, n).clip(-0.5)
    found = evaluate(values, guesses, weights=weights).metrics
    assert {name: found[name] for name in ("mae", "mse", "r2", "mape", "rmsle")} == pytest.approx({
        "mae": sk.mean_absolute_error(values, guesses, **options), "mse": sk.mean_squared_error(values, guesses, **options),
        "r2": sk.r2_score(values, guesses, **options), "mape": sk.mean_absolute_percentage_error(values, guesses, **options),
        "rmsle": sk.root_mean_squared_log_error(values, guesses, **options),
    }, abs=1e-9)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_ranked_lists_are_judged_as_scikit_learn_and_counting_do(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    relevance = random.integers(0, 4, (6, 9)) * (random.random((6, 9)) < 0.5)
    relevance[:, 0] = 1  # scikit-learn gives a query without anything relevant a 0
    score = random.permutation(54).reshape(6, 9).astype(float)
    shuffled = random.permutation(54)
    users = np.repeat(np.arange(6), 9)
    found = _means(ranked(users[shuffled], relevance.ravel()[shuffled], score.ravel()[shuffled], k=k))
    assert found[f"ndcg_at_{k}"] == pytest.approx(sk.ndcg_score(relevance, score, k=k), abs=1e-9)
    tops = np.take_along_axis(relevance, np.argsort(-score, axis=1), axis=1)[:, :k] > 0
    assert found[f"precision_at_{k}"] == pytest.approx((tops.sum(1) / min(k, 9)).mean(), abs=1e-9)
    assert found[f"hit_rate_at_{k}"] == pytest.approx(tops.any(1).mean(), abs=1e-9)
    assert found[f"mrr_at_{k}"] == pytest.approx(np.mean([1 / (row.argmax() + 1) if row.any() else 0 for row in tops]))
    whole = _means(ranked(users, relevance.ravel(), score.ravel(), k=9))
    assert whole["map_at_9"] == pytest.approx(
        np.mean([sk.average_precision_score(relevance[i] > 0, score[i]) for i in range(6)]), abs=1e-9
    )


def test_recommendations_are_described_as_their_formulas_say() -> None:
    users = np.array(["a", "a", "b", "b", "c", "c"])
    items = np.array([1, 2, 1, 3, 2, 4])
    scores = np.array([2.0, 1, 2, 1, 2, 1])
    features = np.array([[1.0, 0], [0, 1], [1, 0], [1, 0], [0, 1], [1, 1]])
    found = recommendation_metrics(
        users, items, scores, k=2, features=features, train_users=["u", "v", "v", "w"], train_items=[1, 1, 2, 3]
    )
    # lists 12, 13, 24: two pairs of users share one of two items, one pair shares none
    assert found["personalization"] == pytest.approx(1 - (0.5 + 0.5 + 0) / 3)
    assert found["diversity"] == pytest.approx((1 + 0 + (1 - 1 / np.sqrt(2))) / 3)
    novelty = {1: -np.log2(2 / 3), 2: -np.log2(1 / 3), 3: -np.log2(1 / 3)}
    each = [(novelty[1] + novelty[2]) / 2, (novelty[1] + novelty[3]) / 2, novelty[2]]
    assert found["novelty"] == pytest.approx(np.mean(each))
    assert found["item_coverage"] == 1.0


def test_forecasts_are_held_against_the_past_of_their_series() -> None:
    history = {"a": [1.0, 3, 2, 6], "b": [10.0, 10, 14, 14]}
    low, high = np.array([1.0, 4, 9, 14]), np.array([5.0, 8, 12, 16])
    evaluation = evaluate(
        [4.0, 9, 10, 15], [5.0, 7, 11, 14], task="forecasting", series=["a", "a", "b", "b"], history=history, season=2,
        interval=(low, high), level=0.8, quantiles={0.9: [6.0, 8, 12, 15]}, slices={"horizon": [1, 2, 1, 2]}, min_slice=1,
    )  # fmt: skip
    found = evaluation.metrics
    scale = {"a": (1 + 3) / 2, "b": (4 + 4) / 2}
    assert found["mase"] == pytest.approx(np.mean([1 / scale["a"], 2 / scale["a"], 1 / scale["b"], 1 / scale["b"]]))
    assert found["smape"] == pytest.approx(np.mean([2 / 9, 4 / 16, 2 / 21, 2 / 29]))
    assert found["wape"] == pytest.approx(5 / 38)
    assert found["coverage"] == 0.75
    assert found["interval_score"] == pytest.approx(np.mean([4, 4 + 10 * 1, 3, 2]))
    assert found["pinball_0.9"] == pytest.approx(sk.mean_pinball_loss([4.0, 9, 10, 15], [6.0, 8, 12, 15], alpha=0.9))
    assert {part.name: part.metrics["mae"] for part in evaluation.slices} == {"horizon=1": 1.0, "horizon=2": 1.5}
    with pytest.raises(Invalid, match="'a' never changed"):
        evaluate([1.0], [2.0], series=["a"], history={"a": [3.0, 3.0]})


def test_clusters_are_judged_as_scikit_learn_does() -> None:
    random = np.random.default_rng(3)
    points = random.normal(0, 1, (400, 3)) + 3 * random.integers(0, 3, 400)[:, None]
    true, found = random.integers(0, 4, 400), (points[:, 0] > 1).astype(int) + (points[:, 1] > 4)
    found[0] = 9  # a cluster of one point
    told = agreement(true, found) | separation(points, found)
    assert {name: told[name] for name in ("adjusted_rand", "nmi", "homogeneity", "completeness", "silhouette", "davies_bouldin", "calinski_harabasz")} == pytest.approx({
        "adjusted_rand": sk.adjusted_rand_score(true, found), "nmi": sk.normalized_mutual_info_score(true, found),
        "homogeneity": sk.homogeneity_score(true, found), "completeness": sk.completeness_score(true, found),
        "silhouette": sk.silhouette_score(points, found), "davies_bouldin": sk.davies_bouldin_score(points, found),
        "calinski_harabasz": sk.calinski_harabasz_score(points, found),
    }, abs=1e-9)  # fmt: skip
    assert evaluate(None, np.zeros(5), task="clustering", points=np.arange(5.0)).notes


def test_texts_are_measured_as_their_papers_do() -> None:
    data = texts(
        ["the cat is on the mat", "police killed the gunman", "The Eiffel Tower!"],
        ["the the the the the the the", "police kill the gunman", "eiffel tower"],
    )
    row = dict(zip(("exact", "normal", "f1", "r1", "r2", "rl", "edit"), data.values[1], strict=False))
    assert row["rl"] == 0.75  # Lin (2004), section 3
    assert data.bleu[0][0] == 2 and data.bleu[0][4] == 7  # clipped to 2 of 7: Papineni et al., section 2.1
    assert data.values[2][:3].tolist() == [0.0, 1.0, 1.0]
    same = _means(texts(["a b c d e"], ["a b c d e"]))
    assert same["bleu"] == pytest.approx(1.0) and same["chrf"] == pytest.approx(1.0)
    best = _means(texts([["x", "kitten here"]], ["kitten here"]))
    assert best["exact_match"] == 1.0
    assert edit_distance("kitten", "sitting") == 3
    with pytest.raises(Invalid, match="row 1"):
        evaluate(["a b", None], ["a", "b"], task="text")


@settings(max_examples=60, deadline=None)
@given(st.text("ab ", max_size=12), st.text("ab ", max_size=12))
def test_edit_distance_is_the_textbook_s(a: str, b: str) -> None:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, before = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    assert edit_distance(a, b) == row[-1]


def test_blocks_give_the_intervals_that_drawing_every_row_gives() -> None:
    from tenfold.measures.binary import Binary

    random = np.random.default_rng(5)
    n = 20_000
    true = random.random(n) < 0.3
    score = np.clip(random.beta(2, 3, n) + 0.25 * true, 0, 1)
    data = Binary(true, score >= 0.5, score)
    drawn = resampled(data, 300)
    by_row: dict[str, list[float]] = {"roc_auc": [], "log_loss": [], "precision": []}
    for _ in range(100):
        rows = random.integers(0, n, n)
        part = data.take(rows)
        found = _means(part) | part.rest()
        for name, values in by_row.items():
            values.append(found[name])
    for name, values in by_row.items():
        low, high = interval(drawn[name]) or (0, 0)
        assert low < (_means(data) | data.rest())[name] < high
        assert drawn[name].std() == pytest.approx(np.std(values), rel=0.25)
