"""The one place that knows which stores are in use, and where engines meet: lineage walks, profiles, the closed loop.

`tenfold.workspace` loads nothing heavy: stores are imported when a workspace first opens them, and names when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.workspace.client import Client
    from tenfold.workspace.deploying import serve
    from tenfold.workspace.engines import pipeline_host
    from tenfold.workspace.explain import why
    from tenfold.workspace.housekeeping import Keeper, collect_garbage, examine, sync
    from tenfold.workspace.lineage import walk
    from tenfold.workspace.location import Location, locate
    from tenfold.workspace.predictions import finder_in, prediction_finder
    from tenfold.workspace.profiling import profile_version
    from tenfold.workspace.purging import Account, Purged, account, empty_bin, purge_runs, purge_versions
    from tenfold.workspace.used import Used
    from tenfold.workspace.workspace import Workspace, current, ensure_folder, open_worker_stores, open_workspace, use

_HOMES = {
    "client": ("Client",),
    "deploying": ("serve",),
    "engines": ("pipeline_host",),
    "explain": ("why",),
    "housekeeping": ("Keeper", "collect_garbage", "examine", "sync"),
    "lineage": ("walk",),
    "location": ("Location", "locate"),
    "predictions": ("finder_in", "prediction_finder"),
    "profiling": ("profile_version",),
    "purging": ("Account", "Purged", "account", "empty_bin", "purge_runs", "purge_versions"),
    "used": ("Used",),
    "workspace": ("Workspace", "current", "ensure_folder", "open_worker_stores", "open_workspace", "use"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Account", "Client", "Keeper", "Location", "Purged", "Used", "Workspace", "account", "collect_garbage", "current", "empty_bin", "ensure_folder", "examine", "finder_in", "locate",
    "open_worker_stores", "open_workspace", "pipeline_host", "prediction_finder", "profile_version", "purge_runs", "purge_versions", "serve", "sync",
    "use", "walk", "why",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Names are loaded when first used: a list of runs needs no lineage and no pipelines."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
