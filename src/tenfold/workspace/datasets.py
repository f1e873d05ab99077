"""A dataset of the workspace, whose tables are profiled as they are committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenfold.workspace.workspace import current

if TYPE_CHECKING:
    from tenfold.data import Dataset
    from tenfold.records import Version


def dataset(name: str) -> Dataset:
    """A dataset by name, to commit to or read from. Its versions' tables are profiled as they are committed."""
    from tenfold.data import Dataset
    from tenfold.data.transactions import once_committed

    stores = current().stores

    def keep_profile(version: Version) -> None:
        once_committed(lambda: _profile(version))

    def _profile(version: Version) -> None:
        from tenfold.workspace.profiling import profile_version

        profile_version(stores, stores.versions.get([version.id])[0])

    return Dataset(stores, name, on_commit=keep_profile)
