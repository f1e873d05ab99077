"""Remotes: other homes of datasets (a bucket or folder alone, a Tenfold server), and what goes to and fro.

Here lives no opening of places: a `Home` is given. `tenfold.workspace.remotes` knows their names and opens them.
"""

from tenfold.data.remotes.bucket_home import BucketHome
from tenfold.data.remotes.collecting import Collected, collect
from tenfold.data.remotes.fetching import Fetched, apart_error, fetch, pull
from tenfold.data.remotes.home import Home, Shared, SharedRef
from tenfold.data.remotes.pushing import Pushed, push
from tenfold.data.remotes.reading import dataset_at
from tenfold.data.remotes.roots import write_roots
from tenfold.data.remotes.store_home import StoreHome

__all__ = [
    "BucketHome", "Collected", "Fetched", "Home", "Pushed", "Shared", "SharedRef", "StoreHome", "apart_error", "collect",
    "dataset_at", "fetch", "pull", "push", "write_roots",
]  # fmt: skip
