"""The one place that knows which stores are in use, and where engines meet: lineage walks, profiles, the closed loop.

`tenfold.workspace` loads nothing heavy: stores are imported when a workspace first opens them.
"""

from tenfold.workspace.explain import why
from tenfold.workspace.lineage import walk
from tenfold.workspace.location import Location, locate
from tenfold.workspace.workspace import Workspace, current, open_worker_stores, open_workspace, use

__all__ = ["Location", "Workspace", "current", "locate", "open_worker_stores", "open_workspace", "use", "walk", "why"]
