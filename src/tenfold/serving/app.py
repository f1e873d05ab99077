"""The ASGI application of a server of models: which path asks what. Bare ASGI, for a framework costs more than the model.

GET  /ping /health /version /metrics /          POST /invocations          POST /outcomes
POST /endpoints/{name}/invocations              POST /endpoints/{name}/outcomes
GET  /v2 /v2/health/live|ready /v2/models/{name}[/versions/{n}][/ready]    POST …/infer
GET  /v1/models[/{name}]                        POST /v1/models/{name}:predict
"""

from __future__ import annotations

import hmac
import logging
import time
from importlib import metadata
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import Forbidden, Invalid, NotFound, TenfoldError
from tenfold.serving.batcher import Answer
from tenfold.serving.deployment import Deployment, Lane
from tenfold.serving.exchange import (
    METRICS,
    TEXT,
    ClientGone,
    Receive,
    Reply,
    Scope,
    Send,
    WrongMethod,
    WrongType,
    header,
    json_reply,
    problem,
    read_body,
    with_ids,
    write,
)
from tenfold.serving.house import House
from tenfold.serving.protocols import kserve, mlflow, openinference
from tenfold.serving.rows import Rows

_log = logging.getLogger("tenfold.serving")


class Outcome(msgspec.Struct, frozen=True):
    prediction_id: str
    value: float | int | bool | str | None


class OutcomesBody(msgspec.Struct, frozen=True):
    outcomes: list[Outcome]


_outcomes = msgspec.json.Decoder(OutcomesBody)


class App:
    """Answers requests from a `House` of deployments. Its lifespan opens and closes the house when nobody else does."""

    def __init__(self, house: House, *, max_body_bytes: int = 64 << 20, token: str | None = None) -> None:
        self.house = house
        self._limit = max_body_bytes
        self._token = token
        self._first = next(iter(house.deployments.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        path: str = scope["path"]
        deployment: Deployment | None = None
        try:
            if self._token is not None:
                self._admit(scope)
            deployment = self._deployment(path)
            reply = await self._route(scope["method"], path, deployment, scope, receive)
        except TenfoldError as error:
            reply = problem(error.status, error.message, error.field)
        except ClientGone:
            return
        except Exception:
            _log.exception("%s %s failed", scope["method"], path)
            reply = problem(500, "The server failed on this request; its log says why. The request was not the cause")
        await write(send, reply)
        if deployment is not None:
            metrics = self.house.metrics
            metrics.requests.add(1, deployment.name, str(reply.status))
            metrics.seconds.observe(time.perf_counter() - start, deployment.name)

    def _deployment(self, path: str) -> Deployment | None:
        """The deployment whose model, or log, a path asks; None for paths about the server."""
        if path in ("/invocations", "/outcomes"):
            return self._first
        parts = path.split("/")
        name: str | None = None
        if len(parts) == 4 and parts[1] == "endpoints":
            name = parts[2]
        elif len(parts) >= 4 and parts[1] in ("v1", "v2") and parts[2] == "models":
            name = parts[3].rpartition(":")[0] or parts[3] if parts[1] == "v1" else parts[3]
        if name is None:
            return None
        found = self.house.deployments.get(name)
        if found is None:
            raise NotFound(
                f"Nothing is served as {name!r}. There is: {', '.join(self.house.deployments)}", field="name"
            )
        return found

    async def _route(
        self, method: str, path: str, deployment: Deployment | None, scope: Scope, receive: Receive
    ) -> Reply:
        if deployment is None:
            _only(method, "GET", "HEAD")
            return self._about(path)
        if path.startswith("/v2/"):
            return await self._v2(method, path.split("/")[4:], deployment, scope, receive)
        if path.startswith("/v1/"):
            return await self._v1(method, path, deployment, receive)
        _only(method, "POST")
        if path.endswith("/outcomes"):
            return self._add_outcomes(deployment, await read_body(receive, self._limit))
        if path.endswith("/invocations"):
            return await self._invocations(deployment, scope, receive)
        raise NotFound(f"There is no {path}. Ask / for what there is")

    async def _invocations(self, deployment: Deployment, scope: Scope, receive: Receive) -> Reply:
        kind = header(scope, b"content-type") or "application/json"
        body = await read_body(receive, self._limit)
        lane = deployment.choose()
        signature = lane.batcher.model.signature
        if kind.startswith("application/json"):
            rows, probability = mlflow.parse(signature, body)
        elif kind.startswith("text/csv"):
            rows, probability = mlflow.parse_csv(signature, body)
        else:
            raise WrongType(f"Nobody here reads {kind}. Send application/json or text/csv", field="content-type")
        answer = await self._ask(deployment, lane, rows)
        return with_ids(mlflow.encode(answer, probability), answer.prediction_ids)

    async def _v1(self, method: str, path: str, deployment: Deployment, receive: Receive) -> Reply:
        name, _, verb = path.removeprefix("/v1/models/").rpartition(":")
        if not name:
            _only(method, "GET")
            return json_reply({"name": deployment.name, "ready": True})
        _only(method, "POST")
        if verb != "predict":
            raise NotFound(f"{deployment.name} has no {verb!r}. Use :predict")
        body = await read_body(receive, self._limit)
        lane = deployment.choose()
        rows, probability, key = kserve.parse(lane.batcher.model.signature, body)
        answer = await self._ask(deployment, lane, rows)
        return with_ids(kserve.encode(answer, probability, key), answer.prediction_ids)

    async def _v2(self, method: str, rest: list[str], deployment: Deployment, scope: Scope, receive: Receive) -> Reply:
        lane = deployment.choose()
        if rest[:1] == ["versions"] and len(rest) >= 2:
            lane = _numbered(deployment, rest[1])
            rest = rest[2:]
        if rest == ["infer"]:
            _only(method, "POST")
            body = await read_body(receive, self._limit)
            signature = lane.batcher.model.signature
            question = openinference.parse(signature, body, header(scope, openinference.HEAD_LENGTH.encode()))
            answer = await self._ask(deployment, lane, question.rows)
            encoded, head = openinference.encode(answer, question, signature, deployment.name)
            reply = with_ids(encoded, answer.prediction_ids)
            if head is not None:
                reply.type = b"application/octet-stream"
                reply.headers.append((openinference.HEAD_LENGTH.encode(), b"%d" % head))
            return reply
        _only(method, "GET")
        if rest == ["ready"]:
            return json_reply({"name": deployment.name, "ready": True})
        if not rest:
            versions = [one.version for one in deployment.lanes]
            return json_reply(openinference.metadata(deployment.name, versions, lane.batcher.model.signature))
        raise NotFound(f"There is no /{'/'.join(rest)} of a model. Use infer or ready")

    async def _ask(self, deployment: Deployment, lane: Lane, rows: Rows) -> Answer:
        if not rows:
            raise Invalid("The request has no rows. Send at least one", field="body")
        answer = await lane.batcher.ask(rows)
        for shadow in deployment.shadows:
            _follow_with(shadow, lane, rows, answer)
        return answer

    def _add_outcomes(self, deployment: Deployment, body: bytes) -> Reply:
        try:
            said = _outcomes.decode(body).outcomes
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(
                f'The body cannot be read: {error}. Send {{"outcomes": [{{"prediction_id": "…", "value": 1}}]}}',
                field="outcomes",
            ) from None
        for at, outcome in enumerate(said):
            if not ids.is_id(outcome.prediction_id):
                raise Invalid(
                    f"Outcome {at} has the prediction_id {outcome.prediction_id[:40]!r}, which is no id. Send the id "
                    "that came with the prediction",
                    field="prediction_id",
                )
        if said:
            deployment.add_outcomes([one.prediction_id for one in said], [one.value for one in said])
        return json_reply({"accepted": len(said)})

    def _about(self, path: str) -> Reply:
        house = self.house
        if path in ("/ping", "/health"):
            return Reply(b"\n", type=TEXT)
        if path == "/version":
            return Reply(metadata.version("tenfold").encode(), type=TEXT)
        if path == "/metrics":
            return Reply(house.metrics.text().encode(), type=METRICS)
        if path == "/":
            return json_reply({name: one.figures() | {"run_id": one.run_id} for name, one in house.deployments.items()})
        if path in ("/v2", "/v2/"):
            said = {"name": "tenfold", "version": metadata.version("tenfold"), "extensions": ["binary_tensor_data"]}
            return json_reply(said)
        if path == "/v2/health/live":
            return json_reply({"live": True})
        if path == "/v2/health/ready":
            return json_reply({"ready": True})
        if path == "/v1/models":
            return json_reply({"models": list(house.deployments)})
        raise NotFound(f"There is no {path}. Ask / for what is served")

    def _admit(self, scope: Scope) -> None:
        given = header(scope, b"authorization") or ""
        wanted = f"Bearer {self._token}"
        if scope["path"] not in ("/ping", "/health", "/v2/health/live") and not hmac.compare_digest(
            given.encode(), wanted.encode()
        ):
            raise Forbidden("This server wants a token. Send the header Authorization: Bearer <token>")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.house.open()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.house.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _only(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise WrongMethod(f"{method} is not answered here. Use {' or '.join(allowed)}", field="method")


def _numbered(deployment: Deployment, number: str) -> Lane:
    for lane in deployment.lanes:
        if str(lane.version.number) == number:
            return lane
    serving = ", ".join(str(lane.version.number) for lane in deployment.lanes)
    raise NotFound(f"{deployment.name} does not serve version {number!r}. It serves: {serving}", field="version")


def _follow_with(shadow: Lane, lane: Lane, rows: Rows, answer: Answer) -> None:
    """Ask a shadow what a client asked; what comes of it is only logged."""
    mine = [column.name for column in lane.batcher.model.signature.inputs]
    theirs = [column.name for column in shadow.batcher.model.signature.inputs]
    if mine != theirs:
        places = {name: at for at, name in enumerate(mine)}
        if any(name not in places for name in theirs):
            return
        rows = [[row[places[name]] for name in theirs] for row in rows]
    asked: Any = shadow.batcher.ask(rows, answer.prediction_ids)
    asked.add_done_callback(lambda done: done.cancelled() or done.exception())
