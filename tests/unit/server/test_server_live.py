"""The stream of events: nothing missed, nothing slow, and a server that can stop while somebody listens."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from server_seed import points, started

from tenfold.server import live, place_of_stores, serving
from tenfold.testing.stores import memory_stores


@contextmanager
def listening(url: str, **headers: str):
    """(kind, data) of each message."""

    def messages(lines):
        kind = ""
        for line in lines:
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                yield kind, json.loads(line[6:])

    with httpx.stream("GET", f"{url}/api/v1/events", headers=headers, timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield messages(response.iter_lines())


@pytest.fixture
def stores():
    return memory_stores()


@pytest.fixture
def url(stores):
    with serving(place_of_stores(stores)) as found:
        yield found


def test_new_points_are_told_within_a_second(stores, url):
    run = started(stores, project="p", name="r")
    with listening(url) as messages:
        assert next(messages)[0] == "hello"
        begun = time.monotonic()
        stores.series.append(run, {"loss": points([1.0])}, source="s", offset=1)
        kind, events = next(messages)
        assert time.monotonic() - begun < 1.0
        assert kind == "changes" and events[-1]["topic"] == "series" and events[-1]["id"] == run


def test_one_task_serves_all_listeners(stores, url):
    with listening(url) as one, listening(url) as other:
        assert next(one)[0] == next(other)[0] == "hello"
        run = started(stores, project="p")
        for messages in (one, other):
            seen = []
            while not any(event["action"] == "running" for event in seen):
                seen += next(messages)[1]
            assert {event["id"] for event in seen} == {run}


def test_a_listener_that_comes_back_misses_nothing_and_hears_nothing_twice(stores, url):
    runs = [started(stores, project="p") for _ in range(3)]
    first = stores.events.after(0)[0].seq
    with listening(url, **{"last-event-id": str(first)}) as messages:
        assert next(messages)[0] == "hello"
        seen = next(messages)[1]
        runs.append(started(stores, project="p"))
        while len(seen) < 7:
            seen += next(messages)[1]
    assert [event["seq"] for event in seen] == [e.seq for e in stores.events.after(first)]


def test_a_listener_too_far_behind_is_told_to_read_afresh(stores, url, monkeypatch):
    monkeypatch.setattr(live, "BACKLOG", 2)
    for _ in range(3):
        started(stores, project="p")
    with listening(url, **{"last-event-id": "0"}) as messages:
        assert next(messages)[0] == "hello"
        assert next(messages) == ("gap", {"seq": stores.events.last()})


def test_many_points_of_one_run_are_told_as_one_change(stores, url):
    run = started(stores, project="p")
    before = stores.events.last()
    for offset in range(1, 20):
        stores.series.append(run, {"loss": points([1.0], start=offset)}, source="s", offset=offset)
    with listening(url, **{"last-event-id": str(before)}) as messages:
        assert next(messages)[0] == "hello"
        assert len(next(messages)[1]) == 1


def test_the_server_stops_at_once_while_somebody_listens(stores):
    with serving(place_of_stores(stores)) as url:
        heard = threading.Event()

        def listen():
            with listening(url) as messages:
                for _ in messages:
                    heard.set()

        thread = threading.Thread(target=listen)
        thread.start()
        assert heard.wait(10)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2.0
    thread.join(5)
    assert not thread.is_alive()


def test_nobody_listening_costs_no_polling(stores):
    async def story():
        follower = live.Live(place_of_stores(stores), poll_s=0.001)
        stream = await follower.subscribe()
        assert b"hello" in await anext(stream)
        await stream.aclose()
        assert follower.task is not None
        await asyncio.wait_for(follower.task, 5)  # it ends by itself

    asyncio.run(story())
