"""Datasets: named trees of files with history, branches, tags and differences; and the files of any version.

Here lives no storage: bytes are in stores.blobs, versions and refs in theirs.
"""

from tenfold.data.dataset import Dataset
from tenfold.data.diff import Change, Diff, TableChange
from tenfold.data.files import files_of, find_file, local_file, open_file
from tenfold.data.garbage import collect_garbage, patches_of_runs, verify

__all__ = [
    "Change", "Dataset", "Diff", "TableChange", "collect_garbage", "files_of", "find_file", "local_file", "open_file", "patches_of_runs",
    "verify",
]  # fmt: skip
