"""Data of other places in a workspace: referenced, imported, brought up to date and exported, by their addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tenfold.base.addresses import check_name, parse
from tenfold.base.errors import Invalid, NotFound
from tenfold.workspace.profiling import profile_version
from tenfold.workspace.remotes import list_remotes, open_home
from tenfold.workspace.workspace import current, open_workspace

if TYPE_CHECKING:
    from tenfold.contracts.blobs import Progress
    from tenfold.data.outside import Exported, Updated
    from tenfold.data.remotes import Home
    from tenfold.records import Version


def reference(url: str, name: str | None = None, *, branch: str = "main", message: str = "") -> Version:
    """Track what lies below a bucket's prefix, without copying it; see `tenfold.data.outside.reference`."""
    from tenfold.data.outside import reference as record
    from tenfold.stores.blobs.services import service_of

    service_of(url, {})
    return record(current().stores, check_name(name or _name_of(url)), url, branch=branch, message=message)


def import_data(
    url: str, name: str | None = None, *, branch: str = "main", message: str = "", as_path: str = "",
    progress: Progress | None = None,
) -> Version:  # fmt: skip
    """Bring in what is at an address as a version that knows it; see `tenfold.data.outside.import_from`."""
    from tenfold.data.outside import import_from

    stores = current().stores
    made = import_from(
        stores, check_name(name or _name_of(url)), url, open_home=_home_at, branch=branch, message=message,
        as_path=as_path, progress=progress,
    )  # fmt: skip
    _profile(made)
    return made


def update(
    names: Sequence[str] = (), *, branch: str = "main", dry_run: bool = False, progress: Progress | None = None
) -> list[Updated]:
    """Bring datasets of other places up to date, or (dry_run) say what changed there; see `tenfold.data.outside.update`.

    Args:
        names: Of datasets; all that came from elsewhere when none is given.

    Raises:
        NotFound: None was named, and none came from elsewhere.
    """
    from tenfold.data.outside import update as bring

    stores = current().stores
    wanted = [parse(name, default_kind="data").name for name in names] or outside_names(branch)
    if not wanted:
        raise NotFound(
            "No dataset here came from another place. Bring one in with: tenfold data import URL, or tenfold data reference URL"
        )
    done = []
    for name in wanted:
        one = bring(stores, name, open_home=_home_at, branch=branch, dry_run=dry_run, progress=progress)
        if one.number != one.before:
            _profile(stores.versions.get([_named(name, branch)])[0])
        done.append(one)
    return done


def outside_names(branch: str = "main") -> list[str]:
    """The datasets whose branch names a version that came from another place, sorted."""
    from tenfold.data.outside import origin_of

    stores = current().stores
    found = []
    for _, name, _, _ in stores.versions.names("data"):
        ref = stores.refs.find("data", name, branch)
        if ref is not None and origin_of(stores.versions.get([ref.version_id])[0]) is not None:
            found.append(name)
    return sorted(found)


def referenced_places() -> dict[str, int]:
    """{URI: versions whose files lie there}, sorted."""
    from tenfold.data.garbage import all_versions
    from tenfold.data.referenced import is_reference

    found = Counter(one.metadata["uri"] for one in all_versions(current().stores) if is_reference(one))
    return dict(sorted(found.items()))


def export(address: str, dest: str, *, progress: Progress | None = None) -> Exported:
    """Write `NAME[@VERSION][/PATH]` to a folder or a bucket, as plain files; see `tenfold.data.outside.export`."""
    from tenfold.data.history import version_meant
    from tenfold.data.outside import export as write

    wanted = parse(address, default_kind="data")
    if wanted.kind != "data":
        raise Invalid(f"{address!r} is not a dataset. Write it like data:flights@main", field="address")
    stores = current().stores
    at = wanted.number if wanted.number is not None else wanted.ref
    version = version_meant(stores, wanted.name, at)
    return write(stores, version, dest, path=wanted.path or "", progress=progress)


def _named(name: str, branch: str) -> str:
    ref = current().stores.refs.find("data", name, branch)
    assert ref is not None
    return ref.version_id


def _profile(version: Version) -> None:
    from tenfold.data.referenced import is_reference

    if not is_reference(version):
        profile_version(current().stores, version)


def _name_of(url: str) -> str:
    """A dataset's name, from the end of an address."""
    from tenfold.tracking.references import name_of

    return name_of(url.partition("@")[0] if url.startswith("tenfold") else url)


def _home_at(url: str) -> tuple[Home, str, str | None]:
    """(home, dataset, version) of `tenfold://server:port/NAME@VERSION`, `tenfold://REMOTE/NAME` or `tenfold:///folder/NAME`."""
    from tenfold.data.remotes import StoreHome

    scheme, _, rest = url.partition("://")
    where, _, last = unquote(rest).rpartition("/")
    wanted = parse(last, default_kind="data")
    at = f"v{wanted.number}" if wanted.number is not None else wanted.ref
    if not where or wanted.path:
        raise Invalid(
            f"{url!r} names no dataset of a store. Write it like tenfold://server:8000/flights@main", field="url"
        )
    remote = next((one for one in list_remotes() if one.name == where), None)
    if remote is not None:
        return open_home(remote.url), wanted.name, at
    if where.startswith("/"):
        store = Path(where)
        store = store / ".tenfold" if (store / ".tenfold").is_dir() else store
        if (store / "tenfold.db").is_file():
            return StoreHome(str(store), open_workspace(str(store)).stores), wanted.name, at
        if not store.is_dir():
            raise NotFound(f"No Tenfold store is at {store}. Check the path", field="url")
        return open_home(str(store)), wanted.name, at
    return open_home(f"{'https' if scheme == 'tenfold+https' else 'http'}://{where}"), wanted.name, at
