"""Components: preprocessing fitted once and served as it is, tables from outside, and functions as arguments of steps."""

from __future__ import annotations

import csv
import hashlib
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import tenfold
from tenfold import components as c
from tenfold.base.errors import Invalid
from tenfold.pipelines.caching.code import function_digest
from tenfold.pipelines.values import keep
from tenfold.testing.stores import sqlite_stores

EXAMPLE = Path(__file__).parents[3] / "examples" / "taxi"
RULES = [tenfold.Rule("roc_auc", at_least=0.6), tenfold.Rule("roc_auc", not_worse_by=0.0, first="pass")]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of its own, in an empty working folder."""
    before = tenfold.current()
    monkeypatch.chdir(tmp_path)
    tenfold.use(str(tmp_path / ".tenfold"))
    yield
    tenfold.use(before)


@pytest.fixture
def rides(store, monkeypatch):
    """The example's rides in rides.csv, and its module."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import rides as made
    import taxi

    made.write("rides.csv", rows=1500)
    yield taxi
    for name in ("rides", "taxi"):
        sys.modules.pop(name)


def scaled(column):
    miles, seconds = column["miles"], column["seconds"]
    filled = c.fill_missing(seconds)
    return {
        "z": c.scale_to_z_score(miles),
        "speed": c.log1p(miles / filled * 3600),
        "centred": miles - c.scale_to_0_1(miles) * 2,
        "late": (column["hour"] >= 18) * 1,
        "night": np.sqrt(abs(column["hour"] - 12)),
        "cash": column["paid"] == "cash",
        "bucket": c.bucketize(miles, 2),
        "company": c.one_hot(c.fill_missing(column["company"], "none"), top=1),
        "id": c.vocabulary(column["paid"]),
    }


def test_a_preprocessing_function_computes_what_it_says():
    table = pl.DataFrame(
        {
            "miles": [1.0, 2.0, 3.0, 6.0], "seconds": [60.0, None, 180.0, 600.0], "hour": [0, 12, 18, 23],
            "paid": ["cash", "card", "cash", "card"], "company": ["a", None, "a", "b"], "unused": [1, 2, 3, 4],
        }
    )  # fmt: skip
    made = c.apply_transform(c.transform(scaled, table), table)
    miles, seconds = np.array([1.0, 2, 3, 6]), np.array([60.0, 180, 180, 600])
    expected = {
        "z": StandardScaler().fit_transform(miles[:, None])[:, 0],
        "speed": np.log1p(miles / seconds * 3600),
        "centred": miles - (miles - 1) / 5 * 2,
        "late": [0, 0, 1, 1],
        "night": np.sqrt([12, 0, 6, 11]),
        "cash": [1, 0, 1, 0],
        "bucket": [0, 0, 1, 1],
        "id": [1, 0, 1, 0],
    }
    for name, values in expected.items():
        assert made[name].to_numpy() == pytest.approx(np.asarray(values, dtype=float)), name
    assert made.select("^company.*$").to_numpy().tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_mistakes_in_preprocessing_are_said_before_anything_is_fitted():
    table = pl.DataFrame({"miles": [1.0, 2.0]})
    for wrong, said in (
        (lambda column: column["miles"], "by name"),
        (lambda column: {"x": column["fare"]}, "no column 'fare'"),
        (lambda column: {"x": 1 if column["miles"] > 2 else 0}, "without data"),
        (lambda column: {"x": np.tan(column["miles"])}, "numpy.tan"),
    ):
        with pytest.raises(Invalid, match=said):
            c.transform(wrong, table)


def test_rows_stay_on_their_side_whatever_stands_beside_them():
    table = pl.DataFrame({"customer": [n // 3 for n in range(3000)], "amount": [float(n % 7) for n in range(3000)]})
    train, holdout, test = c.split(table, train=8, eval=1, test=1, by="customer")
    sides = [set(part["customer"]) for part in (train, holdout, test)]
    assert len(train) + len(holdout) + len(test) == 3000
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert [len(part) / 3000 for part in (train, holdout, test)] == pytest.approx([0.8, 0.1, 0.1], abs=0.05)
    again = c.split(table.reverse().head(1000), train=8, eval=1, test=1, by="customer")
    assert all(set(part["customer"]) <= side for part, side in zip(again, sides, strict=True))
    # The rule, by which rows of years ago are found again: blake2b of the texts of the key's columns.
    bucket = int.from_bytes(hashlib.blake2b(b"42", digest_size=8).digest(), "little") % 10
    assert 42 in sides[0 if bucket < 8 else bucket - 7]


def test_data_that_break_their_schema_fail_the_step_or_are_only_told(store, capsys):
    schema = c.infer_schema(pl.DataFrame({"fare": [1.0, 2.0], "paid": ["cash", "card"]}), name="rides")
    assert tenfold.Client().version("schema:rides@latest").number == 1
    wrong = c.statistics(pl.DataFrame({"fare": [1.0, None], "paid": ["cash", "crypto"]}))
    with pytest.raises(Invalid, match="2 ways") as caught:
        c.validate(wrong, schema)
    assert "paid" in str(caught.value) and "crypto" in str(caught.value)
    assert len(c.validate(wrong, schema, fail_on="never")) == 2
    assert "crypto" in capsys.readouterr().out


def test_training_and_serving_see_the_same_and_a_second_run_is_found_in_the_cache(rides):
    first = rides.taxi.with_options(executor="inline").run(trees=20)
    assert first.outputs() == "model:taxi@v1"
    again = rides.taxi.with_options(executor="inline").run(trees=20)
    assert Counter(step.state for step in again.steps.values()) == {"cached": 10, "finished": 2}
    assert tenfold.Client().versions("model", "taxi")[0].number == 1
    served_rows = list(csv.DictReader(Path("rides.csv").read_text().splitlines()))[:200]
    numbers = {"trip_miles": float, "trip_seconds": int, "fare": float, "trip_start_hour": int}
    requests = [
        {k: numbers.get(k, str)(v) if v != "" else None for k, v in row.items() if k != "tipped"} for row in served_rows
    ]
    assert any(row["company"] is None for row in requests)
    requests[3]["trip_miles"] = None
    trained = first.output("transform")
    features = c.apply_transform(trained, pl.DataFrame(requests))
    native = tenfold.load_model("model:taxi@champion").native
    expected = native.named_steps["model"].predict_proba(features.to_numpy())[:, 1]
    assert tenfold.load_model("model:taxi@champion").manifest.find("pickle") is None
    with tenfold.serve("model:taxi@champion") as server:
        body = {"dataframe_records": requests, "params": {"predict_method": "predict_proba"}}
        scores = httpx.post(f"{server.url}/invocations", json=body).raise_for_status().json()["predictions"]
    assert np.array(scores)[:, 1] == pytest.approx(expected, abs=1e-12)
    why = str(tenfold.why("model:taxi@champion"))
    assert all(f"{name}" in why for name in ("train", "transform", "split", "ingest"))


def test_a_worse_model_is_refused_and_the_alias_stays(rides):
    run = rides.taxi.with_options(executor="inline").run
    run(trees=40)
    worse = run(trees=1)
    assert worse.outputs() is None and not worse.output("bless").passed
    model = tenfold.model("taxi")
    assert [model.version("champion").number, len(model.versions())] == [1, 2]
    assert worse.output("evaluate").baseline == "model:taxi@v1"
    assert "not worse" not in worse.output("bless").reasons[0]


def test_each_works_alone(store):
    table = pl.DataFrame({"x": [float(n) for n in range(60)], "y": [2.0 * n for n in range(60)]})
    best = c.tune(forest, {"depth": tenfold.Int(1, 4)}, table, "y", table, metric="rmse", trials=3, seed=1)
    assert set(best) == {"depth"}
    address = c.train(LinearRegression(), table, "y", name="line", eval=table)
    assert address == "model:line@v1"
    judged = c.evaluate(address, table, "y")
    assert judged.metrics["rmse"] < 1e-9
    assert c.push(c.bless(judged, [tenfold.Rule("rmse", at_most=1.0)])) == c.champion("line") == address
    kept = tenfold.Client().version(address).tags["evaluation"]  # an id: what the page's link and the route take
    assert tenfold.Client().version(f"version:{kept}").address == judged.evaluation
    assert c.predict(address, table)["prediction"].to_numpy() == pytest.approx(table["y"].to_numpy())


def forest(features, labels, depth):
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(max_depth=depth).fit(features, labels)


@tenfold.pipeline
def counted(source: str, query: str = ""):
    return rows(c.ingest(source, query))


@tenfold.step
def rows(table) -> int:
    return len(table)


def test_sources_that_changed_are_read_again_and_others_are_not(store):
    ready = counted.with_options(executor="inline")
    Path("a.csv").write_text("x\n1\n")
    assert ready.run("*.csv").outputs() == 1
    assert ready.run("*.csv").graph.counts == {"cached": 2}
    Path("b.csv").write_text("x\n1.5\n")
    assert ready.run("*.csv").outputs() == 2
    tenfold.dataset("rides").commit({"r.csv": b"x\n1\n2\n3\n"})
    found = ready.run("data:rides@main")
    assert found.outputs() == 3 and "data:rides@v1" in tenfold.Client().used(found.steps["ingest"].run_id)
    with sqlite3.connect("rides.db") as base:
        base.execute("create table rides (x int)")
        base.execute("insert into rides values (1), (null)")
    base.close()
    first = ready.run("sqlite:///rides.db", "select * from rides")
    again = ready.run("sqlite:///rides.db", "select * from rides")
    assert first.outputs() == 2
    assert {key: step.state for key, step in again.steps.items()} == {"ingest": "finished", "rows": "cached"}
    with pytest.raises(Invalid, match="no table at"):
        c.ingest("nothing/*.csv")


def test_a_functions_code_and_an_estimators_parameters_count_not_where_they_lie_in_memory(tmp_path, monkeypatch):
    blobs = sqlite_stores(tmp_path / "store").blobs
    fitted = [GradientBoostingClassifier(n_estimators=2, random_state=1).fit([[0], [1]], [0, 1]) for _ in range(2)]
    other = GradientBoostingClassifier(n_estimators=3, random_state=1).fit([[0], [1]], [0, 1])
    one, same, different = (keep(value, lambda: blobs).digest for value in (*fitted, other))
    assert one == same != different
    monkeypatch.syspath_prepend(str(tmp_path))
    digests = []
    for number, source in enumerate(("def help(): return 1", "def help():  return 1  # why", "def help(): return 2")):
        (tmp_path / f"m{number}.py").write_text(f"{source}\ndef f(column): return help()\n")
        module = __import__(f"m{number}")
        module.__name__ = module.f.__module__ = module.help.__module__ = "m"
        sys.modules["m"] = module
        digests.append(function_digest(module.f))
    del sys.modules["m"]
    assert digests[0] == digests[1] != digests[2]
    with pytest.raises(Invalid, match="top of a module"):
        keep(lambda column: column, lambda: blobs)
