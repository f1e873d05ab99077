"""Pushing and pulling in a workspace: datasets by name, and tracked paths by what their pointers name."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.base.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unavailable
from tenfold.base.files import write_atomic
from tenfold.workspace.remotes import cache_of, find_remote, open_home
from tenfold.workspace.workspace import current
from tenfold.workspace.worktrees import worktree

if TYPE_CHECKING:
    from tenfold.contracts.blobs import Progress
    from tenfold.data import Dataset
    from tenfold.data.remotes import Collected, Fetched, Home, Pushed
    from tenfold.data.working.restore import Restored

_TELLING_BYTES = 1 << 20
"""A smaller transfer says more about latency than about how fast the next will be."""


@dataclass(frozen=True)
class Chosen:
    """What is to go over: names of datasets; for each the trees that pointers here name; and the tracked paths."""

    datasets: list[str] = field(default_factory=list)
    trees: dict[str, list[str]] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)


def choose(what: Sequence[str] = (), *, everything: bool = False, folder: str | Path = ".") -> Chosen:
    """Read what a command was given: tracked paths, names of datasets; nothing means all tracked paths below the folder.

    Args:
        everything: All datasets of this store.

    Raises:
        NotFound: Nothing was named and nothing is tracked here.
    """
    from tenfold.data.pointers import read_pointer
    from tenfold.data.working.local import tracked_in

    if everything:
        return Chosen([name for _, name, _, _ in current().stores.versions.names("data")])
    local = worktree(folder).local
    tracked = [] if what else tracked_in(local)
    chosen = Chosen()
    for text in what:
        if read_pointer(local.absolute(text)) is not None or local.absolute(text).is_dir():
            tracked += tracked_in(local, [text])
        else:
            _add(chosen.datasets, parse(text, default_kind="data").name)
    for one in tracked:
        _add(chosen.datasets, one.pointer.dataset)
        chosen.trees.setdefault(one.pointer.dataset, []).append(one.pointer.tree)
        chosen.paths.append(one.path)
    if not chosen.datasets:
        raise NotFound(
            "Nothing is tracked here. Name datasets, or take all: --all; or track a path: tenfold data add PATH"
        )
    return chosen


def push(
    chosen: Chosen, *, remote: str | None = None, refs: Sequence[str] | None = None, dry_run: bool = False,
    progress: Progress | None = None,
) -> list[Pushed]:  # fmt: skip
    """Push datasets one after the other; see `tenfold.data.remotes.push`."""
    from tenfold.data.remotes import push as push_one

    there = find_remote(remote)
    home, stores = open_home(there.url), current().stores
    done = []
    for name in chosen.datasets:
        began = time.monotonic()
        one = push_one(stores, home, name, remote=there.name, refs=refs, dry_run=dry_run, progress=progress)
        done.append(_timed(one, there.url, time.monotonic() - began, dry_run=dry_run))
    if any(one.refs for one in done) and not dry_run:
        _say_roots(home)
    return done


def pull(
    chosen: Chosen, *, remote: str | None = None, refs: Sequence[str] | None = None, history: bool = False,
    only: Sequence[str] = (), fetch_only: bool = False, dry_run: bool = False, progress: Progress | None = None,
) -> list[Fetched]:  # fmt: skip
    """Pull datasets one after the other, or with `fetch_only` fetch them; see `tenfold.data.remotes`.

    Of tracked paths come the files that their pointers name besides those of branches and tags.
    """
    from tenfold.data.remotes import fetch
    from tenfold.data.remotes import pull as pull_one

    there = find_remote(remote)
    home, stores, bring = open_home(there.url), current().stores, fetch if fetch_only else pull_one
    done = []
    for name in chosen.datasets:
        began = time.monotonic()
        one = bring(
            stores, home, name, remote=there.name, refs=refs, also=chosen.trees.get(name, ()), history=history,
            only=only, dry_run=dry_run, progress=progress,
        )  # fmt: skip
        done.append(_timed(one, there.url, time.monotonic() - began, dry_run=dry_run))
    if any(one.versions for one in done) and not dry_run:
        with suppress(Forbidden, Unavailable):  # one who may only read cannot say what it needs
            _say_roots(home)
    return done


def forget_refs(dataset: str, refs: Sequence[str] | None, *, remote: str | None = None) -> list[str]:
    """Take these branches and tags of a dataset, or all, off a remote; gives their names. Nothing is removed but names.

    Raises:
        NotFound: The remote has no such dataset, branch or tag.
    """
    there = find_remote(remote)
    home = open_home(there.url)
    seen = home.look(dataset)
    names = sorted(seen.refs) if refs is None else list(refs)
    missing = [name for name in names if name not in seen.refs]
    if not seen.versions or missing:
        what = f"branch or tag {missing[0]!r} of {dataset!r}" if missing else f"dataset {dataset!r}"
        raise NotFound(f"{there.name} has no {what}. List what there is with: tenfold data list --remote {there.name}")
    if names:
        home.publish(seen, [], dict.fromkeys(names))
    return names


def collect(*, remote: str | None = None, grace_ms: int, dry_run: bool = False) -> Collected:
    """Collect garbage at a remote, after saying there what this repository names; see `tenfold.data.remotes.collect`.

    Raises:
        Invalid: The remote is a Tenfold server, which collects its own.
    """
    from tenfold.data.remotes import BucketHome
    from tenfold.data.remotes import collect as collect_at

    there = find_remote(remote)
    home = open_home(there.url)
    if not isinstance(home, BucketHome):
        raise Invalid(
            f"{there.url} is a Tenfold server. Collect there with: tenfold --store {there.url} gc", field="remote"
        )
    if not dry_run:
        _say_roots(home)
    return collect_at(home, grace_ms=grace_ms, dry_run=dry_run)


def check_out(chosen: Chosen, *, force: bool = False, progress: Progress | None = None) -> list[Restored]:
    """Make the tracked paths what their pointers name. Raises Conflict before it would overwrite what is in no version."""
    return worktree().checkout(chosen.paths, force=force, progress=progress) if chosen.paths else []


def clone(
    source: str, name: str, *, path: str | Path | None = None, branch: str = "main", progress: Progress | None = None
) -> tuple[Fetched, list[Restored]]:
    """Pull a dataset that is not here, and begin a tracked working copy of it.

    Args:
        source: The name of a remote, a URL or a folder.
        path: Where the working copy goes (the dataset's name when not given); there must be nothing.

    Raises:
        AlreadyExists: There is something at the path.
    """
    from tenfold.data import git
    from tenfold.data.pointers import pointer_path, pointer_to, write_pointer
    from tenfold.data.referenced import refuse_reference

    work = worktree()
    place = work.local.absolute(path or name)
    if place.exists() or pointer_path(place).exists():
        raise AlreadyExists(
            f"{work.local.shown(place)} is there already. Name another place with: --path", field="path"
        )
    (found,) = pull(Chosen([name]), remote=source, refs=[branch], progress=progress)
    version = work.local.dataset(name).at(branch)
    refuse_reference(version, "a tracked working copy needs them here")
    place.parent.mkdir(parents=True, exist_ok=True)
    write_pointer(place, pointer_to(version, branch=branch, kind="folder"))
    git.ignore(place)
    return found, work.checkout([place], progress=progress)


def dataset_at(remote: str, name: str) -> Dataset:
    """A dataset as it is at a remote, to be read in part without fetching the rest. Nothing of it is recorded here.

    Raises:
        NotFound: The remote has no such dataset.
        Invalid: The remote is a Tenfold server, which is read by naming it as the store.
    """
    from tenfold.data.remotes import dataset_at as read_at

    there = find_remote(remote)
    if there.url.startswith(("http://", "https://")):
        raise Invalid(
            f"{there.url} is a Tenfold server. Read from it with: tenfold --store {there.url} data get …",
            field="remote",
        )
    return read_at(open_home(there.url), name, there.name)


def repository_id() -> str:
    """The id under which this workspace says at remotes what it needs: made once, kept in its folder."""
    path = current().folder / "repository"
    if not path.exists():
        write_atomic(path, f"{ids.new_id()}\n".encode())
    return path.read_text().strip()


def _say_roots(home: Home) -> None:
    from tenfold.data.remotes import BucketHome, write_roots

    if isinstance(home, BucketHome):
        write_roots(home.blobs.medium, current().stores, repository_id())


_Moved = TypeVar("_Moved", "Pushed", "Fetched")


def _timed(one: _Moved, url: str, took_s: float, *, dry_run: bool) -> _Moved:
    """With the seconds it took; of what would go over, those it would take as fast as the last time."""
    kept = cache_of(url) / "rate"
    if not dry_run:
        if one.size_bytes > _TELLING_BYTES:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, b"%.0f" % (one.size_bytes / max(took_s, 0.001)), durable=False)
        return msgspec.structs.replace(one, seconds=took_s)
    if not one.size_bytes:
        return msgspec.structs.replace(one, seconds=0.0)
    return msgspec.structs.replace(one, seconds=one.size_bytes / float(kept.read_text())) if kept.exists() else one


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
