"""Every answer is in the log, and found again by its id."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenfold.models as models
from tenfold.base import ids
from tenfold.base.errors import NotFound, PredictionNotFound
from tenfold.contracts import Stores
from tenfold.records import Column
from tenfold.serving import find_prediction, outcomes, predictions
from tenfold.serving.journal import Header, Journal, Schema, block_ids, read

ROWS = [{"carrier": "AA", "hour": hour, "distance": 100.0 + hour} for hour in range(24)]


def send(url: str, rows: list[dict] = ROWS) -> list[str]:
    answer = httpx.post(f"{url}/invocations", json={"dataframe_records": rows})
    return answer.json()["prediction_ids"]


def test_predictions_become_a_version_made_by_the_deployment(stores: Stores, serve) -> None:
    server = serve()
    made = send(server.url) + send(server.url, ROWS[:2])
    run_id = server.app.house.deployments["delay"].run_id
    assert stores.runs.get([run_id])[0].state == "running"
    server.stop()
    version = stores.versions.search("predictions", "delay")[0]
    assert version.metadata["rows"] == 26
    assert (version.metadata["first_id"], version.metadata["last_id"]) == (min(made), max(made))
    assert version.metadata["model_versions"] == {models.load(stores, "delay").version.id: 26}
    edges = {(e.direction, e.role) for e in stores.lineage.of_runs([run_id])}
    assert edges == {("used", "model"), ("produced", "predictions")}
    run = stores.runs.get([run_id])[0]
    assert (run.kind, run.state, run.result["predictions"], run.result["requests"]) == ("deployment", "finished", 26, 2)


def test_the_table_has_the_inputs_the_answers_and_what_came_true(stores: Stores, serve) -> None:
    server = serve()
    made = send(server.url)
    told = [{"prediction_id": made[at], "value": value} for at, value in ((0, 0), (1, 1), (1, 0.5))]
    assert httpx.post(f"{server.url}/outcomes", json={"outcomes": told}).json() == {"accepted": 3}
    server.stop()
    table = predictions(stores, "delay")
    assert table["prediction_id"].to_list() == made
    assert table["hour"].to_list() == list(range(24))
    assert table["carrier"].unique().to_list() == ["AA"]
    assert table["prediction"].to_list() == [int(hour > 15) for hour in range(24)]
    expected = models.load(stores, "delay").predict_proba(ROWS)[:, 1]
    np.testing.assert_allclose(table["probability"], expected, rtol=1e-6)
    assert table["outcome"].to_list()[:3] == [0.0, 0.5, None]
    moment = table["at_ms"][0]
    assert predictions(stores, "delay", until=moment).height == 0
    assert predictions(stores, "delay", since=moment, with_outcomes=False).height == 24
    with pytest.raises(NotFound, match="other"):
        predictions(stores, "other")


def test_a_prediction_is_found_by_its_id_before_and_after_it_becomes_a_version(
    stores: Stores, serve, tmp_path: Path
) -> None:
    server = serve()
    made = send(server.url)
    with pytest.raises(PredictionNotFound):
        find_prediction(stores, made[5])
    for folder in (tmp_path / "predictions", None):
        found = find_prediction(stores, made[5], log_folder=folder)
        assert found.inputs == {"carrier": "AA", "hour": 5, "distance": 105.0}
        assert found.outputs.keys() == {"prediction", "probability"}
        assert (found.deployment, found.model_number) == ("delay", 1)
        assert found.run_id == server.app.house.deployments["delay"].run_id
        assert (found.version_id is None) == (folder is not None)
        assert found.outcome is None
        server.app.house.publish()
    httpx.post(f"{server.url}/outcomes", json={"outcomes": [{"prediction_id": made[5], "value": 1}]})
    assert find_prediction(stores, made[5], log_folder=tmp_path / "predictions").outcome == 1.0
    for unknown in (ids.new_id(), "no id"):
        with pytest.raises(PredictionNotFound):
            find_prediction(stores, unknown)


def test_journals_become_versions_while_the_server_runs(stores: Stores, serve, tmp_path: Path) -> None:
    server = serve(publish_s=0.05)
    made = send(server.url)
    while not stores.versions.search("predictions", "delay"):
        httpx.get(f"{server.url}/ping")
    assert predictions(stores, "delay", log_folder=tmp_path / "predictions")["prediction_id"].to_list() == made


def test_sampling_keeps_its_share_and_every_prediction_has_an_id(stores: Stores, serve) -> None:
    server = serve(sample=0.3)
    made = send(server.url, ROWS * 50)
    assert len(set(made)) == 1200
    server.stop()
    kept = predictions(stores, "delay")
    assert 250 < kept.height < 470  # expected 360, standard deviation 16
    assert set(kept["prediction_id"]) <= set(made)
    places = [made.index(one) % 24 for one in kept["prediction_id"]]
    assert kept["hour"].to_list() == places


def test_a_deployment_that_is_killed_on_purpose_says_so(stores: Stores, serve) -> None:
    server = serve()
    made = send(server.url)
    server.stop("killed")
    server.stop()
    found = find_prediction(stores, made[0])
    assert stores.runs.get([found.run_id])[0].state == "killed"


def test_two_versions_share_one_log(stores: Stores, serve) -> None:
    from tenfold.serving import Target

    server = serve(Target("delay", "model:delay@1"), Target("delay", "model:delay@2"))
    for _ in range(30):
        send(server.url, ROWS[:1])
    server.stop()
    assert set(predictions(stores, "delay")["model_number"]) == {1, 2}


def test_outcomes_that_are_text_are_kept_as_text(stores: Stores, serve) -> None:
    server = serve()
    made = send(server.url)
    for value in (1, "late", True):
        httpx.post(f"{server.url}/outcomes", json={"outcomes": [{"prediction_id": made[0], "value": value}]})
        server.app.house.publish()
    assert outcomes(stores, "delay")["outcome"].to_list() == ["1.0"]


COLUMNS = [Column("a", "float"), Column("b", "string"), Column("c", "bool"), Column("d", "int")]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(), st.none() | st.text(), st.booleans(), st.integers(-(2**63), 2**63 - 1)),
            min_size=1, max_size=5,
        ),
        max_size=6,
    ),
    st.integers(0, 40),
)  # fmt: skip
def test_a_journal_gives_back_what_was_appended_up_to_a_torn_end(batches: list, torn: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        header = Header(kind="predictions", deployment="x", project="p", run_id="r", draft_id=ids.new_id())
        journal = Journal(Path(folder), header)
        schema = Schema("v", 1, COLUMNS, [])
        for batch in batches:
            a, b, c, d = zip(*batch, strict=True)
            text = np.array([*b, None], dtype=object)[:-1]
            columns = [np.array(a), text, np.array(c), np.array(d, dtype=np.int64)]
            journal.append(schema, columns, at_ms=7, first_id=ids.new_id())
        assert journal.rows == sum(map(len, batches))
        journal.close()
        whole = journal.path.read_bytes()
        journal.path.write_bytes(whole[: len(whole) - torn])
        said, _, blocks, _ = read(journal.path)
        if torn == 0:
            assert said == header
            assert len(blocks) == len(batches)
        for block, batch in zip(blocks, batches, strict=False):
            assert block.texts == [[row[1] for row in batch]]
            assert len(block_ids(block)) == block.rows == len(batch)
            record = np.frombuffer(block.numbers, dtype=[("a", "<f8"), ("c", "?"), ("d", "<i8")])
            np.testing.assert_array_equal(record["a"], [row[0] for row in batch])
            assert record["d"].tolist() == [row[3] for row in batch]
