"""One-row predictions over HTTP: CPU a request and p99, beside hand-written micro-batching handlers of the same model.

The model of the peers' table: gradient boosting, 100 trees, 20 features. Every server is its own process on uvicorn
(httptools, uvloop), asked by the same client; CPU is the server process's own, so a busy machine disturbs it least.
`hand-written` is what a person would write: the scikit-learn object behind a queue, without schema, ids or log.
`hand-written, ONNX` is the same with the model converted by hand: the limit, not the budget.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

CLIENTS = (1, 16, 64)
REQUESTS = {1: 1500, 16: 6000, 64: 12000}
REPEATS = 3
BUDGET = 1.2


def lines() -> list[dict[str, Any]]:
    """Rows for the table of budgets."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "prepare", folder], check=True)
        servers = {kind: _start(kind, folder) for kind in ("ours", "sklearn", "onnx")}
        try:
            measured = _measure(servers)
        finally:
            for process, _ in servers.values():
                process.terminate()
            for process, _ in servers.values():
                process.wait(30)
    found = []
    for clients in CLIENTS:
        ours, hand, onnx = (measured[kind, clients] for kind in ("ours", "sklearn", "onnx"))
        found.append(
            {
                "job": f"one-row predictions, {clients} clients: CPU against hand-written",
                "value": ours[0] / hand[0],
                "unit": "x",
                "budget": BUDGET,
                "note": f"ours {ours[0]:.3f} ms, p99 {ours[1]:.1f} ms; hand-written {hand[0]:.3f} ms, p99 {hand[1]:.1f} ms; "
                f"hand-written on ONNX {onnx[0]:.3f} ms, p99 {onnx[1]:.1f} ms",
            }
        )
    return found


def _measure(servers: dict[str, tuple[subprocess.Popen[str], int]]) -> dict[tuple[str, int], tuple[float, float]]:
    """(kind, clients) → (CPU ms a request, p99 ms): the median of the repeats, servers taking turns."""
    tries: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for kind, (_, port) in servers.items():
        asyncio.run(_load(port, 16, 500))  # warm
        assert kind
    for _ in range(REPEATS):
        for clients in CLIENTS:
            for kind, (process, port) in servers.items():
                before = _cpu_s(process.pid)
                seconds = sorted(asyncio.run(_load(port, clients, REQUESTS[clients])))
                spent = _cpu_s(process.pid) - before
                p99 = seconds[int(len(seconds) * 0.99)] * 1000
                tries.setdefault((kind, clients), []).append((spent / REQUESTS[clients] * 1000, p99))
    return {key: sorted(values)[len(values) // 2] for key, values in tries.items()}


def _start(kind: str, folder: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, __file__, kind, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def _cpu_s(pid: int) -> float:
    import psutil

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, while any request is left."""

    def __init__(self, request: bytes, left: list[int], took: list[float], done: asyncio.Future[None]) -> None:
        self.request, self.left, self.took, self.done = request, left, took, done
        self.buffer = b""
        self.sent = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        if self.left[0] <= 0:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.left[0] -= 1
        self.sent = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.find(b"content-length: ")
        length = int(self.buffer[at + 16 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return
        assert self.buffer.startswith(b"HTTP/1.1 200"), self.buffer
        self.took.append(time.perf_counter() - self.sent)
        self.buffer = b""
        self.ask()


async def _load(port: int, clients: int, requests: int) -> list[float]:
    row = [round(0.1 * i - 1, 3) for i in range(20)]
    body = json.dumps({"dataframe_split": {"columns": [f"x{i}" for i in range(20)], "data": [row]}}).encode()
    head = f"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    left: list[int] = [requests]
    took: list[float] = []
    loop = asyncio.get_running_loop()
    done = [loop.create_future() for _ in range(clients)]
    for one in done:
        await loop.create_connection(partial(_Client, head.encode() + body, left, took, one), "127.0.0.1", port)
    await asyncio.gather(*done)
    return took


def prepare(folder: Path) -> None:
    """Train the model; keep it as a pickle and as ONNX for the hand-written servers, and in a store for ours."""
    import pickle

    import numpy as np
    from sklearn.ensemble import GradientBoostingClassifier

    import tenfold.models as models
    from tenfold.testing.stores import sqlite_stores

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(3000, 20))
    model = GradientBoostingClassifier(n_estimators=100).fit(matrix, matrix[:, 0] + matrix[:, 1] ** 2 > 0.5)
    stores = sqlite_stores(folder / "store")
    version = models.save(stores, model, "bench", input_example=matrix)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    entry = stores.blobs.find_entry(version.digest, "model.onnx")
    assert entry is not None
    (folder / "model.onnx").write_bytes(stores.blobs.get_bytes(entry.digest))


def serve_ours(folder: Path) -> None:
    """Our server, as `tenfold serve` runs it: schema, ids and the whole prediction log."""
    import tenfold.models as models
    from tenfold.serving import Target, run_server
    from tenfold.testing.stores import sqlite_stores

    stores = sqlite_stores(folder / "store")
    run_server(
        stores,
        [Target("bench", "model:bench")],
        load=lambda version: models.load(stores, version),
        log_folder=folder / "predictions",
        on_start=_announce,
    )


def serve_by_hand(folder: Path, *, onnx: bool) -> None:
    """A micro-batching ASGI handler as a person writes it: takes what queued while the last predict ran."""
    import pickle
    from concurrent.futures import ThreadPoolExecutor

    import msgspec
    import numpy as np
    import uvicorn

    if onnx:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)

        def predict(rows: list[Any]) -> list[Any]:
            return list(session.run(None, {"X": np.array(rows, dtype=np.float32)})[0].tolist())
    else:
        model = pickle.loads((folder / "model.pkl").read_bytes())

        def predict(rows: list[Any]) -> list[Any]:
            return list(model.predict(np.array(rows)).tolist())

    pool = ThreadPoolExecutor(1)
    queue: list[tuple[list[Any], asyncio.Future[Any]]] = []
    running = False
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    async def drain(loop: asyncio.AbstractEventLoop) -> None:
        nonlocal running
        while queue:
            taken = queue[:]
            queue.clear()
            rows = [row for part, _ in taken for row in part]
            said = await loop.run_in_executor(pool, predict, rows)
            at = 0
            for part, future in taken:
                future.set_result(said[at : at + len(part)])
                at += len(part)
        running = False

    tasks = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        queue.append((decode(body)["dataframe_split"]["data"], future))
        if not running:
            running = True
            task = loop.create_task(drain(loop))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        answer = encode({"predictions": await future})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            port = self.servers[0].sockets[0].getsockname()[1]
            _announce(f"http://127.0.0.1:{port}")

    config = uvicorn.Config(app, port=0, http="httptools", access_log=False, log_config=None, lifespan="off")
    Announcing(config).run()


def _announce(url: str) -> None:
    print(url.rpartition(":")[2], flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        for line in lines():
            print(f"{line['job']}: {line['value']:.2f} {line['unit']} (budget {line['budget']}); {line['note']}")
    elif sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]))
    elif sys.argv[1] == "ours":
        serve_ours(Path(sys.argv[2]))
    else:
        serve_by_hand(Path(sys.argv[2]), onnx=sys.argv[1] == "onnx")
