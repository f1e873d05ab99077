"""`Asset`: what a task says it writes. Nothing is started by it here."""

from __future__ import annotations

from typing import Any


class Asset:
    """A name and an address; `&` and `|` of several say when a DAG is due."""

    def __init__(self, name: str = "", uri: str | None = None, *, group: str = "", extra: Any = None) -> None:
        self.name, self.uri, self.group, self.extra = name or uri or "", uri or name, group, extra or {}

    def __and__(self, other: Any) -> Asset:
        return Asset(f"{self.name} & {getattr(other, 'name', other)}")

    def __or__(self, other: Any) -> Asset:
        return Asset(f"{self.name} | {getattr(other, 'name', other)}")

    def __repr__(self) -> str:
        return f"Asset(name={self.name!r}, uri={self.uri!r})"
