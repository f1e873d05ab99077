"""Records that edges and versions name, as far as they are still there: a run may have been purged since."""

from __future__ import annotations

from tenfold.base.errors import RunNotFound, VersionNotFound
from tenfold.contracts.stores import Stores
from tenfold.records import Run, Version


def runs_there(stores: Stores, run_ids: list[str]) -> dict[str, Run]:
    """Those of the runs that are stored, by id, deleted ones too. One question when none is missing."""
    try:
        return {run.id: run for run in stores.runs.get(run_ids)} if run_ids else {}
    except RunNotFound:
        middle = len(run_ids) // 2
        return runs_there(stores, run_ids[:middle]) | runs_there(stores, run_ids[middle:]) if middle else {}


def versions_there(stores: Stores, version_ids: list[str]) -> dict[str, Version]:
    """Those of the versions that are stored, by id, deleted and purged ones too. One question when none is missing."""
    try:
        return {version.id: version for version in stores.versions.get(version_ids)} if version_ids else {}
    except VersionNotFound:
        middle = len(version_ids) // 2
        if not middle:
            return {}
        return versions_there(stores, version_ids[:middle]) | versions_there(stores, version_ids[middle:])
