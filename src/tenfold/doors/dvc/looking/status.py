"""What changed: in the working copy against .dvc files and dvc.lock, in dvc's own words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tenfold.base.errors import BlobNotFound, Damaged, NotFound
from tenfold.doors.dvc.files import templates
from tenfold.doors.dvc.records import MD5, Content, Dep, Out, Params, Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import newest_commit

Status = dict[str, list[Any]]
"""{stage: ["changed command" | "always changed" | {"changed deps" | "changed outs": {path: word}}]}, as `dvc status --json`."""


def status(repo: Repo, targets: Iterable[str] = ()) -> Status:
    """The stages that are not up to date, with why; {} when all are. Files are only read where they changed.

    Words: 'modified', 'deleted', 'new', 'not in cache'; 'update available' of what `dvc import` tracks, whose repository
    is asked for its newest commit.
    """
    found: Status = {}
    with repo.locked("status"):
        for stage in repo.chosen(targets):
            newer = _update_available(repo, stage) if stage.is_from_repository and stage.is_frozen else {}
            if why := [*([{"changed deps": newer}] if newer else []), *stage_status(repo, stage)]:
                found[repo.address(stage)] = why
    return found


def stage_status(repo: Repo, stage: Stage) -> list[Any]:
    """Why one stage is not up to date; [] when it is."""
    found: list[Any] = []
    if not stage.is_frozen:
        deps = {}
        for dep in stage.deps:
            if word := dep_word(repo, dep):
                deps[_shown(repo, dep)] = word
        for params in stage.params:
            if word := params_words(params):
                deps[repo.shown(params.place)] = word
        if deps:
            found.append({"changed deps": deps})
    outs = {repo.shown(out.place): word for out in stage.outs if (word := out_word(repo, out))}
    if outs:
        found.append({"changed outs": outs})
    if stage.is_callback or stage.is_always_changed:
        found.append("always changed")
    if stage.is_pipeline and stage.is_locked and stage.cmd != stage.locked_cmd:
        found.append("changed command")
    elif not stage.is_pipeline and stage.md5 and _is_edited(stage):
        found.append("changed checksum")
    return found


def _update_available(repo: Repo, stage: Stage) -> dict[str, str]:
    """Of what `dvc import` tracks: whether the other repository is at another commit by now, as dvc says it."""
    dep = stage.deps[0]
    given = dep.foreign["repo"]
    try:
        newest = newest_commit(given["url"], given.get("rev") or "HEAD", base=repo.root)
    except NotFound as error:
        repo.tell(f"{repo.address(stage)}: cannot tell whether there is something newer. {error}")
        return {}
    moved = bool(newest) and newest != given.get("rev_lock")
    return {f"{dep.path} ({given['url']})": "update available"} if moved else {}


def _is_edited(stage: Stage) -> bool:
    from tenfold.doors.dvc.files.dvc_files import md5_of_stage

    return md5_of_stage(stage.raw) != stage.md5


def _shown(repo: Repo, dep: Dep) -> str:
    if dep.place is None or Path(dep.path).is_absolute():
        return dep.path
    return repo.shown(dep.place) if dep.place.is_relative_to(repo.root) else str(dep.place)


def dep_word(repo: Repo, dep: Dep) -> str:
    """'' when a dependency is as it was; one that lies elsewhere (import) is not looked at and counts as such."""
    if dep.place is None:
        return ""
    found = repo.hasher.find(dep.place, hash=dep.content.hash if dep.content is not None else MD5)
    if found is None:
        return "deleted"
    return "" if found.content.same_as(dep.content) else "modified"


def params_words(params: Params) -> Any:
    """'' when parameters are as they were; else {key: word}, or one word for a file that is gone or was never locked."""
    if not params.place.exists():
        return "deleted"
    if params.locked is None:
        return "new"
    actual = values_of(params)
    words = {}
    for key in params.keys or dict.fromkeys([*actual, *params.locked]):
        if key not in actual:
            words[key] = "deleted"
        elif key not in params.locked:
            words[key] = "new"
        elif actual[key] != params.locked[key]:
            words[key] = "modified"
    return words or ""


def values_of(params: Params) -> dict[str, Any]:
    """{key: value now} of the parameters a stage names; those that are not there are left out."""
    every = templates.load_params(params.place)
    if not params.keys:
        return every
    picked = {key: templates.pick(every, key) for key in params.keys}
    return {key: value for key, value in picked.items() if value is not templates.MISSING}


def out_word(repo: Repo, out: Out) -> str:
    """'' when an output is as it was recorded and its content is in the cache."""
    if out.content is not None and out.cache and missing(repo, out.content):
        return "not in cache"
    if out.files is not None:
        return "" if out.place.exists() else "deleted"
    found = repo.hasher.find(out.place, hash=out.content.hash if out.content is not None else MD5)
    if found is None:
        return "deleted"
    return "" if found.content.same_as(out.content) else "modified"


def missing(repo: Repo, content: Content) -> list[str]:
    """md5s of a content that the cache has not; a folder's own alone when that is missing."""
    legacy = content.hash != MD5
    if not repo.cache.has(content.md5, legacy=legacy):
        return [content.md5]
    if not content.is_folder:
        return []
    try:
        wanted = set(repo.cache.folder_files(content.md5, legacy=legacy).values())
    except (BlobNotFound, Damaged):
        return [content.md5]
    return sorted(wanted - repo.cache.having(wanted, legacy=legacy))
