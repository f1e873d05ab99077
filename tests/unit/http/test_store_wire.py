from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from tenfold.base.errors import BlobNotFound, Forbidden, Invalid, Unavailable
from tenfold.contracts.wire import CONTRACTS, operations
from tenfold.records import Run, RunQuery
from tenfold.server.place import place_of_stores
from tenfold.server.routes.wire import wire_routes
from tenfold.stores.blobs import MemoryMedium
from tenfold.stores.http import HttpMedium, Link, open_http
from tenfold.testing.medium import MediumSuite
from tenfold.testing.stores import memory_stores


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of stores in memory."""
    app = Starlette(routes=wire_routes(place_of_stores(memory_stores(), medium=MemoryMedium())))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


def post(url: str, path: str, body: bytes) -> Any:
    """The problem that a server answers with."""
    answer = httpx.post(f"{url}/api/v1/store/{path}", content=body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def test_every_method_of_every_contract_is_an_operation() -> None:
    expected = {(name, method) for name, contract in CONTRACTS.items() for method in contract.__abstractmethods__}  # type: ignore[attr-defined]
    assert set(operations()) == expected
    for operation in operations().values():
        assert operation.arguments_decoder
        assert operation.result_decoder


def test_bad_input_is_told_with_the_field_at_fault(url: str) -> None:
    encode = msgspec.msgpack.encode
    assert post(url, "runs/get", encode({"run_ids": 5}))["field"] == "run_ids"
    assert post(url, "runs/get", encode({}))["field"] == "run_ids"
    assert post(url, "runs/get", encode({"run_ids": [], "extra": 1}))["field"] == "extra"
    assert post(url, "runs/create", encode({"runs": [{"id": "x", "project": 7}]}))["field"] == "runs[0].project"
    assert post(url, "runs/get", b"\xc1")["field"] == "body"
    assert post(url, "runs/get", b"")["field"] == "body"
    assert post(url, "runs/search", encode({"query": {"order": [{"field": "nothing"}]}}))["code"] == "InvalidSearch"
    nested = b"\x82" + encode("type") + encode("not") + encode("term")
    deep = msgspec.Raw(nested * 5000 + encode({"type": "compare", "field": "name", "op": "=", "value": "x"}))
    assert post(url, "runs/search", encode({"query": {"where": deep}}))["code"] == "Invalid"


def test_unknown_and_refused_methods_are_not_found(url: str) -> None:
    for path in ("runs/nothing", "nothing/get", "runs/__init__", "runs/_db", "blobs/get_bytes"):
        assert post(url, path, b"\x80")["status"] == 404


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(operations())), st.binary(max_size=60), st.data())
def test_no_input_makes_a_server_fail(url: str, name: tuple[str, str], noise: bytes, data: st.DataObject) -> None:
    fields = operations()[name].arguments.__struct_fields__
    values = (
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
    )
    call = (
        data.draw(st.just(noise) | st.dictionaries(st.sampled_from(fields), values).map(msgspec.msgpack.encode))
        if fields
        else noise
    )
    answer = httpx.post(f"{url}/api/v1/store/{name[0]}/{name[1]}", content=call)
    assert answer.status_code < 500, answer.text


def test_objects_are_put_read_in_ranges_listed_and_deleted(url: str) -> None:
    medium = HttpMedium(Link(url))
    medium.put("packs/ab/one two.pack", b"0123456789")
    name = "packs/ab/one two.pack"
    assert medium.get(name) == b"0123456789"
    assert [medium.get(name, 3), medium.get(name, 3, 4), medium.get(name, 0, 0), medium.get(name, 8, 99)] == [
        b"3456789", b"3456", b"", b"89"
    ]  # fmt: skip
    assert medium.has(name)
    ((listed, size, _),) = medium.scan("packs/")
    assert (listed, size) == (name, 10)
    medium.delete(name)
    medium.delete(name)
    assert not medium.has(name)
    with pytest.raises(BlobNotFound):
        medium.get(name)
    with pytest.raises(Invalid):
        medium.put("../outside", b"x")
    outside = httpx.put(f"{url}/api/v1/objects/packs/%2e%2e/%2e%2e/outside", content=b"x")
    assert outside.status_code in (400, 404)


def test_a_body_of_many_pieces_arrives_whole_and_is_tried_again(url: str) -> None:
    link = Link(url)
    parts = [bytes(range(256)) * 3000, memoryview(b"x" * 700_000), b""]
    for _ in range(2):  # as a second attempt does
        link.request("PUT", "/api/v1/objects/packs/many", content=parts, repeatable=True)
    assert HttpMedium(link).get("packs/many") == b"".join(parts)


class TestHttpMedium(MediumSuite):
    @pytest.fixture
    def medium(self, url: str) -> HttpMedium:
        medium = HttpMedium(Link(url))
        for name, _, _ in medium.scan():
            medium.delete(name)
        return medium


def test_a_server_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        stores = open_http(f"http://127.0.0.1:{unused.getsockname()[1]}", None, tmp_path)
        with pytest.raises(Unavailable, match="does not answer"):
            stores.events.last()


def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that says one thing to everything."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", interface="asgi3"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        server.should_exit = True
        thread.join(timeout=10)


def test_answers_of_strangers_are_clear_errors(tmp_path: Path) -> None:
    for status, error, attempts in (
        (404, Unavailable, 1),
        (401, Forbidden, 1),
        (200, Unavailable, 1),
        (502, Unavailable, 4),
    ):
        for url, seen in answering(status, b"<html>"):
            stores = open_http(url, None, tmp_path)
            with pytest.raises(error):
                stores.runs.search(RunQuery())
            assert len(seen) == attempts


def test_what_may_have_happened_is_not_done_twice(tmp_path: Path) -> None:
    for url, seen in answering(503, b"<html>"):
        stores = open_http(url, None, tmp_path)
        with pytest.raises(Unavailable):
            stores.runs.transition("r", "running", expect=["created"], at_ms=1)
        assert len(seen) == 1
        with pytest.raises(Unavailable):
            stores.runs.create([Run(id="r", project="p")])
        assert len(seen) == 5
