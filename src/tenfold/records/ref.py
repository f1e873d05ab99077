"""A ref: a movable name for a version (branch, tag, alias, stage), with its history of moves."""

from __future__ import annotations

import msgspec

ANY = "*"
"""As `expect` of a move: wherever the ref points now, or nowhere."""


class Ref(msgspec.Struct, frozen=True, kw_only=True):
    """`kind:name@ref` names version `version_id`, number `number`, since `moved_at_ms` (UTC)."""

    kind: str
    name: str
    ref: str
    version_id: str
    number: int
    moved_at_ms: int


class Move(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request to move a ref.

    `expect` is the version id it must name now, None when it must not exist yet, or ANY. `to` is the version id it
    shall name; None removes the ref (in a Draft: the version being published).
    """

    ref: str
    to: str | None = None
    expect: str | None = ANY
    who: str = ""
    why: str = ""


class RefMove(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of a ref's history. `before` or `after` is None when the ref was made or removed."""

    kind: str
    name: str
    ref: str
    before: str | None
    after: str | None
    at_ms: int
    who: str = ""
    why: str = ""
