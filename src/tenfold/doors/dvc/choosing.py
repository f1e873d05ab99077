"""Which outputs, and which part of them, a command is about."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.dvc.records import Out, Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import at_revision, small_files


class Chosen(NamedTuple):
    """One output; `inside` is the path within it that is meant, '' for all of it."""

    stage: Stage
    out: Out
    inside: str

    def takes(self, path: str) -> bool:
        """True for a path of the folder that is meant."""
        return not self.inside or path == self.inside or path.startswith(f"{self.inside}/")


def chosen_outs(repo: Repo, targets: Iterable[str], *, with_deps: bool = False) -> list[Chosen]:
    """The outputs that targets name, those kept in the cache only. All for none.

    Args:
        with_deps: Also those that the stages depend on, directly or through others.

    Raises:
        NotFound: A target names nothing that is tracked.
    """
    wanted = list(targets)
    found: dict[tuple[Path, str], Chosen] = {}
    stages: list[Stage] = []
    for target in wanted or [""]:
        place = Path(os.path.normpath(repo.here / target)) if target else repo.root
        at = repo.out_at(place) if target else None
        if at is not None and at[1].place != place:
            inside = place.relative_to(at[1].place).as_posix()
            found[at[1].place, inside] = Chosen(*at, inside)
            continue
        named = repo.chosen([target] if target else [])
        outs = [(stage, out) for stage in named for out in stage.outs]
        if at is not None:
            outs = [at]
        elif target and place.is_dir() and not (repo.here / f"{target}.dvc").exists():
            outs = [(stage, out) for stage, out in outs if place in out.place.parents] or outs
        stages += [stage for stage, _ in outs]
        found |= {(out.place, ""): Chosen(stage, out, "") for stage, out in outs}
    if with_deps:
        found |= {(out.place, ""): Chosen(stage, out, "") for stage, out in _upstream(repo, stages)}
    return [one for one in found.values() if one.out.cache and one.out.files is None]


def chosen_ever(
    repo: Repo,
    targets: Iterable[str],
    revisions: Iterable[str],
    *,
    with_deps: bool = False,
    skip_failed: bool = False,
) -> list[Chosen]:
    """The outputs that targets name in the working copy and at each revision, the same content of the same path once.

    Raises:
        NotFound: A target names nothing that is tracked, in the working copy or at any of them.
        Invalid: The DVC files of a revision cannot be read; names it.
    """
    wanted = list(targets)
    found: dict[tuple[str, str, str, str], Chosen] = {}
    error: NotFound | None = None
    seen: set[frozenset[tuple[str, str]]] = set()

    def take(state: Repo) -> None:
        nonlocal error
        for target in wanted or [""]:
            try:
                chosen = chosen_outs(state, [target] if target else [], with_deps=with_deps)
            except NotFound as not_there:
                error = error or not_there
                continue
            for one in chosen:
                if one.out.content is not None:
                    key = (one.out.content.md5, one.out.content.hash, one.out.remote, one.inside)
                    found.setdefault(key, one)

    take(repo)
    for revision in revisions:
        files = frozenset(small_files(repo, revision).items())
        if files in seen:
            continue
        seen.add(files)
        try:
            with at_revision(repo, revision) as past:
                take(past)
        except Invalid as cause:
            if skip_failed:
                continue
            raise Invalid(f"Revision {revision[:12]} cannot be read: {cause}") from cause
    if error is not None and not found:
        raise error
    return list(found.values())


def _upstream(repo: Repo, stages: list[Stage]) -> list[tuple[Stage, Out]]:
    seen: dict[Path, tuple[Stage, Out]] = {}
    todo = list(stages)
    while todo:
        for dep in todo.pop().deps:
            at = repo.out_at(dep.place) if dep.place is not None else None
            if at is not None and at[1].place not in seen:
                seen[at[1].place] = at
                todo.append(at[0])
    return list(seen.values())
