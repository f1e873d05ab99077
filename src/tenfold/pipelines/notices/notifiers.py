"""Notifiers: who is told when a pipeline run ends, is late, or a monitor raises an alarm, and by which way.

A notifier is kept as versions of `notifier:<name>`; the ref `active` names the one in force.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Stores
from tenfold.pipelines.secrets.keeping import check_name as check_secret_name
from tenfold.records import Draft, Move, Run, Version

KIND = "notifier"
ACTIVE = "active"
TAG = "notify"
"""Of a pipeline run: notifiers that its pipeline names, separated by commas."""

On = Literal["failure", "success", "late", "alarm"]
ALL_ON: tuple[On, ...] = ("failure", "success", "late", "alarm")
DEFAULT_ON: tuple[On, ...] = ("failure", "late", "alarm")


class Notifier(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One way to tell somebody. `url` or `url_secret` for webhook and slack; `to` and `smtp` for email."""

    name: str
    way: Literal["webhook", "slack", "email"]
    on: list[On] = msgspec.field(default_factory=lambda: list(DEFAULT_ON))
    pipelines: list[str] = []
    """Names of pipelines and monitors, may hold *; all when empty."""
    named_only: bool = False
    """Only runs of pipelines that name it: @pipeline(notify=[…])."""
    url: str = ""
    url_secret: str = ""
    """Name of the secret that is the URL."""
    to: list[str] = []
    sender: str = ""
    smtp: str = ""
    """host:port"""
    user: str = ""
    password_secret: str = ""
    starttls: bool = False

    def wants(self, run: Run, on: On) -> bool:
        """True when this is to be told of that run."""
        if on not in self.on:
            return False
        if self.name in run.tags.get(TAG, "").split(","):
            return True
        matches = not self.pipelines or any(fnmatchcase(run.name, one) for one in self.pipelines)
        return matches and not self.named_only

    @property
    def says(self) -> str:
        """Where it goes, without what must not be seen."""
        if self.way == "email":
            return f"email to {', '.join(self.to)}"
        return f"{self.way} at the secret {self.url_secret}" if self.url_secret else f"{self.way} at {self.url}"


def check(notifier: Notifier) -> Notifier:
    """The notifier as it is. Raises Invalid naming what does not fit."""
    check_name(notifier.name, what="notifier name")
    for secret in (notifier.url_secret, notifier.password_secret):
        if secret:
            check_secret_name(secret)
    if not notifier.on:
        raise Invalid(f"Notifier {notifier.name!r} is told of nothing. Name some of {', '.join(ALL_ON)}", field="on")
    if notifier.way == "email":
        if not notifier.to or not notifier.smtp:
            raise Invalid("An email goes to somebody (to) by a server (smtp, like mail.example.org:587)", field="to")
        return notifier
    if bool(notifier.url) == bool(notifier.url_secret):
        raise Invalid(f"A {notifier.way} has a url, or a url_secret that names the secret it is in", field="url")
    if notifier.url and not notifier.url.startswith(("http://", "https://")):
        raise Invalid(f"{notifier.url!r} is no URL. It begins with https://", field="url")
    return notifier


def save_notifier(stores: Stores, notifier: Notifier, *, who: str = "", clock: Clock = now_ms) -> Version:
    """Keep a notifier and put it in force, in place of one of that name. Raises Invalid."""
    data = canonical_json(msgspec.to_builtins(check(notifier)))
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=notifier.name, digest=digest(data), size_bytes=len(data), inline=data,
        type="json", metadata={"says": notifier.says}, author=who, created_at_ms=clock(),
        moves=[Move(ref=ACTIVE, who=who, why="saved")],
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def remove_notifier(stores: Stores, name: str, *, who: str = "", clock: Clock = now_ms) -> None:
    """Put a notifier into the bin; what waits to be delivered for it is given up. Raises NotFound."""
    versions = stores.versions.search(KIND, name, limit=1000)
    if not versions:
        raise NotFound(f"There is no notifier {name!r}. See them with: tenfold notify list", field="notifier")
    stores.refs.move(KIND, name, Move(ref=ACTIVE, to=None, who=who, why="removed"), at_ms=clock())
    stores.versions.set_deleted([version.id for version in versions], at_ms=clock())


def notifiers(stores: Stores) -> dict[str, tuple[Notifier, int]]:
    """Those in force by name, each with the time since when."""
    active = [ref for ref in stores.refs.all(KIND) if ref.ref == ACTIVE]
    found = stores.versions.get([ref.version_id for ref in active]) if active else []
    return {
        ref.name: (msgspec.json.decode(version.inline or b"", type=Notifier), ref.moved_at_ms)
        for ref, version in zip(active, found, strict=True)
    }
