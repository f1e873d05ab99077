"""Commits to several datasets at once: all of them are seen, or none."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType

import msgspec

from tenfold.base import ids
from tenfold.base.errors import Conflict, Invalid
from tenfold.contracts import Stores
from tenfold.contracts.changes import version_of
from tenfold.records import Draft, Version
from tenfold.records.version import COMMIT_SET


class Transaction:
    """Commits made inside it are published together at its end. A context manager, for one thread.

    A version that `commit` gives inside is not stored yet; afterwards `versions` has them.
    """

    def __init__(self, stores: Stores) -> None:
        self.id = ids.new_id()
        self.versions: list[Version] = []
        self._stores = stores
        self._drafts: list[Draft] = []
        self._afterwards: list[Callable[[], None]] = []
        self._token: Token[Transaction | None] | None = None

    def add(self, draft: Draft) -> Version:
        """Take a draft; gives the version that it will be when nobody commits to its dataset meanwhile.

        Raises:
            Conflict: There is one for that dataset already.
        """
        if any((one.kind, one.name) == (draft.kind, draft.name) for one in self._drafts):
            raise Conflict(f"{draft.kind}:{draft.name} is in this transaction already. Commit all of its files at once")
        self._drafts.append(msgspec.structs.replace(draft, tags={**draft.tags, COMMIT_SET: self.id}))
        newest = self._stores.versions.find(draft.kind, draft.name)
        return version_of(self._drafts[-1], 1 if newest is None else newest.number + 1)

    def after(self, call: Callable[[], None]) -> None:
        """Call this once everything is published."""
        self._afterwards.append(call)

    def __enter__(self) -> Transaction:
        if _open.get() is not None:
            raise Invalid("A transaction is open already. Commit all of it inside that one")
        self._token = _open.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish all commits, or none when the block raised. Raises RefMoved when a branch moved meanwhile."""
        assert self._token is not None
        _open.reset(self._token)
        if kind is None and self._drafts:
            self.versions = self._stores.versions.publish(self._drafts)
            for call in self._afterwards:
                call()


_open: ContextVar[Transaction | None] = ContextVar("tenfold_transaction", default=None)


def open_transaction() -> Transaction | None:
    """The transaction this code runs in, or None."""
    return _open.get()


def once_committed(call: Callable[[], None]) -> None:
    """Call this now, or at the end of the open transaction."""
    inside = _open.get()
    call() if inside is None else inside.after(call)
