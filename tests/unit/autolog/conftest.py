"""A workspace in which fits log themselves, and what became of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tenfold
from tenfold.records import Run, Version
from tenfold.tracking.autolog import fitting
from tenfold.tracking.warn import WarnOnce


class Kept:
    """What the workspace has: runs oldest first, and the artifacts of each by key."""

    def runs(self, where: str = "") -> list[Run]:
        return list(tenfold.Client().runs(where, order="created").items)

    def only(self, where: str = "kind = 'training'") -> Run:
        (run,) = self.runs(where)
        return run

    def artifacts(self, run: Run) -> dict[str, Version]:
        stores = tenfold.current().stores
        edges = [edge for edge in stores.lineage.of_runs([run.id]) if edge.direction == "produced"]
        versions = stores.versions.get([edge.version_id for edge in edges])
        return {edge.role: version for edge, version in zip(edges, versions, strict=True) if version.kind != "log"}

    def content(self, version: Version, path: str) -> bytes:
        stores = tenfold.current().stores
        entry = stores.blobs.find_entry(version.digest, path)
        assert entry is not None
        return stores.blobs.get_bytes(entry.digest)

    def table(self, version: Version) -> dict[str, list[Any]]:
        told = json.loads(self.content(version, "table.json"))
        return {name: [row[i] for row in told["rows"]] for i, name in enumerate(told["columns"])}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """A fresh workspace; autolog is off before and after, and nothing may have gone wrong in it unsaid."""
    monkeypatch.setenv("TENFOLD_CAPTURE", "git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    monkeypatch.setattr(fitting, "_warn", WarnOnce())
    tenfold.use(str(tmp_path / ".tenfold"))
    yield Kept()
    tenfold.autolog(disable=True)


@pytest.fixture
def silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Autolog had nothing to warn of."""
    yield
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == []
