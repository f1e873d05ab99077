"""Bringing data in from another place as a version that knows where it came from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import unquote, urlsplit

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.files import write_atomic
from tenfold.base.hashing import json_digest
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.files import tree_of
from tenfold.data.history import version_meant
from tenfold.data.outside.places import Origin, origin_of, parent_from, told
from tenfold.data.outside.referencing import entries_of
from tenfold.data.outside.web import download
from tenfold.data.publishing import publish_tree
from tenfold.data.remotes.home import Home
from tenfold.data.remotes.reading import dataset_at
from tenfold.data.remotes.store_home import StoreHome
from tenfold.data.sources import ignored
from tenfold.records import Entry, Move, Tree, Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.objects import Bucket, Object
from tenfold.stores.blobs.services import SCHEMES
from tenfold.stores.blobs.transfer import copy_trees

TENFOLD = ("tenfold", "tenfold+https")
OpenHome = Callable[[str], tuple[Home, str, str | None]]
"""(the home, the name of a dataset there, which version) that a tenfold:// URL means."""

_AT_ONCE = 8


def import_from(
    stores: Stores,
    name: str,
    uri: str,
    *,
    open_home: OpenHome,
    branch: str = "main",
    message: str = "",
    as_path: str = "",
    progress: Progress | None = None,
    clock: Clock = now_ms,
) -> Version:
    """Record what is at an address now as the next version of a dataset; with no change the one that is there.

    Of a bucket and of another Tenfold only what changed since the last import comes over; of a web server nothing, when it
    says that nothing changed.

    Args:
        uri: A folder or file, http(s)://…, a bucket's URL (one object or all below a prefix), tenfold://….
        as_path: What a single file is called in the dataset; else as at its end of the address.

    Raises:
        NotFound: Nothing is there.
        Conflict: The branch has files of another origin; or what is there changed while it came.
        Unavailable: The place cannot be reached. Nothing was recorded.
    """
    uri = plain_uri(uri)
    parent = parent_from(stores, name, branch, uri)
    before = origin_of(parent) if parent is not None else None
    as_path = as_path or (before.as_path if before is not None else "")
    found = _bring(stores, uri, parent, before, as_path, open_home, progress)
    if parent is not None and (found is None or found[0].digest == parent.digest):
        return parent
    assert found is not None
    tree, state, type_ = found
    origin = Origin(uri=uri, how="import", state=state, at_ms=clock(), as_path=as_path)
    why = Move(
        ref=branch, expect=None if parent is None else parent.id, who=user_name(), why=message or f"import {uri}"
    )
    return publish_tree(
        stores, name, tree, [] if parent is None else [parent.id], why, None, move=True, at_ms=clock(),
        type_=type_ or None, metadata=told(origin),
    )  # fmt: skip


def plain_uri(text: str) -> str:
    """The address as it is kept: absolute for a folder or file. Raises Invalid for one with a password, or of no known kind."""
    if "://" not in text:
        return Path(text).expanduser().absolute().as_uri()
    parts = urlsplit(text)
    if parts.username or parts.password:
        raise Invalid(
            "A URL with a user or password in it is not kept: secrets belong into the environment", field="url"
        )
    known = ("file", "http", "https", *TENFOLD, *SCHEMES)
    if parts.scheme not in known:
        raise Invalid(f"{text!r} begins as no place that is known. There are: a path, {', '.join(known)}", field="url")
    return text.rstrip("/")


def version_at(home: Home, dataset: str, at: str | None) -> Version:
    """The version that is meant at another home. Raises NotFound."""
    if isinstance(home, StoreHome):
        return version_meant(home.stores, dataset, at)
    return dataset_at(home, dataset, home.url).at(at)


def listing_state(found: dict[str, Object]) -> dict[str, str]:
    """{path: what tells its objects apart}."""
    return {path: entry.digest for path, entry in entries_of(found).items()}


def state_of(listing: dict[str, str]) -> str:
    """What tells a whole listing apart."""
    return json_digest(listing)


def known_listing(stores: Stores, state: str) -> dict[str, str]:
    """The listing of an earlier import, from the cache; nothing where that was emptied."""
    try:
        return msgspec.json.decode(_listing_file(stores, state).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return {}


def _bring(
    stores: Stores,
    uri: str,
    parent: Version | None,
    before: Origin | None,
    as_path: str,
    open_home: OpenHome,
    progress: Progress | None,
) -> tuple[Tree, str, str] | None:
    """(tree stored here, state there, type or ""); None when nothing changed there."""
    scheme = uri.partition("://")[0]
    state = before.state if before is not None else ""
    if scheme == "file":
        return _of_disk(stores, Path(unquote(urlsplit(uri).path)), as_path, progress)
    if scheme in ("http", "https"):
        return _of_web(stores, uri, state, as_path, progress)
    if scheme in TENFOLD:
        return _of_tenfold(stores, open_home(uri), state, progress)
    return _of_bucket(stores, uri, parent, state, as_path, progress)


def _of_disk(stores: Stores, path: Path, as_path: str, progress: Progress | None) -> tuple[Tree, str, str]:
    if path.is_dir():
        tree = stores.blobs.put_folder(path, ignore=ignored, progress=progress)
    elif path.is_file():
        tree = stores.blobs.put_tree({as_path or path.name: path}, progress=progress)
    else:
        raise NotFound(f"Nothing is at {path}. Check the path", field="url")
    return tree, tree.digest, ""


def _of_web(
    stores: Stores, uri: str, state: str, as_path: str, progress: Progress | None
) -> tuple[Tree, str, str] | None:
    with TemporaryDirectory(prefix="tenfold-import-") as folder:
        path = Path(folder) / "file"
        found = download(uri, path, state=state, progress=progress)
        if found is None:
            return None
        name = as_path or unquote(urlsplit(uri).path).rstrip("/").rpartition("/")[2] or "index.html"
        return stores.blobs.put_tree({name: path}), found, ""


def _of_tenfold(
    stores: Stores, where: tuple[Home, str, str | None], state: str, progress: Progress | None
) -> tuple[Tree, str, str] | None:
    home, dataset, at = where
    version = version_at(home, dataset, at)
    if version.id == state:
        return None
    tree = tree_of(version)
    copy_trees(home.blobs.index, cast(PackedBlobs, stores.blobs).index, [bytes.fromhex(tree)], progress=progress)
    return Tree(tree, version.size_bytes, version.files), version.id, version.type


def _of_bucket(
    stores: Stores, uri: str, parent: Version | None, state: str, as_path: str, progress: Progress | None
) -> tuple[Tree, str, str] | None:
    bucket = Bucket(uri)
    found = bucket.find(uri)
    if as_path and len(found) == 1:
        found = dict.fromkeys([as_path], next(iter(found.values())))
    listing = listing_state(found)
    new_state = state_of(listing)
    if new_state == state:
        return None
    had = known_listing(stores, state) if parent is not None else {}
    entries = {entry.path: entry for entry in stores.blobs.entries(parent.digest)} if parent is not None and had else {}
    same = {path: entries[path] for path, told_ in listing.items() if path in entries and had.get(path) == told_}
    tree = _fetch(stores, bucket, found, same, progress)
    _listing_file(stores, new_state).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(_listing_file(stores, new_state), msgspec.json.encode(listing), durable=False)
    return tree, new_state, ""


def _fetch(
    stores: Stores, bucket: Bucket, found: dict[str, Object], same: dict[str, Entry], progress: Progress | None
) -> Tree:
    """Store the objects, several on their way at once; those of `same` are here."""
    wanted = [(path, one) for path, one in found.items() if path not in same]
    total, done = sum(one.size_bytes for _, one in wanted), 0
    with TemporaryDirectory(prefix="tenfold-import-") as folder, ThreadPoolExecutor(_AT_ONCE, "tenfold-get") as pool:

        def bring(item: tuple[int, tuple[str, Object]]) -> Path:
            number, (_, one) = item
            target = Path(folder) / str(number)
            with target.open("xb") as out:
                for block in bucket.blocks(one):
                    out.write(block)
            return target

        files: dict[str, Path | bytes | Entry] = dict(same)
        for (path, one), target in zip(wanted, pool.map(bring, enumerate(wanted)), strict=True):
            files[path] = target
            done += one.size_bytes
            if progress is not None:
                progress(done, total)
        return stores.blobs.put_tree(files)


def _listing_file(stores: Stores, state: str) -> Path:
    return cast(PackedBlobs, stores.blobs).cache / "imports" / f"{state or 'none'}.json"
