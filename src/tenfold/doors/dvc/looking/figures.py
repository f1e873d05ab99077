"""Metrics and parameters of a repository, flat, and what changed in them between revisions."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tenfold.base.errors import BlobNotFound
from tenfold.doors.dvc.files import templates
from tenfold.doors.dvc.files.dvc_files import place_of
from tenfold.doors.dvc.looking.status import values_of
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import at_revision

Figures = dict[str, dict[str, Any]]
"""{file below the root: {dotted name: value}}."""


def metrics_of(repo: Repo) -> Figures:
    """Metrics files that stages or a dvc.yaml name: those of the working copy, else the recorded ones from the cache."""
    wanted: dict[Path, Content | None] = {}
    for pipeline in repo.pipelines:
        wanted |= {place_of(path, pipeline.path.parent): None for path in pipeline.metrics}
    for stage in repo.stages:
        wanted |= {out.place: out.content for out in stage.outs if out.is_metric}
    found = {}
    for place, content in wanted.items():
        values = _read(repo, place, content)
        if values is not None:
            found[os.path.relpath(place, repo.root)] = flat(values)
    return dict(sorted(found.items()))


def params_of(repo: Repo) -> Figures:
    """The parameters that stages depend on."""
    found: Figures = {}
    for stage in repo.stages:
        for params in stage.params:
            if params.place.exists():
                found.setdefault(os.path.relpath(params.place, repo.root), {}).update(flat(values_of(params)))
    return dict(sorted(found.items()))


def diff(
    repo: Repo, read: Callable[[Repo], Figures], before: str, after: str = ""
) -> dict[str, dict[str, dict[str, Any]]]:
    """{file: {name: {old, new, diff}}} of what differs; `diff` for numbers. '' stands for the working copy.

    Raises:
        NotFound: git knows no such revision.
    """
    with ExitStack() as stack:
        old = read(stack.enter_context(at_revision(repo, before)) if before else repo)
        new = read(stack.enter_context(at_revision(repo, after)) if after else repo)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted({*old, *new}):
        one, two = old.get(path, {}), new.get(path, {})
        for key in dict.fromkeys([*one, *two]):
            change = {"old": one.get(key), "new": two.get(key)}
            if change["old"] == change["new"]:
                continue
            if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in change.values()):
                change["diff"] = two[key] - one[key]
            found.setdefault(path, {})[key] = change
    return found


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested names joined by dots; lists stay."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _read(repo: Repo, place: Path, content: Content | None) -> dict[str, Any] | None:
    if place.is_file():
        return templates.load_params(place)
    if content is None or content.is_folder:
        return None
    try:
        data = repo.cache.read(content.md5, legacy=content.hash != MD5)
    except BlobNotFound:
        return None
    copy = repo.root / ".dvc" / f"tmp-{place.name}"
    copy.write_bytes(data)
    try:
        return templates.load_params(copy)
    finally:
        copy.unlink()
