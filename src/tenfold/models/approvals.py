"""Approval: someone asks that an alias may take a version, someone says yes or no, and both are kept with their words.

A request is version n of `approval-request:<model>`; its answer a version of `approval-answer:<model>` under the ref
`request-<n>`, which is made only where there is none: of two answers at once one stands.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tenfold.base import clock, ids
from tenfold.base.addresses import check_ref
from tenfold.base.errors import AlreadyExists, Invalid, RefMoved, StateConflict, VersionNotFound
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.contracts.there import versions_there
from tenfold.records import Draft, Move, Version

REQUEST, ANSWER = "approval-request", "approval-answer"
COMMENT_CHARACTERS = 4000
State = Literal["open", "approved", "rejected"]
_PAGE = 200


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request and, when there is one, its answer. `version` is the number of the model's version."""

    number: int
    model: str
    alias: str
    version: int
    version_id: str
    by: str
    comment: str
    at_ms: int
    state: State = "open"
    answered_by: str = ""
    answer: str = ""
    answered_at_ms: int | None = None


class _Asked(msgspec.Struct, frozen=True):
    alias: str
    version: int
    version_id: str
    comment: str


class _Said(msgspec.Struct, frozen=True):
    request: int
    approved: bool
    comment: str


def request_approval(stores: Stores, version: Version, alias: str, *, who: str, comment: str = "") -> Approval:
    """Ask that an alias may take a version.

    Raises:
        AlreadyExists: The same is asked already and not answered.
    """
    check_ref(alias)
    for other in approvals(stores, version.name, state="open"):
        if (other.alias, other.version_id) == (alias, version.id):
            raise AlreadyExists(
                f"Request {other.number} of {other.by or 'someone'} asks the same. Answer it with: tenfold models "
                f"approve {version.name} {other.number}",
                field="version",
            )
    asked = _Asked(alias, version.number, version.id, _checked(comment))
    return _read(_publish(stores, REQUEST, version.name, asked, who=who), None)


def answer_approval(stores: Stores, name: str, number: int, *, approved: bool, who: str, comment: str = "") -> Approval:
    """Say yes or no to a request.

    Raises:
        VersionNotFound: There is no such request.
        StateConflict: It was answered already; the message says how.
        Invalid: A no without a comment.
    """
    request = stores.versions.find(REQUEST, name, number)
    if request is None:
        raise VersionNotFound(
            f"model:{name} has no request {number}. List them with: tenfold models requests {name}", field="number"
        )
    if not approved and not comment.strip():
        raise Invalid("A rejection needs a comment that says why", field="comment")
    said = _Said(number, approved, _checked(comment))
    move = Move(ref=_ref(number), expect=None, who=who, why=comment)
    try:
        answer = _publish(stores, ANSWER, name, said, who=who, parents=[request.id], moves=[move])
    except RefMoved:
        told = find_approval(stores, name, number)
        raise StateConflict(
            f"Request {number} was {told.state} by {told.answered_by or 'someone'} already. Ask again if that shall "
            "change",
            field="number",
        ) from None
    return _read(request, answer)


def find_approval(stores: Stores, name: str, number: int) -> Approval:
    """One request with its answer. Raises VersionNotFound."""
    for one in approvals(stores, name):
        if one.number == number:
            return one
    raise VersionNotFound(f"model:{name} has no request {number}", field="number")


def approvals(stores: Stores, name: str, *, state: State | None = None) -> list[Approval]:
    """The requests for a model, newest first."""
    requests: list[Version] = []
    while page := stores.versions.search(REQUEST, name, offset=len(requests), limit=_PAGE):
        requests += page
    answered = {ref.ref: ref.version_id for ref in stores.refs.all(ANSWER, name)}
    answers = versions_there(stores, sorted(answered.values()))
    found = [_read(one, answers.get(answered.get(_ref(one.number), ""))) for one in requests]
    return [one for one in found if state in (None, one.state)]


def approval_for(stores: Stores, name: str, alias: str, version_id: str) -> Approval | None:
    """The newest yes to an alias taking a version, or None."""
    found = approvals(stores, name, state="approved")
    return next((one for one in found if (one.alias, one.version_id) == (alias, version_id)), None)


def _ref(number: int) -> str:
    return f"request-{number}"


def _checked(comment: str) -> str:
    if len(comment) > COMMENT_CHARACTERS:
        raise Invalid(f"A comment takes at most {COMMENT_CHARACTERS:,} characters. Shorten it", field="comment")
    return comment


def _publish(
    stores: Stores, kind: str, name: str, content: msgspec.Struct, *, who: str, parents: list[str] | None = None,
    moves: list[Move] | None = None,
) -> Version:  # fmt: skip
    data = msgspec.json.encode(content)
    draft = Draft(
        id=ids.new_id(), kind=kind, name=name, digest=digest(data), inline=data, size_bytes=len(data), type="json",
        author=who, created_at_ms=clock.now_ms(), parents=parents or [], moves=moves or [],
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def _read(request: Version, answer: Version | None) -> Approval:
    asked = msgspec.json.decode(request.inline or b"", type=_Asked)
    told = Approval(
        number=request.number,
        model=request.name,
        alias=asked.alias,
        version=asked.version,
        version_id=asked.version_id,
        by=request.author,
        comment=asked.comment,
        at_ms=request.created_at_ms,
    )
    if answer is None:
        return told
    said = msgspec.json.decode(answer.inline or b"", type=_Said)
    return msgspec.structs.replace(
        told,
        state="approved" if said.approved else "rejected",
        answered_by=answer.author,
        answer=said.comment,
        answered_at_ms=answer.created_at_ms,
    )
