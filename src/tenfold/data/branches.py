"""The branches of a dataset as a commit meets them: what it goes on from, and that a tag stays where it is."""

from __future__ import annotations

from tenfold.base.errors import Conflict, RefMoved
from tenfold.contracts import Stores
from tenfold.data.publishing import KIND, tagged
from tenfold.records import Version


def parent_on(stores: Stores, name: str, branch: str, based_on: Version | None) -> Version | None:
    """The version a commit to a branch goes on from; None for the first of a new branch.

    Raises:
        Conflict: The branch is a tag.
        RefMoved: The branch does not name `based_on` any more.
    """
    if branch in tagged(stores, name):
        raise Conflict(f"{KIND}:{name}@{branch} is a tag and stays where it is. Commit to a branch", field="branch")
    head = stores.refs.find(KIND, name, branch)
    if based_on is not None and head is not None and head.version_id != based_on.id:
        raise RefMoved(
            f"{KIND}:{name}@{branch} is at v{head.number}, not at v{based_on.number} any more. Look at what "
            f"changed with: tenfold data diff {name} v{based_on.number} v{head.number}",
            field="based_on",
        )
    if based_on is not None or head is None:
        return based_on
    return stores.versions.get([head.version_id])[0]


def is_branch(stores: Stores, name: str, ref: str) -> bool:
    """True when there is a branch of that name. Raises Conflict for a tag."""
    if stores.refs.find(KIND, name, ref) is None:
        return False
    if ref in tagged(stores, name):
        raise Conflict(f"{KIND}:{name}@{ref} is a tag and stays where it is. Merge into a branch", field="into")
    return True
