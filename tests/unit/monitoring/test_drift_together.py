"""What is asked of drift beyond single columns: order of strength, corrections, long files, correlations, all columns at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.multitest import multipletests

from tenfold.monitoring import (
    correlation_change,
    domain_classifier,
    drift,
    quality_change,
    reconstruction_drift,
    summarize,
)
from tenfold.monitoring.condensed import condense
from tenfold.monitoring.corrections import adjusted
from tenfold.monitoring.distances import wasserstein, wasserstein_error
from tenfold.monitoring.methods import METHODS, default_method
from tenfold.monitoring.multivariate import roc_auc
from tenfold.monitoring.pairs import Pair
from tenfold.monitoring.sides import long_side, side

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(0, 1, 1500)


def test_by_column_is_stronger_than_by_kind_that_than_all_that_than_the_default() -> None:
    table = dict.fromkeys("abc", X) | {"w": ["u", "v", "w"] * 500, "flag": [0, 1, 1] * 500}
    report = drift(
        table, table, methods={"a": "ks", "*": "psi"}, method_by_kind={"number": "ed"}, kinds={"c": "category"},
        thresholds={"a": 0.01, "*": 0.4}, threshold_by_kind={"number": 0.3},
    )  # fmt: skip
    found = {c.name: (c.kind, c.method, c.threshold) for c in report.columns}
    assert found == {
        "a": ("number", "ks", 0.01), "b": ("number", "ed", 0.3), "c": ("category", "psi", 0.4),
        "w": ("category", "psi", 0.4), "flag": ("category", "psi", 0.4),
    }  # fmt: skip
    assert drift(table, table).column("flag").kind == "category"
    assert drift(table, table, methods={"flag": "ks"}).column("flag").kind == "number"  # its method says so


def test_a_function_of_ones_own_is_a_method() -> None:
    def medians(reference: pl.Series, current: pl.Series, kind: str, threshold: float) -> tuple[float, bool]:
        assert kind == "number"
        moved = abs(float(current.median() or 0) - float(reference.median() or 0))
        return moved, moved > threshold

    report = drift({"x": X, "y": X}, {"x": X + 2, "y": X + 0.01}, methods=medians, thresholds={"y": 0.001}, target="y")
    assert [(c.method, c.threshold, c.drifted) for c in report.columns] == [
        ("medians", 0.05, True),
        ("medians", 0.001, True),
    ]
    assert report.column("x").score == pytest.approx(2)
    assert report.target == "y"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_corrections_are_those_of_statsmodels(p_values: list[float]) -> None:
    for ours, theirs in (("bonferroni", "bonferroni"), ("holm", "holm"), ("bh", "fdr_bh")):
        assert adjusted(p_values, ours) == pytest.approx(multipletests(p_values, method=theirs)[1].tolist())


def test_with_a_correction_chance_alone_is_no_drift() -> None:
    columns = {f"c{i}": RANDOM.normal(0, 1, 300) for i in range(100)}
    other = {f"c{i}": RANDOM.normal(0, 1, 300) for i in range(100)}
    assert drift(columns, other).drifted_columns > 0
    corrected = drift(columns, other | {"c7": RANDOM.normal(1, 1, 300)}, correction="holm")
    assert [c.name for c in corrected.columns if c.drifted] == ["c7"]
    assert all(c.p_adjusted is not None and c.p_adjusted >= (c.score or 0) for c in corrected.columns)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from(["normal", "heavy", "few"]))
def test_a_condensed_column_moves_the_distance_by_no_more_than_it_says(seed: int, batches: int, shape: str) -> None:
    random = np.random.default_rng(seed)
    draw = {
        "normal": lambda n: random.normal(0, 1, n), "heavy": lambda n: random.standard_cauchy(n),
        "few": lambda n: random.integers(0, 9, n).astype(float),
    }[shape]  # fmt: skip
    parts = [draw(70_000 + 1000 * i) for i in range(batches)]
    whole, other = np.concatenate(parts), draw(30_000) + 0.1
    found, exact = condense(iter(parts)), condense([other])
    assert found is not None
    assert exact is not None
    assert exact.is_exact
    assert found.weights.sum() == found.count == whole.size
    assert (found.low, found.high) == (whole.min(), whole.max())
    assert (found.mean, found.std) == pytest.approx((whole.mean(), whole.std()))
    distance = stats.wasserstein_distance(found.points, other, found.weights)
    assert abs(distance - stats.wasserstein_distance(whole, other)) <= found.moved * (1 + 1e-6) + 1e-9
    assert found.is_exact == (shape == "few")


def test_a_long_file_read_in_batches_is_judged_as_one_in_memory(tmp_path: Path) -> None:
    rows = 20_000
    table = {
        "x": np.where(RANDOM.random(rows) < 0.1, np.nan, RANDOM.normal(0, 1, rows)), "few": RANDOM.integers(0, 4, rows),
        "w": RANDOM.choice(list("abc"), rows), "flag": RANDOM.random(rows) < 0.2,
        "big": RANDOM.normal(0, 1, rows), "n": RANDOM.integers(0, 60, rows),
    }  # fmt: skip
    before, after = pl.DataFrame(table, nan_to_null=True), pl.DataFrame(table).sample(9000, seed=1)
    for name, frame in (("a", before), ("b", after)):
        frame.write_parquet(tmp_path / f"{name}.parquet", row_group_size=3000)
    for name in table:
        files = [
            (pl.scan_parquet(tmp_path / f"{part}.parquet"), frame) for part, frame in (("a", before), ("b", after))
        ]
        sides = [long_side(lazy, name, frame.height) for lazy, frame in files]
        here = Pair(side(before[name]), side(after[name]), side(after[name]).kind)
        there = Pair(sides[0], sides[1], sides[1].kind)
        assert (there.kind, there.distinct, there.reference.missing) == (
            here.kind,
            here.distinct,
            here.reference.missing,
        )
        assert default_method(there).name == default_method(here).name
        for method in [
            m
            for m in METHODS.values()
            if here.kind in m.kinds and m.name not in ("TVD", "es", "fisher_exact", "empirical_mmd")
        ]:
            assert method.score(there) == pytest.approx(method.score(here), rel=1e-9, abs=1e-9), (name, method.name)
    assert wasserstein_error(there) == 0  # few enough points to be exact
    assert wasserstein(Pair(side(before["x"]), side(after["x"]), "number")) > 0


def test_correlations_are_those_of_pandas_and_the_most_changed_pair_comes_first() -> None:
    def table(tie: float, seed: int) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        made = pd.DataFrame(random.normal(0, 1, (400, 4)), columns=list("abcd"))
        made["b"] = tie * made["a"] + (1 - tie) * made["b"]
        made["d"] = made["d"].round().where(random.random(400) > 0.1)
        made["w"] = random.choice(list("uvw"), 400)
        made["v"] = np.where(random.random(400) < tie, made["w"], "u")
        return made

    before, after = table(0.9, 1), table(0.1, 2)
    for method in ("pearson", "spearman", "kendall"):
        found = correlation_change(before, after, method=method)
        assert (found.pairs[0].first, found.pairs[0].second) == ("a", "b")
        for pair in found.pairs:
            for frame, value in ((before, pair.reference), (after, pair.current)):
                assert value == pytest.approx(frame[[pair.first, pair.second]].corr(method).iloc[0, 1])
    [pair] = correlation_change(before, after, method="cramer_v").pairs
    for frame, value in ((before, pair.reference), (after, pair.current)):
        counts = pd.crosstab(frame["w"], frame["v"]).to_numpy()
        assert value == pytest.approx(stats.contingency.association(counts, method="cramer", correction=False))


def test_reconstruction_is_that_of_scikit_learns_pca_and_sees_what_no_column_shows() -> None:
    a, b = RANDOM.normal(0, 1, (2, 3000))
    before = {"a": a, "b": a + 0.2 * b, "c": RANDOM.normal(0, 1, 3000)}
    order = RANDOM.permutation(3000)
    broken = before | {"b": before["b"][order]}
    assert drift(before, broken).drifted_columns == 0
    found = reconstruction_drift(before, broken)
    scaler = StandardScaler().fit(np.column_stack(list(before.values())))
    pca = PCA(n_components=0.65).fit(scaler.transform(np.column_stack(list(before.values()))))

    def error(table: dict[str, Any]) -> Any:
        rows = scaler.transform(np.column_stack(list(table.values())))
        return np.linalg.norm(rows - pca.inverse_transform(pca.transform(rows)), axis=1)

    assert found.score == pytest.approx(float(error(broken).mean()))
    chunks = [part.mean() for part in np.split(error(before), 10)]
    assert found.high == pytest.approx(np.mean(chunks) + 3 * np.std(chunks))
    assert found.drifted is True
    assert reconstruction_drift(before, {k: v[:1000] for k, v in before.items()}).drifted is False
    told = domain_classifier(before, broken)
    assert told.drifted is True
    assert told.interval is not None
    assert told.interval[0] > 0.55
    assert set(told.columns[:2]) == {"a", "b"}
    half = {k: v[::2] for k, v in before.items()}
    assert domain_classifier(half, {k: v[1::2] for k, v in before.items()}).drifted is False
    scores, true = RANDOM.integers(0, 5, 200), RANDOM.integers(0, 2, 200)
    assert roc_auc(true, scores) == pytest.approx(roc_auc_score(true, scores))


def test_quality_change_names_what_became_worse_and_nothing_of_an_equal_table() -> None:
    before = {"x": X, "w": ["u", "v", "w"] * 500, "k": np.arange(1500) % 7, "gone": X}
    assert quality_change(before, before) == []
    holed = np.where(np.arange(1500) % 3 == 0, np.nan, X)
    holed[1] = 99.0
    after = {"x": holed, "w": ["u", "v", "z"] * 500, "k": np.full(1500, 3), "new": X}
    found = {(change.column, change.what) for change in quality_change(before, after)}
    assert found == {
        ("gone", "column gone"), ("new", "column new"), ("x", "missing"), ("x", "above range"), ("w", "new categories"),
        ("k", "constant"),
    }  # fmt: skip
    assert summarize(after).column("x").missing == 500
