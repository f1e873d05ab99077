"""Batching, canary, shadow, following an alias."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import tenfold.models as models
from tenfold.base import ids
from tenfold.base.errors import Forbidden, Invalid, Unavailable, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import Draft
from tenfold.serving import Server, Target, predictions
from tenfold.serving.batcher import Batcher
from tenfold.serving.metrics import Metrics

NOON = {"carrier": "AA", "hour": 12, "distance": 500.0}  # version 1 says on time, version 2 late


def until(condition, *, seconds: float = 10.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        threading.Event().wait(0.005)


def asked(client: httpx.Client, path: str = "/invocations") -> int:
    return client.post(path, json={"instances": [NOON]}).json()["predictions"][0]


def test_requests_that_wait_are_answered_by_one_call_and_only_the_guilty_are_refused(stores: Stores) -> None:
    model = models.load(stores, "delay")
    calls: list[int] = []
    check = model.check
    model.check = lambda rows: calls.append(len(rows)) or check(rows)  # type: ignore[method-assign]

    async def many() -> list[object]:
        with ThreadPoolExecutor(1) as pool:
            batcher = Batcher(model, "delay", append=lambda add: None, metrics=Metrics(), pool=pool)
            batcher.warm()
            calls.clear()
            rows = [["AA", hour, 500.0] for hour in range(24)]
            good = await asyncio.gather(*[batcher.ask([row]) for row in rows])
            assert calls == [24]
            calls.clear()
            rows[3] = ["AA", "late", 500.0]
            mixed = await asyncio.gather(*[batcher.ask([row]) for row in rows], return_exceptions=True)
            assert [a.prediction for i, a in enumerate(mixed) if i != 3] == [
                a.prediction for i, a in enumerate(good) if i != 3
            ]
            return [good[22].prediction, good[3].prediction, mixed[3]]

    late, early, refused = asyncio.run(many())
    assert (late, early) == ([1], [0])
    assert isinstance(refused, Invalid)
    assert refused.field == "hour"


def test_a_slow_model_is_asked_in_a_thread_while_requests_queue(stores: Stores) -> None:
    model = models.load(stores, "delay")
    gate, threads = threading.Event(), []
    run = model.run

    def slow(batch):
        threads.append((threading.current_thread().name, batch.rows))
        gate.wait(10)
        return run(batch)

    async def many() -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
            batcher = Batcher(model, "delay", append=lambda add: None, metrics=Metrics(), pool=pool)
            batcher.warm()
            batcher.seconds_per_call = 1.0
            model.run = slow  # type: ignore[method-assign]
            first = batcher.ask([["AA", 1, 1.0]])
            while not threads:
                await asyncio.sleep(0)
            rest = [batcher.ask([["AA", 2, 1.0]]) for _ in range(9)]
            gate.set()
            await asyncio.gather(first, *rest)

    asyncio.run(many())
    assert [rows for _, rows in threads] == [1, 9]
    assert all(name.startswith("pool") for name, _ in threads)


def test_the_server_follows_an_alias_and_loses_no_request(stores: Stores, serve) -> None:
    server = serve()
    delay = models.Registered(stores, "delay")
    answers: list[tuple[int, int]] = []
    stop = threading.Event()

    def hammer() -> None:
        with httpx.Client(base_url=server.url) as client:
            while not stop.is_set():
                answer = client.post("/invocations", json={"instances": [NOON]})
                answers.append((answer.status_code, answer.json()["predictions"][0]))

    clients = [threading.Thread(target=hammer) for _ in range(3)]
    for thread in clients:
        thread.start()
    until(lambda: len(answers) > 20)
    for version, expected in ((2, 1), (1, 0), (2, 1)):
        delay.set_alias("champion", version)
        until(lambda expected=expected: {said for _, said in answers[-3:]} == {expected})
    stop.set()
    for thread in clients:
        thread.join()
    assert {status for status, _ in answers} == {200}
    deployment = server.app.house.deployments["delay"]
    used = [e.version_id for e in stores.lineage.of_runs([deployment.run_id]) if e.direction == "used"]
    assert set(used) == {delay.version(1).id, delay.version(2).id}
    assert stores.runs.get([deployment.run_id])[0].result["targets"][0]["number"] == 2


def test_a_version_that_does_not_load_leaves_the_old_one_serving(stores: Stores, serve) -> None:
    server = serve()
    tree = stores.blobs.put_tree({"model.json": b"{}"})
    stores.versions.publish([Draft(id=ids.new_id(), kind="model", name="delay", digest=tree.digest)])
    models.Registered(stores, "delay").set_alias("champion", 3)
    with httpx.Client(base_url=server.url) as client:
        until(lambda: "tenfold_model_swap_failures_total{" in client.get("/metrics").text)
        assert asked(client) == 0


def test_canary_takes_its_share_and_weights_change_while_serving(serve) -> None:
    one = Target("delay", "model:delay@1", weight=3)
    two = Target("delay", "model:delay@2", weight=1)
    server: Server = serve(one, two)
    with httpx.Client(base_url=server.url) as client:
        said = [asked(client) for _ in range(200)]
        assert 20 < sum(said) < 90  # expected 50, standard deviation 6
        server.app.house.deployments["delay"].set_weights({"model:delay@1": 0})
        assert {asked(client) for _ in range(10)} == {1}
        numbered = {v: client.post(f"/v2/models/delay/versions/{v}/infer", json={}).status_code for v in (1, 2)}
        assert numbered == {1: 404, 2: 400}
    with pytest.raises(Invalid, match="nobody answers"):
        server.app.house.deployments["delay"].set_weights({"model:delay@2": 0})


def test_a_shadow_is_asked_and_logged_but_never_answers(stores: Stores, serve) -> None:
    server = serve(Target("delay", "model:delay@1"), Target("delay", "model:delay@2", shadow=True))
    with httpx.Client(base_url=server.url) as client:
        assert {asked(client) for _ in range(20)} == {0}
        until(lambda: 'version="2",role="shadow"} 20' in client.get("/metrics").text)
    server.stop()
    main, both = (predictions(stores, "delay", shadow=shadow) for shadow in (False, True))
    assert (main.height, both.height) == (20, 40)
    assert set(both["prediction_id"]) == set(main["prediction_id"])
    assert both.filter(both["shadow"])["prediction"].to_list() == [1] * 20


def test_several_models_are_served_side_by_side(serve) -> None:
    server = serve(Target("old", "model:delay@1"), Target("new", "model:delay@2"))
    with httpx.Client(base_url=server.url) as client:
        assert asked(client) == asked(client, "/endpoints/old/invocations") == 0
        assert asked(client, "/endpoints/new/invocations") == 1
        assert client.get("/v1/models").json()["models"] == ["old", "new"]


def test_a_server_does_not_start_on_what_it_cannot_serve(stores: Stores, serve, tmp_path: Path) -> None:
    with pytest.raises(VersionNotFound):
        serve(Target("delay", "model:nothing"))
    with pytest.raises(Invalid, match="weight"):
        serve(Target("delay", "model:delay@1", weight=-1))
    with pytest.raises(Invalid, match="No target"):
        serve(Target("delay", "model:delay@1", shadow=True))
    with pytest.raises(Forbidden, match="token"):
        serve(host="0.0.0.0")
    taken = int(serve().url.rpartition(":")[2])
    with pytest.raises(Unavailable, match="cannot be listened on"):
        Server(
            stores, [Target("x", "model:delay")], load=lambda v: models.load(stores, v), log_folder=tmp_path / "x"
        ).start(taken)


def test_a_token_is_asked_for(serve) -> None:
    server = serve(token="secret")
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/ping").status_code == 200
        assert client.post("/invocations", json={"instances": [NOON]}).status_code == 403
        client.headers["authorization"] = "Bearer secret"
        assert asked(client) == 0
