"""Datasets: named trees of files with history, branches, tags and differences; and the files of any version.

Here lives no storage: bytes are in stores.blobs, versions and refs in theirs.
"""

from tenfold.data.dataset import Dataset
from tenfold.data.diff import Change, Diff, TableChange
from tenfold.data.files import files_of, find_file, local_file, open_file
from tenfold.data.garbage import collect_garbage, named_digests, repair, verify
from tenfold.data.merging import Clash, MergePlan
from tenfold.data.usage import DatasetUsage, usage
from tenfold.data.working import Committed, Local, Merged, PathDiff, PathStatus, Restored, Worktree

__all__ = [
    "Change", "Clash", "Committed", "Dataset", "DatasetUsage", "Diff", "Local", "MergePlan", "Merged", "PathDiff",
    "PathStatus", "Restored", "TableChange", "Worktree", "collect_garbage", "files_of", "find_file", "local_file", "named_digests",
    "open_file", "repair", "usage", "verify",
]  # fmt: skip
