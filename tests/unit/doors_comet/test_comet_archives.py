"""An archive of the real client, and broken ones."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tenfold.base.errors import Invalid
from tenfold.doors import comet

GOLDEN = Path(__file__).parents[2] / "golden" / "imports" / "comet.zip"


def read(path):
    unplaced = Counter()
    return list(comet.read(path, unplaced)), unplaced


def archive(path: Path, messages: list[dict], **said: object) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("experiment.json", json.dumps({"offline_id": "e1", "start_time": 1_700_000_000_000, **said}))
        made.writestr("messages.json", "".join(json.dumps(message) + "\n" for message in messages))
    return path


def metric(step: int | None, value: object) -> dict:
    said = {"metricName": "loss", "metricValue": value, "step": step}
    return {"type": "metric_msg", "payload": {"local_timestamp": 1_700_000_000_001, "metric": said}}


def test_the_real_clients_archive_is_read_whole():
    [run], unplaced = read(GOLDEN)
    assert (run.project, run.name, run.state) == ("churn", "comet one", "finished")
    assert run.params == {"lr": 0.1, "opt": "adam", "net": {"depth": 3}}
    assert run.tags == {"baseline": "", "note": "kept", "comet.workspace": "team"}
    assert run.console == "hello from comet\n"
    assert set(run.environment["packages"]) == {"comet_ml", "numpy"}
    points = dict(run.points)
    assert np.frombuffer(points["loss"].values, "<f8").tolist() == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert np.isnan(np.frombuffer(points["bad"].values, "<f8")).all()
    assert any(key.startswith("system/") for key in points)
    items = {}
    for item in run.items:  # each file is there while its item is
        content = {name: data if isinstance(data, bytes) else data.read_bytes() for name, data in item.files.items()}
        items[item.key] = (item.type, content)
    assert items["text"] == ("text", {"text.txt": b"a text sample"})
    assert items["assets"][1]["report.txt"] == b"all well\n"
    assert "code/make_comet.py" in items["assets"][1]
    assert json.loads(items["confusion-matrix.json"][1]["confusion-matrix.json"])["matrix"] == [[2, 0], [1, 1]]
    assert unplaced == {"messages of type os_packages": 1}


def test_a_histogram_of_one_to_five_has_each_in_its_own_bin():
    [run], _ = read(GOLDEN)
    content = next(item.files["histogram.json"] for item in run.items if item.type == "histogram/json")
    found = msgspec.json.decode(content)
    edges, counts = found["edges"], found["counts"]
    assert sum(counts) == 5
    for value in (1, 2, 3, 4, 5):
        inside = [count for low, high, count in zip(edges, edges[1:], counts, strict=False) if low < value * 1.0001 <= high * 1.0002]  # fmt: skip
        assert inside[:1] == [1]


def test_two_archives_of_one_experiment_are_one_run_in_order_of_time(tmp_path):
    archive(tmp_path / "b.zip", [metric(0, 1.0)], stop_time=1_700_000_001_000)
    archive(tmp_path / "a.zip", [metric(1, 0.5)], start_time=1_700_000_005_000, stop_time=1_700_000_006_000)
    [run], _ = read(tmp_path)
    assert np.frombuffer(dict(run.points)["loss"].values, "<f8").tolist() == [1.0, 0.5]
    assert run.started_at_ms == 1_700_000_000_000


def test_a_line_that_cannot_be_read_takes_none_of_the_others_with_it(tmp_path):
    wrong = [metric(2**70, 1.0), metric(1, "a word"), {"type": "metric_msg"}, {"no": "type"}]
    [run], unplaced = read(archive(tmp_path / "a.zip", [metric(None, "NaN"), *wrong, metric(None, "Infinity")]))
    points = dict(run.points)["loss"]
    assert np.frombuffer(points.steps, "<i8").tolist() == [0, 1]
    assert np.isnan(np.frombuffer(points.values, "<f8")[0])
    assert unplaced["messages that cannot be read"] == 4
    assert run.state == "lost"


def test_a_file_that_the_archive_lacks_is_counted(tmp_path):
    upload = {"type": "file_upload", "payload": {"file_path": "gone", "upload_type": "asset", "additional_params": {}}}
    [run], unplaced = read(archive(tmp_path / "a.zip", [upload]))
    assert list(run.items) == []
    assert unplaced["files that are not in the archive"] == 1


def test_a_crafted_file_name_stays_inside_the_artifact(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        said = {"fileName": "../../etc/passwd"}
        upload = {
            "type": "file_upload",
            "payload": {"file_path": "f", "upload_type": "asset", "additional_params": said},
        }
        made.writestr("experiment.json", json.dumps({"offline_id": "e1"}))
        made.writestr("messages.json", json.dumps(upload))
        made.writestr("f", b"x")
    [run], _ = read(tmp_path)
    assert [list(item.files) for item in run.items] == [["passwd"]]


def test_other_zip_files_are_passed_over_and_none_at_all_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as made:
        made.writestr("a", "b")
    (tmp_path / "broken.zip").write_bytes(b"PK")
    with pytest.raises(Invalid, match="archive"):
        read(tmp_path)
    shutil.copy(GOLDEN, tmp_path)
    runs, unplaced = read(tmp_path)
    assert len(runs) == 1 and unplaced["zip files that are no Comet archive"] == 2
