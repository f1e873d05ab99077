"""The contract of the store of refs."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Move, Ref, RefMove


class Refs(ABC):
    """Movable names with a history that is only ever added to. Every move appends an event with topic 'ref'."""

    @abstractmethod
    def move(self, kind: str, name: str, move: Move, *, at_ms: int) -> Ref | None:
        """Make, move or remove one ref; gives where it points after it, None when removed.

        Moving a ref to where it is already changes nothing and adds no history.

        Raises:
            RefMoved: It is not where `move.expect` says; the message says where it is.
            VersionNotFound: `move.to` is no version of this artifact, or is deleted.
        """

    @abstractmethod
    def find(self, kind: str, name: str, ref: str) -> Ref | None:
        """Where a ref points now, or None."""

    @abstractmethod
    def all(self, kind: str | None = None, name: str | None = None) -> list[Ref]:
        """Refs sorted by kind, name, ref."""

    @abstractmethod
    def named(self, kind: str, ref: str) -> list[Ref]:
        """Where the refs of this name point, of all artifacts of a kind, sorted by the artifact's name."""

    @abstractmethod
    def history(self, kind: str, name: str, ref: str | None = None, *, limit: int = 1000) -> list[RefMove]:
        """Moves of one ref, or of all refs of an artifact, newest first; also of refs removed since."""

    @abstractmethod
    def at(self, kind: str, name: str, ref: str, at_ms: int) -> str | None:
        """The version id the ref named at a moment (UTC), or None: "what was in production on 3 March"."""
