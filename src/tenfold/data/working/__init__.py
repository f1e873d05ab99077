"""Datasets beside git: tracked paths with a pointer each, what changed in them, and making them what their pointers say.

Here lives no storage, and no knowledge of remotes.
"""

from tenfold.data.working.add import Committed
from tenfold.data.working.compare import PathDiff
from tenfold.data.working.joining import Merged
from tenfold.data.working.local import Local
from tenfold.data.working.restore import Restored
from tenfold.data.working.status import PathStatus
from tenfold.data.working.worktree import Worktree

__all__ = ["Committed", "Local", "Merged", "PathDiff", "PathStatus", "Restored", "Worktree"]
