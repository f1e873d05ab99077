"""Schedules that a request starts: who may send it, and what of its body becomes params."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Forbidden, Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.starting.filling import refuse_deep
from tenfold.pipelines.starting.firing import by_request, fire
from tenfold.pipelines.starting.schedules import ACTIVE, KIND, Hook, Schedule, read
from tenfold.records import RunQuery
from tenfold.records.search import Compare

SHORTEST_TOKEN = 16
_ABSENT = object()


def hook_of(token: str, params: Mapping[str, str]) -> Hook:
    """A hook that this token opens. Raises Invalid for a token that could be guessed."""
    if len(token) < SHORTEST_TOKEN:
        raise Invalid(
            f"The token of a hook has {SHORTEST_TOKEN} characters or more. Make one with: openssl rand -hex 24",
            field="token",
        )
    return Hook(token=_hashed(token), params=dict(params))


def start_by_request(
    stores: Stores, name: str, *, token: str, body: Any, replay_id: str = "", clock: Clock = now_ms
) -> tuple[str, bool]:
    """Ask for a run because of a request; gives its id, and whether this request made it.

    Requests with the same replay id come to one run, whichever server gets them, and whenever it dies.

    Raises:
        Forbidden: There is no such hook in force, or the token is not its token: nobody is told which.
        Invalid: The body lacks what a param is taken from.
    """
    schedule = _in_force(stores, name)
    right = schedule.hook.token if schedule is not None and schedule.hook is not None else "0" * 64
    if not hmac.compare_digest(_hashed(token), right) or schedule is None or schedule.hook is None:
        raise Forbidden(f"The token is not that of a hook {name!r} in force", field="authorization")
    params = {param: _at(body, path, param) for param, path in schedule.hook.params.items()}
    refuse_deep(params)
    firing = by_request(stores, schedule, params, replay_id, clock=clock)
    query = RunQuery(where=Compare("id", "=", firing.run_id), deleted=None, limit=1, count=False)
    there = bool(replay_id) and bool(stores.runs.search(query).items)
    if not there:
        fire(stores, schedule, [firing], by="request", clock=clock)
    return firing.run_id, not there


def _in_force(stores: Stores, name: str) -> Schedule | None:
    try:
        active = stores.refs.find(KIND, name, ACTIVE)
    except ValueError:
        return None
    return read(stores.versions.get([active.version_id])[0]) if active is not None else None


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _at(body: Any, path: str, param: str) -> Any:
    found = body
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part, _ABSENT)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            found = _ABSENT
        if found is _ABSENT:
            raise Invalid(
                f"The param {param} is taken from {path!r}, which the request's body does not have", field=path
            )
    return found
