"""What params say about a metric: known dependences are found, noise is not, and the answer is always the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from tenfold.tracking.importance import weigh


def runs(count: int = 300):
    walk = np.random.default_rng(7)
    lr = 10 ** walk.uniform(-4, 0, count)
    depth = walk.integers(2, 12, count)
    kind = walk.choice(["tree", "linear", "net"], count)
    noise = walk.normal(0, 1, count)
    target = -((np.log10(lr) + 2) ** 2) + np.where(kind == "net", 2.0, 0.0) + 0.05 * depth + walk.normal(0, 0.1, count)
    params = {"lr": lr.tolist(), "depth": depth.tolist(), "kind": kind.tolist(), "noise": noise.tolist(), "same": [1] * count}  # fmt: skip
    return params, target.tolist()


def test_what_matters_comes_first_and_what_is_the_same_in_all_is_left_out():
    found = weigh(*runs())
    assert [one.param for one in found][:2] == ["lr", "kind"]
    assert "same" not in [one.param for one in found]
    share = {one.param: one.share for one in found}
    assert sum(share.values()) == pytest.approx(1)
    assert share["noise"] < 0.03 < share["kind"]


def test_shares_are_about_those_of_scikit_learns_forest():
    params, target = runs()
    share = {one.param: one.share for one in weigh(params, target)}
    words = sorted(set(params["kind"]))
    table = np.column_stack([params["lr"], params["depth"], [words.index(k) for k in params["kind"]], params["noise"]])
    forest = RandomForestRegressor(100, random_state=0, n_jobs=1).fit(table[::2], target[::2])
    theirs = permutation_importance(forest, table[1::2], target[1::2], n_repeats=5, random_state=0).importances_mean
    theirs = theirs / theirs.sum()
    assert share["lr"] == pytest.approx(theirs[0], abs=0.12)
    assert share["kind"] == pytest.approx(theirs[2], abs=0.12)


def test_the_correlation_of_numbers_is_spearmans_with_shared_ranks():
    params, target = runs(60)
    found = {one.param: one for one in weigh(params, target)}
    for name in ("lr", "depth", "noise"):
        assert found[name].correlation == pytest.approx(spearmanr(params[name], target).statistic, abs=1e-12)
    assert found["kind"].kind == "word" and 0 <= found["kind"].correlation <= 1


def test_the_same_runs_always_weigh_the_same():
    assert weigh(*runs(40)) == weigh(*runs(40))


@pytest.mark.parametrize("target", [[1.0] * 6, [1.0, 2.0, 3.0]])
def test_nothing_is_claimed_of_too_few_runs_or_a_metric_that_is_the_same(target):
    found = weigh({"a": list(range(len(target)))}, target)
    assert [one.share for one in found] == [0.0]


def test_missing_and_mixed_values_do_no_harm():
    found = weigh({"a": [None, 1, 2, None, float("nan"), 5], "b": ["x", 1, None, True, "y", 2.5]}, [1, 2, 3, 4, 5, 6])
    assert {one.param: one.kind for one in found} == {"a": "number", "b": "word"}
