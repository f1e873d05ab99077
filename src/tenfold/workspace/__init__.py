"""The one place that knows which stores are in use, and where engines meet: lineage walks, profiles, the closed loop.

`tenfold.workspace` loads nothing heavy: stores are imported when a workspace first opens them.
"""

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

__all__ = [
    "Account", "Client", "Keeper", "Location", "Purged", "Used", "Workspace", "account", "collect_garbage", "current", "empty_bin", "ensure_folder", "examine", "finder_in", "locate",
    "open_worker_stores", "open_workspace", "pipeline_host", "prediction_finder", "profile_version", "purge_runs", "purge_versions", "serve", "sync",
    "use", "walk", "why",
]  # fmt: skip
