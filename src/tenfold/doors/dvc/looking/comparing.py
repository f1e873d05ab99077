"""What DVC tracks at two states, side by side: `diff` of revisions and `data_status`, in the JSON of `dvc diff` and `dvc data status`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import BlobNotFound, Damaged, NotFound
from tenfold.doors.dvc.content.remotes import open_remote
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import at_revision, git

Changes = dict[str, list[Any]]
"""{"added" | "deleted" | "modified" | "renamed" | …: paths below the root; those of folders end with a slash}."""

_STATES = ("added", "deleted", "modified", "renamed")


class Held(msgspec.Struct, frozen=True):
    """What a path holds, of those that are tracked and those inside them; `md5` is '' where nothing was recorded yet."""

    md5: str
    is_folder: bool
    legacy: bool
    remote: str = ""
    is_pushed: bool = True


class Tracked(msgspec.Struct):
    """{path below the root: what it holds} of a state, and the folders of which the list of files is nowhere."""

    held: dict[str, Held]
    unknown: set[str]


def recorded(repo: Repo, *, deep: bool = True) -> Tracked:
    """What .dvc files and dvc.lock say. `deep`: with the files inside folders."""
    found = Tracked({}, set())
    for stage in repo.stages:
        for out in stage.outs:
            if not out.cache or out.files is not None or not out.place.is_relative_to(repo.root):
                continue
            path, content = out.place.relative_to(repo.root).as_posix(), out.content
            if content is None:
                continue
            files: Mapping[str, str] = {}
            if content.is_folder and deep:
                try:
                    files = repo.cache.folder_files(content.md5, legacy=content.hash != MD5)
                except (BlobNotFound, Damaged):
                    found.unknown.add(path)
            _enter(found, path, content, files, remote=out.remote, is_pushed=out.push)
    return found


def present(repo: Repo, *, deep: bool = True) -> Tracked:
    """What the tracked paths hold in the working copy; read only where they changed."""
    found = Tracked({}, set())
    for stage in repo.stages:
        for out in stage.outs:
            if not out.cache or out.files is not None or not out.place.is_relative_to(repo.root):
                continue
            there = repo.hasher.find(out.place, hash=out.content.hash if out.content is not None else MD5)
            if there is not None:
                path = out.place.relative_to(repo.root).as_posix()
                _enter(found, path, there.content, there.files if deep else {})
    return found


def _enter(found: Tracked, path: str, content: Content, files: Mapping[str, str], **more: Any) -> None:
    legacy = content.hash != MD5
    found.held[path] = Held(content.md5, content.is_folder, legacy, **more)
    for inside, md5 in files.items():
        found.held[f"{path}/{inside}"] = Held(md5, False, legacy, **more)


def diff(repo: Repo, before: str = "HEAD", after: str = "", targets: Iterable[str] = ()) -> Changes:
    """What changed in tracked data between two revisions, or one and the working copy (''); {} when nothing did.

    Each entry is {"path", "hash"}; "hash" of a modified path and "path" of a renamed one are {"old", "new"}. With the
    working copy, "not in cache" lists what the cache lacks of the first revision.

    Raises:
        NotFound: git knows no such revision, or a target is tracked at neither.
    """
    with ExitStack() as stack:
        stack.enter_context(repo.locked("diff"))
        old = recorded(stack.enter_context(at_revision(repo, before)))
        new = recorded(stack.enter_context(at_revision(repo, after))) if after else present(repo)
    wanted = _wanted(repo, targets)
    for target in wanted:
        if not any(_is_within(path, [target]) for path in (*old.held, *new.held)):
            raise NotFound(
                f"{target} is tracked neither at {before} nor at {after or 'the working copy'}. Check the path"
            )
    made = _changes(old, new, wanted)
    found: Changes = {state: [] for state in _STATES}
    for path in made["added"]:
        found["added"].append({"path": _shown(new, path), "hash": new.held[path].md5})
    for path in made["deleted"]:
        found["deleted"].append({"path": _shown(old, path), "hash": old.held[path].md5})
    for path in made["modified"]:
        hashes = {"old": old.held[path].md5, "new": new.held[path].md5}
        found["modified"].append({"path": _shown(old, path), "hash": hashes})
    for one, other in made["renamed"]:
        paths = {"old": _shown(old, one), "new": _shown(new, other)}
        found["renamed"].append({"path": paths, "hash": old.held[one].md5})
    if not after:
        lacking = sorted(path for path in _lacking(repo, old) if _is_within(path, wanted))
        found["not in cache"] = [{"path": _shown(old, path), "hash": old.held[path].md5} for path in lacking]
    return found if any(found.values()) else {}


def data_status(
    repo: Repo,
    targets: Iterable[str] = (),
    *,
    granular: bool = False,
    unchanged: bool = False,
    untracked: bool = False,
    not_in_remote: bool = False,
    remote: str = "",
) -> dict[str, Any]:
    """What is in neither cache nor remote, what changed since the last commit of git (`committed`: in .dvc files and
    dvc.lock; `uncommitted`: in the working copy against those), as `dvc data status --json` says it.

    Args:
        granular: Also the files inside folders.
        unchanged: Also what did not change.
        untracked: Also files that neither git nor DVC knows.
        not_in_remote: Also what the remote lacks; asks it.
    """
    wanted = _wanted(repo, targets)
    with repo.locked("data status"):
        index, now = recorded(repo, deep=granular), present(repo, deep=granular)
        head = Tracked({}, set())
        if _has_commits(repo):
            with at_revision(repo, "HEAD") as past:
                head = recorded(past, deep=granular)
        lacking = _lacking(repo, index)
    uncommitted, committed = _changes(index, now, wanted), _changes(head, index, wanted)
    same = set(uncommitted.pop("unchanged")) & set(committed.pop("unchanged"))
    found: dict[str, Any] = {
        "not_in_cache": [_shown(index, path) for path in sorted(lacking) if _is_within(path, wanted)],
        "committed": _named(committed, head, index),
        "uncommitted": _named(uncommitted, index, now),
    }
    if unchanged:
        found["unchanged"] = [_shown(index, path) for path in sorted(same)]
    if untracked:
        names = git(repo, "ls-files", "-z", "--others", "--exclude-standard").decode("utf-8", "surrogateescape")
        found["untracked"] = [name for name in names.split("\x00") if name and _is_within(name, wanted)]
    if not_in_remote:
        found["not_in_remote"] = [
            _shown(index, path) for path in _unpushed(repo, index, remote) if _is_within(path, wanted)
        ]
    return {key: value for key, value in found.items() if value}


def _changes(old: Tracked, new: Tracked, wanted: list[str]) -> dict[str, list[Any]]:
    """{state: paths}; 'renamed' has pairs. What lies in a folder of which a side does not know the files is passed over."""
    unknown = old.unknown | new.unknown
    found: dict[str, list[Any]] = {state: [] for state in (*_STATES, "unchanged", "unknown")}
    for path in sorted({*old.held, *new.held}):
        if not _is_within(path, wanted):
            continue
        one, two = old.held.get(path), new.held.get(path)
        if any(path.startswith(f"{folder}/") for folder in unknown):
            if two is not None:
                found["unknown"].append(path)
        elif one is None:
            found["added"].append(path)
        elif two is None:
            found["deleted"].append(path)
        else:
            found["unchanged" if one.md5 == two.md5 else "modified"].append(path)
    gone: dict[str, list[str]] = defaultdict(list)
    for path in reversed(found["deleted"]):
        gone[old.held[path].md5].append(path)
    for path in list(found["added"]):
        if same := gone.get(new.held[path].md5):
            found["renamed"].append((same[-1], path))
            found["deleted"].remove(same.pop())
            found["added"].remove(path)
    return found


def _named(changes: dict[str, list[Any]], old: Tracked, new: Tracked) -> Changes:
    found: Changes = {}
    for state, paths in changes.items():
        if state == "renamed":
            found[state] = [{"old": _shown(old, one), "new": _shown(new, two)} for one, two in paths]
        else:
            found[state] = [_shown(new if path in new.held else old, path) for path in paths]
    return {state: paths for state, paths in found.items() if paths}


def _lacking(repo: Repo, tracked: Tracked) -> list[str]:
    found = []
    for legacy in (False, True):
        mine = {path: held.md5 for path, held in tracked.held.items() if held.legacy == legacy and held.md5}
        here = repo.cache.having(mine.values(), legacy=legacy) if mine else set()
        found += [path for path, md5 in mine.items() if md5 not in here]
    return found


def _unpushed(repo: Repo, tracked: Tracked, remote: str) -> list[str]:
    groups: dict[tuple[str, bool], dict[str, str]] = defaultdict(dict)
    for path, held in tracked.held.items():
        if held.is_pushed:
            groups[remote or held.remote, held.legacy][path] = held.md5
    found = []
    for (name, legacy), mine in groups.items():
        there = open_remote(repo.config, name).having(mine.values(), legacy=legacy)
        found += [path for path, md5 in mine.items() if md5 not in there]
    return sorted(found)


def _shown(tracked: Tracked, path: str) -> str:
    return f"{path}/" if tracked.held[path].is_folder else path


def _wanted(repo: Repo, targets: Iterable[str]) -> list[str]:
    return [os.path.relpath(Path(os.path.normpath(repo.here / target)), repo.root) for target in targets]


def _is_within(path: str, wanted: list[str]) -> bool:
    return not wanted or any(one in (".", path) or path.startswith(f"{one}/") for one in wanted)


def _has_commits(repo: Repo) -> bool:
    try:
        git(repo, "rev-parse", "--verify", "-q", "HEAD")
    except NotFound:
        return False
    return True
