"""Folders as MLflow of several ages wrote them, laid by hand; the current one is in tests/system/test_importers.py."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tenfold.base.errors import Invalid
from tenfold.doors import mlruns


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def read(path):
    unplaced = Counter()
    return list(mlruns.read(path, unplaced)), unplaced


EXPERIMENT = "artifact_location: /nowhere\nexperiment_id: '1'\nlifecycle_stage: active\nname: churn\n"


def meta(id_: str, start: int, **more: object) -> str:
    lines = {
        "run_id": id_,
        "start_time": start,
        "end_time": start + 5,
        "status": 3,
        "lifecycle_stage": "active",
        **more,
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def test_a_folder_of_mlflow_0_with_run_uuid_and_metrics_without_steps_is_read(tmp_path):
    old = "run_uuid: abc\nname: ''\nstatus: 3\nstart_time: 1550000000000\nend_time: 1550000001000\nsource_name: train.py\n"
    root = lay(
        tmp_path / "mlruns",
        {
            "1/meta.yaml": EXPERIMENT,
            "1/abc/meta.yaml": old + "source_version: 0a1b\nuser_id: ana\nlifecycle_stage: active\n",
            "1/abc/metrics/rmse": "1550000000 0.7\n1550000001 0.6\n",
            "1/abc/params/alpha": "0.5",
            "1/abc/artifacts/model.pkl": "x",
        },
    )
    [run], unplaced = read(root)
    assert (run.id, run.project, run.user, run.state) == ("abc", "churn", "ana", "finished")
    assert (run.code.commit, run.code.entry_point) == ("0a1b", "train.py")
    points = dict(run.points)["rmse"]
    assert np.frombuffer(points.steps, "<i8").tolist() == [0, 0]
    assert np.frombuffer(points.times_ms, "<i8").tolist() == [1_550_000_000_000, 1_550_000_001_000]
    assert [list(item.files) for item in run.items] == [["model.pkl"]]
    assert not unplaced


def test_parents_come_before_children_that_started_earlier(tmp_path):
    root = lay(
        tmp_path,
        {
            "1/meta.yaml": EXPERIMENT,
            "1/a/meta.yaml": meta("a", 1_700_000_000_000),
            "1/a/tags/mlflow.parentRunId": "b",
            "1/b/meta.yaml": meta("b", 1_700_000_009_000),
        },
    )
    assert [(run.id, run.parent) for run in read(root)[0]] == [("b", None), ("a", "b")]


def test_runs_that_are_each_others_parent_do_not_hang(tmp_path):
    files = {"1/meta.yaml": EXPERIMENT}
    for one, other in (("a", "b"), ("b", "a")):
        files |= {f"1/{one}/meta.yaml": meta(one, 5), f"1/{one}/tags/mlflow.parentRunId": other}
    assert {run.id for run in read(lay(tmp_path, files))[0]} == {"a", "b"}


def test_deleted_runs_and_experiments_come_into_the_bin(tmp_path):
    root = lay(
        tmp_path,
        {
            "1/meta.yaml": EXPERIMENT,
            "1/a/meta.yaml": meta("a", 1_700_000_000_000, lifecycle_stage="deleted", deleted_time=1_700_000_000_777),
            ".trash/2/meta.yaml": EXPERIMENT + "last_update_time: 1700000000999\n",
            ".trash/2/b/meta.yaml": meta("b", 1_700_000_000_000),
        },
    )
    assert {run.id: run.deleted_at_ms for run in read(root)[0]} == {"a": 1_700_000_000_777, "b": 1_700_000_000_999}


def test_broken_folders_and_lines_are_counted_and_the_rest_is_read(tmp_path):
    root = lay(
        tmp_path,
        {
            "1/meta.yaml": EXPERIMENT,
            "1/a/meta.yaml": meta("a", 5),
            "1/a/metrics/loss": "1700000000000 0.5 0\n\n1700000000000 x 1\n1700000000000 0.2 99999999999999999999\n1700",
            "1/bad/meta.yaml": "{: [",
            "1/empty/notes.txt": "x",
        },
    )
    [run], unplaced = read(root)
    assert dict(run.points)["loss"].count == 1
    assert unplaced["folders without a readable meta.yaml"] == 2
    assert unplaced["lines of metrics that cannot be read"] == 4


def test_artifacts_are_found_after_the_folder_was_moved_and_remote_ones_are_said(tmp_path):
    elsewhere = "artifact_uri: /cluster/home/ana/mlruns/1/a/artifacts\n"
    root = lay(
        tmp_path / "mlruns",
        {
            "1/meta.yaml": EXPERIMENT,
            "1/a/meta.yaml": meta("a", 5) + elsewhere,
            "1/a/artifacts/x.txt": "x",
            "1/b/meta.yaml": meta("b", 5) + "artifact_uri: s3://bucket/1/b/artifacts\n",
        },
    )
    runs, unplaced = read(root)
    assert [[list(item.files) for item in run.items] for run in runs] == [[["x.txt"]], []]
    assert unplaced == {"artifacts in s3://, which are not in the source": 1}


def test_a_yaml_that_asks_for_code_runs_none(tmp_path):
    root = lay(
        tmp_path,
        {
            "1/meta.yaml": EXPERIMENT,
            "1/a/meta.yaml": f"run_id: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n",
        },
    )
    assert read(root)[0] == []
    assert not (tmp_path / "made").exists()


def test_stages_are_aliases_of_the_newest_version_in_them(tmp_path):
    files = {"1/meta.yaml": EXPERIMENT, "models/m/meta.yaml": "name: m\n"}
    for number, stage in ((1, "Production"), (2, "Production"), (3, "None"), (10, "Staging")):
        files[f"models/m/version-{number}/meta.yaml"] = f"version: {number}\ncurrent_stage: {stage}\nname: m\n"
    files["models/m/aliases/champion"] = "1"
    [model], _ = read(lay(tmp_path, files))
    assert [(version.number, version.aliases) for version in model.versions] == [
        (1, ("champion",)), (2, ("Production",)), (3, ()), (10, ("Staging",)),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_what_is_no_store_is_refused_with_what_to_do(tmp_path, content):
    with pytest.raises(Invalid, match="mlruns"):
        read(tmp_path)
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(Invalid, match="database"):
        read(tmp_path / "mlflow.db")


def test_one_experiment_is_refused_and_the_whole_folder_asked_for(tmp_path):
    root = lay(tmp_path, {"1/meta.yaml": EXPERIMENT, "1/a/meta.yaml": meta("a", 5)})
    with pytest.raises(Invalid, match="whole folder"):
        read(root / "1")
