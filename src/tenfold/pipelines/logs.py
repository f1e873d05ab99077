"""What steps print: a file that grows while the step runs, and an artifact of kind log once it has ended."""

from __future__ import annotations

from pathlib import Path

from tenfold.contracts import Stores

KIND = "log"
LOG_FILE = "log.txt"


def live_log(folder: Path, run_id: str) -> Path:
    """The file that a step's run prints to while it goes on; `folder` is the host's."""
    return folder / "logs" / f"{run_id}.log"


def attempt_line(attempt: int) -> str:
    """What stands before the second and later attempts' words."""
    return f"--- attempt {attempt} ---\n"


def begin_again(log: Path, attempt: int) -> None:
    """Take back what this attempt has printed so far: its engine tells all of it again."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        before, line, _ = log.read_bytes().rpartition(attempt_line(attempt).encode())
        log.write_bytes(before + line)


def read_log(stores: Stores, run_id: str, folder: Path | None = None) -> str:
    """What a step's run printed so far; '' when nothing.

    For a cached step it is what the run printed that made its outputs. `folder`, the host's, is needed while the step
    still runs. Raises RunNotFound.
    """
    if folder is not None:
        try:
            return live_log(folder, run_id).read_text("utf-8", "replace")
        except FileNotFoundError:
            pass
    versions = stores.versions.search(KIND, run_id=run_id, limit=1)
    if not versions:
        made_by = stores.runs.get([run_id])[0].result.get("cached_from")
        return read_log(stores, made_by, folder) if made_by else ""
    version = versions[0]
    if version.inline is not None:
        return version.inline.decode("utf-8", "replace")
    entry = stores.blobs.find_entry(version.digest, LOG_FILE)
    return "" if entry is None else stores.blobs.get_bytes(entry.digest).decode("utf-8", "replace")
