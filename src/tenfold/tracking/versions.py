"""What a run uses and makes that has a name of its own: versions, each with an edge of the graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.base.clock import now_ms
from tenfold.base.errors import NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Stores, resolve
from tenfold.records import Draft, Edge, Version
from tenfold.tracking import media
from tenfold.tracking.outbox import Content, Outbox, Publish, Used, is_away


class KeepsVersions(ABC):
    """What a run adds: its id and stores, its outbox, and `_do`, which warns where the outbox raises."""

    id: str
    stores: Stores
    _outbox: Outbox
    _asked: dict[str, str]
    """{address without a number: id of the version it meant}."""

    @abstractmethod
    def _do(self, deed: Any, content: Content | None = None) -> Version | None: ...

    def use(self, address: str, *, role: str = "input") -> Version:
        """Note that this run uses a version, and give it. Raises VersionNotFound, InvalidAddress."""
        wanted = parse(address, default_kind="data")
        version = resolve(self.stores, wanted)
        if wanted.number is None:
            self._asked[str(wanted)] = version.id
        edge = Edge(run_id=self.id, version_id=version.id, direction="used", role=role, at_ms=now_ms())
        self._do(Used(edge))
        return version

    def save(
        self,
        content: str | Path | Mapping[str, Path | bytes],
        name: str,
        *,
        kind: str = "data",
        type: str = "",
        role: str = "",
        metadata: Mapping[str, Any] | None = None,
        message: str = "",
    ) -> Version:
        """Keep a file, a folder or a mapping {path: file or bytes} as the next version of `kind:name`, made by this run.

        While the store is away the version given has the number 0; it gets its own when it is sent.

        Raises:
            FileNotFoundError: There is no such file or folder.
            InvalidAddress: No artifact may bear this name.
        """
        files = media.files_of(content)
        draft = self._draft(kind, name, type=type, role=role or name, metadata=dict(metadata or {}), message=message)
        version = self._outbox.do(Publish(draft), files)
        return version or Version(id=draft.id, kind=kind, name=name, number=0, digest="", type=type, run_id=self.id)

    def log_reference(self, uri: str, name: str | None = None, *, role: str = "input") -> Version:
        """Note that this run used data that is left where it is: a path, or an http, s3 or other URI.

        Kept is what can be told of it (URI, size, etag) as a version of `data:<name>`; looked at again unchanged it is
        the same version.

        Raises:
            Invalid: It is no URI, or it carries a password.
        """
        from tenfold.tracking import references

        told = references.look(uri)
        draft = self._draft("data", name or references.name_of(told["uri"]), type="reference", metadata=told)
        content = canonical_json(told)
        draft = msgspec.structs.replace(
            draft, run_id=None, inline=content, digest=digest(content), size_bytes=len(content)
        )
        version = self._same_version(draft) or self._outbox.do(Publish(draft))
        version = version or Version(id=draft.id, kind="data", name=draft.name, number=0, digest=draft.digest)
        self._do(Used(Edge(run_id=self.id, version_id=version.id, direction="used", role=role, at_ms=now_ms())))
        return version

    def _same_version(self, draft: Draft) -> Version | None:
        """The newest version of this name when it has this content; None also when the store cannot tell now."""
        try:
            found = resolve(self.stores, f"{draft.kind}:{draft.name}@latest")
        except NotFound:
            return None
        except Exception as error:
            if not is_away(error):
                raise
            return None
        return found if found.digest == draft.digest and found.type == draft.type else None

    def _draft(self, kind: str, name: str, **fields: Any) -> Draft:
        return Draft(id=ids.new_id(), kind=kind, name=name, digest="", run_id=self.id, created_at_ms=now_ms(), **fields)
