"""Whatever comes in, the server answers with words about it; whatever fails behind it, nothing answered is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.base import ids
from tenfold.base.errors import StoreFull
from tenfold.contracts import Stores
from tenfold.records import Column
from tenfold.serving import predictions
from tenfold.serving.journal import Header, Journal, Schema, read

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)
names = st.sampled_from(["carrier", "hour", "distance", "x", "data", "columns"])
tables = st.one_of(
    st.lists(st.dictionaries(names, values, max_size=4), max_size=3),
    st.lists(st.lists(values, max_size=4), max_size=3),
    st.dictionaries(names, st.lists(values, max_size=3) | values, max_size=4),
    st.fixed_dictionaries(
        {"columns": st.lists(names | values, max_size=4), "data": st.lists(st.lists(values, max_size=4))}
    ),
    values,
)
forms = st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "params", "outcomes"])
tensors = st.lists(
    st.fixed_dictionaries(
        {
            "name": names,
            "shape": st.lists(st.integers(-2, 3), max_size=3),
            "datatype": st.sampled_from(["FP64", "INT64", "BYTES", "BOOL", "?"]),
            "data": st.lists(values, max_size=4) | values,
        }
    ),
    max_size=4,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["/invocations", "/v1/models/delay:predict", "/outcomes"]), st.dictionaries(forms, tables))
def test_no_json_makes_the_server_fail(client: httpx.Client, path: str, body: dict) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 400), (body, answer.text)
    assert answer.json().get("error") or answer.status_code == 200


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tensors, st.binary(max_size=20), st.none() | st.integers(0, 400))
def test_no_tensor_makes_the_server_fail(client: httpx.Client, inputs: list, tail: bytes, head: int | None) -> None:
    content = httpx.Request("POST", "http://x", json={"inputs": inputs}).content + tail
    headers = {} if head is None else {"inference-header-content-length": str(head)}
    answer = client.post("/v2/models/delay/infer", content=content, headers=headers)
    assert answer.status_code in (200, 400), (inputs, answer.text)


def test_a_number_too_large_for_any_column_is_refused(client: httpx.Client) -> None:
    for value in ("1e999", "-1e400", str(2**1100)):
        for column in ("hour", "distance"):
            row = {"carrier": '"AA"', "hour": "3", "distance": "1"} | {column: value}
            fields = ", ".join(f'"{name}": {text}' for name, text in row.items())
            answer = client.post("/invocations", content='{"dataframe_records": [{' + fields + "}]}")
            assert answer.status_code == 400, answer.text
            assert answer.json()["field"] in (column, "body")


def test_a_body_over_the_limit_is_refused(serve) -> None:
    server = serve(max_body_bytes=1000)
    answer = httpx.post(f"{server.url}/invocations", content=b"[" * 2000)
    assert answer.status_code == 413


def test_a_store_that_is_full_keeps_the_journal_until_there_is_room(
    stores: Stores, serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = [True]
    put_tree = stores.blobs.put_tree
    failed = []

    def put(*args: Any, **options: Any) -> Any:
        if full[0]:
            failed.append(1)
            raise StoreFull("No room left")
        return put_tree(*args, **options)

    monkeypatch.setattr(stores.blobs, "put_tree", put, raising=False)
    server = serve(publish_s=0.02)
    body = {"dataframe_records": [{"carrier": "AA", "hour": 3, "distance": 1}]}
    made = httpx.post(f"{server.url}/invocations", json=body).json()["prediction_ids"]
    while len(failed) < 2:
        made += httpx.post(f"{server.url}/invocations", json=body).json()["prediction_ids"]
    full[0] = False
    server.stop()
    assert sorted(predictions(stores, "delay")["prediction_id"].to_list()) == sorted(made)
    assert list((tmp_path / "predictions").glob("*/*.journal")) == []


def test_a_full_disk_loses_no_line_that_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = Header(kind="predictions", deployment="x", project="p", run_id="r", draft_id=ids.new_id())
    journal = Journal(tmp_path, header)
    schema = Schema("v", 1, [Column("a", "float")], [])
    write = os.write

    def half_then_full(fd: int, data: bytes) -> int:
        if len(data) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[: len(data) - 10])

    journal.append(schema, [np.array([1.0])], at_ms=1, first_id=ids.new_id())
    monkeypatch.setattr(os, "write", half_then_full)
    with pytest.raises(StoreFull):
        journal.append(schema, [np.array([2.0])], at_ms=1, first_id=ids.new_id())
    monkeypatch.setattr(os, "write", write)
    journal.append(schema, [np.array([3.0])], at_ms=1, first_id=ids.new_id())
    journal.close()
    assert [np.frombuffer(block.numbers)[0] for block in read(journal.path)[2]] == [1.0, 3.0]
