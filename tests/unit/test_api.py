"""What `import tenfold` gives, used as a script uses it."""

from __future__ import annotations

import inspect
import threading

import httpx
import polars as pl
import pytest

import tenfold
from tenfold import api
from tenfold.base.errors import AlreadyExists, CheckFailed, Invalid, RunNotFound, VersionNotFound
from tenfold.base.ids import new_id


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A fresh workspace in the folder the process is in."""
    for name in ("STORE", "BLOBS", "TOKEN", "PROJECT", "CAPTURE"):
        monkeypatch.delenv(f"TENFOLD_{name}", raising=False)
    monkeypatch.setenv("TENFOLD_CAPTURE", "git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    return tenfold.use(str(tmp_path / ".tenfold"))


@pytest.mark.parametrize("name", api.__all__)
def test_each_public_name_is_there_and_says_what_it_is(name):
    assert inspect.getdoc(getattr(tenfold, name))


def test_the_package_lists_its_public_names_and_no_other():
    assert set(dir(tenfold)) == {*api.__all__, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'banana'"):
        _ = tenfold.banana


def test_a_run_keeps_what_it_was_given(place):
    with tenfold.run(
        "p", name="n", params={"lr": 0.1, "net": {"layers": [1, 2]}}, tags={"team": "a"}, group="g"
    ) as run:
        run.log({"loss": 1.0, "val": {"acc": 0.5}}, step=3)
        tenfold.log({"loss": 0.5}, step=4)
        tenfold.param("batch", 32)
        tenfold.tag("stage", "dev")
        run.result({"verdict": "keep"})
    kept = tenfold.Client().run(run.id)
    assert (kept.project, kept.name, kept.group, kept.state) == ("p", "n", "g", "finished")
    assert kept.params == {"lr": 0.1, "net": {"layers": [1, 2]}, "batch": 32}
    assert kept.tags == {"team": "a", "stage": "dev"} and kept.result == {"verdict": "keep"}
    steps, losses = tenfold.Client().series(run.id, "loss")
    assert (steps.tolist(), losses.tolist()) == ([3, 4], [1.0, 0.5])
    assert kept.metrics["val/acc"].last == 0.5


def test_a_run_that_raises_is_failed_with_the_error(place):
    with pytest.raises(ZeroDivisionError), tenfold.run("p") as run:
        _ = 1 / 0
    kept = tenfold.Client().run(run.id)
    assert kept.state == "failed" and "division by zero" in (kept.error or "")


def test_runs_nest_and_the_inner_one_takes_the_project(place):
    with tenfold.run("p") as outer:
        with tenfold.run(name="inner") as inner:
            assert tenfold.active_run().id == inner.id
        assert tenfold.active_run().id == outer.id
        with tenfold.run("elsewhere", parent=inner.id) as other:
            pass
    runs = {run.id: run for run in tenfold.Client().runs().items}
    assert runs[inner.id].parent_id == outer.id and runs[inner.id].project == "p"
    assert runs[other.id].parent_id == inner.id and runs[other.id].root_id == outer.id


def test_without_a_run_a_param_is_refused_and_log_starts_one(place):
    with pytest.raises(Invalid, match=r"with tenfold\.run"):
        tenfold.param("lr", 0.1)
    assert tenfold.active_run(required=False) is None
    tenfold.log({"loss": 1.0})
    started = tenfold.active_run()
    started.finish()
    assert tenfold.Client().run(started.id).metrics["loss"].last == 1.0


def test_a_thread_logs_to_the_run_of_its_process(place):
    with tenfold.run("p") as run:
        thread = threading.Thread(target=lambda: tenfold.log({"x": 1.0}, step=0))
        thread.start()
        thread.join()
    assert tenfold.Client().run(run.id).metrics["x"].count == 1


def test_a_run_is_resumed_only_when_told(place):
    with tenfold.run("p") as run:
        run.log({"x": 1.0}, step=0)
    with pytest.raises(AlreadyExists, match="resume='must'"):
        tenfold.run(id=run.id)
    with pytest.raises(RunNotFound):
        tenfold.run(id=new_id(), resume="must")
    with pytest.raises(Invalid, match="id="):
        tenfold.run(resume="must")
    with tenfold.run(id=run.id, resume="allow") as again:
        assert again.id == run.id
        again.log({"x": 2.0}, step=1)
    assert tenfold.Client().series(run.id, "x")[1].tolist() == [1.0, 2.0]
    fresh = new_id()
    with tenfold.run("p", id=fresh, resume="allow") as started:
        assert started.id == fresh


def test_what_a_run_uses_is_read_and_noted(place, tmp_path):
    tenfold.dataset("d").commit({"a.csv": b"x\n1\n2\n", "sub/b.txt": b"hello"})
    with tenfold.run("p") as run:
        used = run.use("data:d", role="raw")
        assert used.address == "data:d@v1"
        assert [entry.path for entry in used.files()] == ["a.csv", "sub/b.txt"]
        assert used.path("a.csv").read_text() == "x\n1\n2\n"
        with used.open("sub/b.txt") as reader:
            assert reader.read() == b"hello"
        assert used.table(["a.csv"])["x"].to_list() == [1, 2]
        assert used.checkout(tmp_path / "out", paths=["sub"]) == 1
        with pytest.raises(VersionNotFound, match=r"It has: a\.csv, sub/b\.txt"):
            used.path("nope")
        with pytest.raises(VersionNotFound, match="There are: data:d"):
            run.use("data:nope")
        saved = run.save({"out.txt": b"done"}, "made")
    client = tenfold.Client()
    assert client.used(run.id) == {"data:d@v1"}
    assert client.run(run.id).result["files_read"] == {"data:d@v1": ["a.csv", "sub/b.txt"]}
    assert "data" in {reason.what for reason in tenfold.why(saved.address).reasons}
    assert saved.address in {node.address for node in tenfold.impact("data:d@v1").nodes}


def test_data_committed_is_profiled(place):
    version = tenfold.dataset("d").commit({"a.csv": b"x\n1\n2\n"})
    profile = tenfold.Client().version("profile:d")
    assert profile.metadata["of"] == version.id and profile.metadata["rows"] == {"a": 2}


def test_a_registered_model_is_loaded_judged_and_guarded(place):
    from sklearn.tree import DecisionTreeClassifier

    table = pl.DataFrame({"a": [0.0, 1.0, 2.0, 3.0] * 10})
    fitted = DecisionTreeClassifier().fit(table.to_pandas(), [0, 0, 1, 1] * 10)
    with tenfold.run("p") as run:
        candidate = run.save_model(fitted, "half-tree", input_example=table)
        half = tenfold.model("half")
        first = half.register(candidate.address, message="the first", verdict={"passed": True})
        second = half.register(candidate.address, message="the second", verdict={"passed": False, "reasons": ["worse"]})
    assert [version.number for version in half.versions()] == [2, 1]
    assert first.run_id == run.id and first.tags["blessing"] == "passed"
    half.set_alias("champion", 1, who="me", why="it passed")
    with pytest.raises(CheckFailed, match="worse"):
        half.set_alias("champion", 2)
    half.set_verdict(2, {"passed": True})
    half.set_alias("champion", second.number, why="judged again")
    assert [move.why for move in half.history("champion")] == ["judged again", "it passed"]
    assert half.load().predict(table.head(4)).tolist() == [0, 0, 1, 1]
    assert tenfold.load_model("model:half@1").predict(table.head(4)).tolist() == [0, 0, 1, 1]
    with tenfold.serve("model:half@champion") as server:
        asked = {"dataframe_split": {"columns": ["a"], "data": [[0.0], [3.0]]}}
        answer = httpx.post(f"{server.url}/invocations", json=asked).json()
    assert answer["predictions"] == [0, 1]
    assert tenfold.predictions("half")["prediction_id"].to_list() == answer["prediction_ids"]


def test_a_triggered_pipeline_leads_back_to_its_cause(place):
    @tenfold.step
    def double(value: int) -> int:
        return value * 2

    @tenfold.pipeline
    def doubling(value: int = 1):
        return double(value)

    cause = tenfold.dataset("d").commit({"a.txt": b"new"})
    run = tenfold.trigger(doubling, by=cause.address, why="new data", value=4)
    assert run.outputs() == 8
    assert tenfold.Client().run(run.id).tags["trigger"] == "new data"
    assert cause.address in tenfold.Client().used(run.id)
    assert f"run:{run.id}" in {node.address for node in tenfold.impact(cause.address).nodes}
    with pytest.raises(VersionNotFound):
        tenfold.trigger(doubling, by="data:nope", why="nothing")


def test_each_trial_of_a_search_is_a_run(place):
    def objective(trial):
        if trial.number == 2:
            raise RuntimeError("no luck")
        return (trial["x"] - 1) ** 2

    found = tenfold.tune(objective, {"x": tenfold.Float(-2, 2), "kind": ["a", "b"]}, project="p", trials=4, seed=3)
    client = tenfold.Client()
    outer = client.runs(kinds=["tuning"]).items[0]
    trials = client.runs(f"parent_id = '{outer.id}'", kinds=["trial"]).items
    assert {run.id for run in trials} == set(found.run_ids) and found.failed == 1
    assert sorted(run.state for run in trials) == ["failed", "finished", "finished", "finished"]
    assert outer.result["best_run"] == found.best_run_id
    best = client.run(found.best_run_id)
    assert best.params == found.best_params and best.metrics["objective"].last == found.best_value


def test_tables_are_validated_and_compared_without_a_store(tmp_path):
    schema = tenfold.infer_schema({"x": [1, 2, 3], "c": ["a", "b", "a"]})
    assert tenfold.validate({"x": [1, 2, 3], "c": ["a", "b", "a"]}, schema) == []
    assert tenfold.validate({"x": [1.5], "c": ["z"]}, schema)
    report = tenfold.drift({"x": list(range(200))}, {"x": list(range(500, 700))})
    assert report.drifted
    assert "<html" in tenfold.report_html(report, tmp_path / "drift.html").read_text()


def test_another_store_is_used_by_its_place(place, tmp_path):
    with tenfold.run("p", capture=()) as run:
        pass
    tenfold.use(str(tmp_path / "other"))
    assert tenfold.Client().runs().total == 0
    assert tenfold.Client(place).run(run.id).project == "p"
    assert tenfold.Client(str(tmp_path / ".tenfold")).run(run.id).project == "p"


def test_what_is_logged_without_naming_a_run_goes_to_the_one_that_is_active(place):
    with tenfold.run("p") as run:
        tenfold.log_params({"net": {"layers": 2}})
        for keep, value in (
            ("text", "all well"),
            ("html", "<b>well</b>"),
            ("table", [{"a": 1}]),
            ("histogram", [1, 2]),
        ):
            kept = getattr(tenfold, f"log_{keep}")(keep, value, step=1)
            assert (kept.run_id, kept.metadata["key"], kept.metadata["step"]) == (run.id, keep, 1)
        assert tenfold.log_confusion_matrix("matrix", [0, 1], [1, 1]).type == "confusion_matrix"
        assert tenfold.log_curve("curve", [0, 1], [0.1, 0.2], kind="pr").type == "curve/pr"
        assert tenfold.log_audio("sound", [0.0, 0.5], rate_hz=8000).type == "audio/wav"
        assert tenfold.log_reference("s3://bucket/key").address == "data:key@v1"
    assert tenfold.Client().run(run.id).params == {"net": {"layers": 2}}
