"""The one place that knows which stores are in use, and where engines meet: lineage walks, profiles, the closed loop."""

from tenfold.workspace.location import Location, locate
from tenfold.workspace.workspace import Workspace, current, open_worker_stores, open_workspace, use

__all__ = ["Location", "Workspace", "current", "locate", "open_worker_stores", "open_workspace", "use"]
