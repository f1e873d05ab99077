"""Run by `make frameworks`, in an environment of its own: a fresh workspace in which fits log themselves."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import tenfold
from tenfold.records import Run, Version
from tenfold.tracking.autolog import fitting
from tenfold.tracking.warn import WarnOnce


class Kept:
    """What the workspace has."""

    def only(self) -> Run:
        (run,) = tenfold.Client().runs("kind = 'training'").items
        return run

    def points(self, run: Run, key: str) -> dict[int, float]:
        """A series as {step: value}."""
        steps, values = tenfold.Client().series(run.id, key)
        return dict(zip(steps.tolist(), values.tolist(), strict=True))

    def artifacts(self, run: Run) -> dict[str, Version]:
        """What a run made, by role."""
        stores = tenfold.current().stores
        edges = [edge for edge in stores.lineage.of_runs([run.id]) if edge.direction == "produced"]
        versions = stores.versions.get([edge.version_id for edge in edges])
        return {edge.role: version for edge, version in zip(edges, versions, strict=True)}

    def content(self, version: Version, path: str) -> bytes:
        stores = tenfold.current().stores
        entry = stores.blobs.find_entry(version.digest, path)
        assert entry is not None
        return stores.blobs.get_bytes(entry.digest)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Kept]:
    """Autolog is on; nothing may have gone wrong in it unsaid, and nothing was said."""
    monkeypatch.setenv("TENFOLD_CAPTURE", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tenfold.workspace.workspace._current", None)
    monkeypatch.setattr(fitting, "_warn", WarnOnce())
    tenfold.use(str(tmp_path / ".tenfold"))
    tenfold.autolog()
    yield Kept()
    tenfold.autolog(disable=True)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text for text in said if "autolog" in text or "tenfold" in text.lower() or "was not kept" in text] == []
