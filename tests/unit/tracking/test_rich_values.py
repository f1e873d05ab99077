"""What a run keeps besides numbers, and how each opens on its version's page."""

from __future__ import annotations

import http.server
import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import plotly.graph_objects
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.records import Version
from tenfold.server.files import entries_of
from tenfold.server.preview import preview_of
from tenfold.testing.stores import memory_stores
from tenfold.tracking import ActiveRun, start
from tenfold.tracking.definitions import MetricDefinition, definitions, value_of

matplotlib.use("Agg")


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


@pytest.fixture
def run(stores: Stores, tmp_path: Path) -> Iterator[ActiveRun]:
    with start(stores, tmp_path / "journals", "p", capture=False) as run:
        yield run


def content(stores: Stores, version: Version | None, path: str) -> bytes:
    assert version is not None
    entry = stores.blobs.find_entry(version.digest, path)
    assert entry is not None
    return stores.blobs.get_bytes(entry.digest)


def opens_as(stores: Stores, version: Version | None) -> tuple[str, str]:
    """(name, view) of the file that the version's page shows first."""
    assert version is not None
    first = next(entry for entry in entries_of(stores.blobs, version) if entry.kind == "file")
    shown = preview_of(stores.blobs, version, first)
    assert shown.note is None
    return first.path, shown.view


def matplotlib_figure() -> Figure:
    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    return figure


LABELS, SCORES = [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6]


@pytest.mark.parametrize(
    ("log", "name", "view"),
    [
        (lambda run: run.log_html("k", "<b>hello</b>"), "page.html", "html"),
        (lambda run: run.log_plot("k", matplotlib_figure()), "plot.png", "image"),
        (lambda run: run.log_plot("k", plotly.graph_objects.Figure({"data": [{"y": [1, 2]}]})), "plot.html", "html"),
        (lambda run: run.log_audio("k", np.zeros(800)), "sound.wav", "audio"),
        (lambda run: run.log_confusion_matrix("k", LABELS, [0, 1, 0, 0]), "chart.svg", "image"),
        (lambda run: run.log_curve("k", LABELS, SCORES), "chart.svg", "image"),
        (lambda run: run.log_reference("s3://bucket/a.parquet"), "content.json", "json"),
        (lambda run: run.log_table("k", [{"a": 1}]), "table.json", "table"),
    ],
    ids=["html", "matplotlib", "plotly", "audio", "confusion matrix", "curve", "reference", "table"],
)
def test_each_kind_opens_on_its_page(
    run: ActiveRun, stores: Stores, log: Callable[[ActiveRun], Version | None], name: str, view: str
) -> None:
    assert opens_as(stores, log(run)) == (name, view)


def test_a_plotly_figure_needs_no_network_and_keeps_its_data(run: ActiveRun, stores: Stores) -> None:
    kept = run.log_plot("k", plotly.graph_objects.Figure({"data": [{"y": [1, 2]}]}))
    page = content(stores, kept, "plot.html").decode()
    assert "<script src=" not in page and "cdn.plot.ly" not in page.partition("plotly.js v")[0]
    assert json.loads(content(stores, kept, "plot.json"))["data"][0]["y"] == [1, 2]


def test_samples_become_a_wav_of_the_same_sound(run: ActiveRun, stores: Stores) -> None:
    samples = np.stack([np.linspace(-1, 1, 500), np.zeros(500)], axis=1)
    kept = run.log_audio("tone", samples, rate_hz=8000)
    with wave.open(io.BytesIO(content(stores, kept, "sound.wav"))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (8000, 2, 500)
        read = np.frombuffer(sound.readframes(500), "<i2").reshape(500, 2) / 32767
    assert np.abs(read - samples).max() < 1e-4


def test_a_confusion_matrix_counts_each_pair(run: ActiveRun, stores: Stores) -> None:
    kept = run.log_confusion_matrix("cm", np.array(["cat", "dog", "cat"]), np.array(["cat", "cat", "<b>"]))
    assert json.loads(content(stores, kept, "values.json")) == {
        "labels": ["<b>", "cat", "dog"],
        "counts": [[0, 0, 0], [1, 1, 0], [0, 1, 0]],
    }
    ElementTree.fromstring(content(stores, kept, "chart.svg"))


def test_areas_under_the_curves_are_those_of_scikit_learn(run: ActiveRun, stores: Stores) -> None:
    random = np.random.default_rng(0)
    true = random.integers(0, 2, 900)
    score = (true + random.normal(0, 1, 900)).round(1)  # with ties
    roc = json.loads(content(stores, run.log_curve("roc", true, score), "values.json"))
    pr = json.loads(content(stores, run.log_curve("pr", true, score, kind="pr"), "values.json"))
    assert roc["area"] == pytest.approx(roc_auc_score(true, score))
    assert pr["area"] == pytest.approx(average_precision_score(true, score))
    fall_out, recall, _ = roc_curve(true, score, drop_intermediate=False)
    assert roc["x"] == fall_out.round(6).tolist() and roc["y"] == recall.round(6).tolist()


@pytest.mark.parametrize(
    "log",
    [
        lambda run: run.log_audio("k", np.zeros((2, 2, 2))),
        lambda run: run.log_plot("k", "no figure"),
        lambda run: run.log_curve("k", [0, 1, 2], [0.1, 0.2, 0.3]),
        lambda run: run.log_curve("k", [0, 1], [0.1, float("nan")]),
        lambda run: run.log_confusion_matrix("k", [0, 1], [0]),
        lambda run: run.log_confusion_matrix("k", range(200), range(200)),
        lambda run: run.log_video("k", "missing.mp4"),
        lambda run: run.log_video("k", "film.exe"),
    ],
)
def test_what_cannot_be_kept_is_said_and_the_training_goes_on(
    run: ActiveRun, caplog: pytest.LogCaptureFixture, log: Callable[[ActiveRun], Any]
) -> None:
    assert log(run) is None
    assert "'k' was not kept: " in caplog.text


def test_nested_metrics_are_joined_by_slashes(run: ActiveRun, stores: Stores) -> None:
    run.log({"val": {"acc": 0.5, "by": {"cat": np.float32(1)}}}, step=2)
    run.finish()
    assert {info.key for info in stores.series.infos([run.id])[run.id]} == {"val/acc", "val/by/cat"}


def test_a_metric_says_which_of_its_numbers_speaks_for_a_run(run: ActiveRun, stores: Stores) -> None:
    run.define_metric("acc", goal="maximize")
    run.define_metric("loss", goal="minimize", summary="last", x="seen")
    for value in (0.5, 0.9, 0.7):
        run.log({"acc": value})
    run.finish()
    kept = stores.runs.get([run.id])[0]
    found = definitions(kept)
    assert found == {
        "acc": MetricDefinition("maximize", "best"),
        "loss": MetricDefinition("minimize", "last", "seen"),
    }
    assert value_of(kept.metrics["acc"], found["acc"]) == 0.9


def test_a_goal_that_does_not_exist_is_refused(run: ActiveRun) -> None:
    with pytest.raises(Invalid, match="'maximize' or 'minimize'"):
        run.define_metric("acc", goal="up")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="needs its goal"):
        run.define_metric("acc", summary="best")


def test_a_reference_notes_size_and_etag_and_changes_with_the_file(
    run: ActiveRun, stores: Stores, tmp_path: Path
) -> None:
    table = tmp_path / "big table.csv"
    table.write_text("a,b\n1,2\n")
    first = run.log_reference(str(table))
    assert first.address == "data:big.table.csv@v1"
    assert (first.metadata["size_bytes"], first.metadata["uri"]) == (8, table.as_uri())
    assert run.log_reference(table.as_uri()).id == first.id, "unchanged, it is the same version"
    table.write_text("a,b\n1,2\n3,4\n")
    assert run.log_reference(str(table)).number == 2
    assert {edge.direction for edge in stores.lineage.of_runs([run.id])} == {"used"}
    assert stores.versions.get([first.id])[0].run_id is None, "the run did not make it"


def test_a_reference_to_a_folder_changes_with_a_file_in_it(run: ActiveRun, tmp_path: Path) -> None:
    (tmp_path / "images" / "cats").mkdir(parents=True)
    (tmp_path / "images" / "cats" / "1.png").write_bytes(b"12345")
    first = run.log_reference(str(tmp_path / "images"), "photos")
    assert (first.metadata["files"], first.metadata["size_bytes"]) == (1, 5)
    (tmp_path / "images" / "2.png").write_bytes(b"1")
    assert run.log_reference(str(tmp_path / "images"), "photos").number == 2


def test_a_reference_on_the_web_keeps_the_etag_of_its_server(run: ActiveRun) -> None:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("ETag", '"abc"')
            self.send_header("Content-Length", "1234")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            kept = run.log_reference(f"http://127.0.0.1:{server.server_port}/data/a.csv")
        finally:
            server.shutdown()
            serving.join()
    assert (kept.name, kept.metadata["etag"], kept.metadata["size_bytes"]) == ("a.csv", "abc", 1234)


def test_a_reference_that_cannot_be_asked_says_why(run: ActiveRun, tmp_path: Path) -> None:
    assert "No such file" in run.log_reference(str(tmp_path / "gone")).metadata["problem"]


def test_a_reference_with_a_password_is_refused_without_repeating_it(run: ActiveRun) -> None:
    with pytest.raises(Invalid) as caught:
        run.log_reference("https://me:hunter22@host/a.csv")
    assert "hunter22" not in str(caught.value)
