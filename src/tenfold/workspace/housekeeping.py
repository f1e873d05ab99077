"""What keeps a workspace in order: shipping what the dead left, noticing the vanished, freeing bytes, looking for damage."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from typing import Literal

import msgspec

from tenfold.base.clock import now_ms
from tenfold.workspace.recovery import Recovery
from tenfold.workspace.rounds import Rounds
from tenfold.workspace.workspace import Workspace

SILENT_MS = 60_000
"""A run whose process gave no sign for so long is lost. Processes give one every 5 s."""

KINDS_WITH_HEARTBEAT = ["training", "tuning", "trial", "deployment", "pipeline", "check"]
EVERY_S = 5.0


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync did. `left` journals belong to live processes; `kept` says why a folder could not be sent."""

    points: int
    journals: int
    predictions: int
    left: int
    lost: int
    kept: dict[str, str]


class Finding(msgspec.Struct, frozen=True):
    """One line of an examination."""

    level: Literal["ok", "note", "bad"]
    what: str
    says: str


def sync(workspace: Workspace) -> Synced:
    """Ship what processes that are gone left in the local folder, and mark vanished runs lost. May run many times at once."""
    from tenfold.tracking import sync as ship

    stores = workspace.stores
    shipped = ship(stores, workspace.journals)
    published = 0
    if workspace.predictions.is_dir():
        from tenfold.serving import publish_orphans

        published = sum(version.metadata.get("rows", 0) for version in publish_orphans(stores, workspace.predictions))
    now = now_ms()
    lost = stores.runs.lose(silent_since_ms=now - SILENT_MS, at_ms=now, kinds=KINDS_WITH_HEARTBEAT)
    return Synced(
        points=shipped.points,
        journals=shipped.folders,
        predictions=published,
        left=shipped.live,
        lost=len(lost),
        kept=shipped.kept,
    )


class Keeper:
    """A thread that syncs and resumes abandoned pipeline runs every few seconds, beside a server.

    Errors are logged and tried again.
    """

    def __init__(self, workspace: Workspace, *, every_s: float = EVERY_S) -> None:
        self._workspace = workspace
        self._recovery = Recovery(workspace)
        self._rounds = Rounds(self.tend, name="keeper", doing="Keeping the store in order", every_s=every_s)

    def start(self) -> Keeper:
        self._rounds.start()
        return self

    def stop(self) -> None:
        """End the thread, if it was started; returns once it has."""
        self._rounds.stop()
        self._recovery.stop()

    def tend(self) -> None:
        """Sync, and resume what was abandoned."""
        sync(self._workspace)
        self._recovery.tend()


def collect_garbage(workspace: Workspace, *, grace_ms: int, dry_run: bool = False) -> tuple[int, int]:
    """Remove bytes that no version or run reaches and that are older than the grace; gives (objects, bytes)."""
    from tenfold.data import collect_garbage as collect

    return collect(workspace.stores, grace_ms=grace_ms, dry_run=dry_run)


def examine(
    workspace: Workspace, *, verify: bool = False, progress: Callable[[int, int], None] | None = None
) -> list[Finding]:
    """Look over the installation and the store. With `verify` every stored byte is read and its hash checked."""
    from importlib.metadata import version

    stores = workspace.stores
    objects, size = stores.blobs.size()
    findings = [
        Finding("ok", "tenfold", f"{version('tenfold')} on Python {platform.python_version()}, {sys.platform}"),
        Finding("ok", "store", f"{workspace.location}: {sum(stores.runs.projects().values()):,} runs"),
        Finding("ok", "bytes", f"{objects:,} objects, {size:,} bytes"),
    ]
    done = sync(workspace)
    for folder, why in done.kept.items():
        findings.append(Finding("bad", "journal", f"{folder} could not be sent: {why}"))
    if done.points or done.predictions:
        findings.append(
            Finding(
                "note",
                "journals",
                f"shipped {done.points:,} points and {done.predictions:,} predictions that were left",
            )
        )
    findings += _extras()
    if verify:
        from tenfold.data import verify as read_all

        damaged = read_all(stores, progress=progress)
        findings += [Finding("bad", "damaged", line) for line in damaged]
        if not damaged:
            findings.append(Finding("ok", "verify", "every stored byte matches its hash"))
    return findings


def _extras() -> list[Finding]:
    from importlib.util import find_spec

    needs = {"tables": "polars", "models": "onnxruntime", "postgres": "psycopg", "s3": "opendal", "tuning": "optuna"}
    missing = [extra for extra, module in needs.items() if find_spec(module) is None]
    if not missing:
        return [Finding("ok", "extras", "all installed")]
    return [
        Finding(
            "note",
            "extras",
            f"not installed: {', '.join(missing)}. Add with: pip install 'tenfold[{','.join(missing)}]'",
        )
    ]
