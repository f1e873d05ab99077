"""Tracking paths: their content into the cache, a .dvc file beside each, a line in .gitignore."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tenfold.base.errors import Conflict, Invalid, NotFound
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.content.hashing import Found
from tenfold.doors.dvc.files import git_files, yaml12
from tenfold.doors.dvc.files.dvc_files import new_dvc_file, with_content
from tenfold.doors.dvc.records import MD5, Content, Stage
from tenfold.doors.dvc.repo import Repo

_LINKED = ("hardlink", "symlink")


class Added(msgspec.Struct, frozen=True):
    """One tracked path: its .dvc file, the content it has now, and whether that is new."""

    path: str
    file: str
    content: Content
    is_new: bool


def add(repo: Repo, targets: Iterable[str], *, progress: Progress | None = None) -> list[Added]:
    """Track files and folders, or take up what changed in those that are tracked.

    A path inside a tracked folder takes up the folder. Files of the user are not touched but where the cache's link
    type asks for links, and then only after their content is in the cache.

    Raises:
        NotFound: A target is not there.
        Conflict: It is the output of a stage, or a file changed while it was read. Nothing of that target was tracked.
    """
    done = []
    with repo.locked("add"):
        for target in targets:
            done.append(_add(repo, target, progress))
    return done


def _add(repo: Repo, target: str, progress: Progress | None) -> Added:
    place = Path(os.path.normpath(repo.here / target))
    if place.suffix == ".dvc" and place.is_file():
        place = next((out.place for stage in repo.chosen([target]) for out in stage.outs), place)
    if place == repo.root or not place.is_relative_to(repo.root) or repo.dvc_folder in (place, *place.parents):
        raise Invalid(f"{target} is not below {repo.root}, or is part of .dvc. Add paths of the repository")
    stage: Stage | None = None
    if (at := repo.out_at(place)) is not None:
        stage, place = at[0], at[1].place
        if stage.is_pipeline:
            raise Conflict(
                f"{target} is an output of stage {repo.address(stage)}, which makes it. Take it up with: "
                f"tenfold dvc repro {repo.address(stage)}"
            )
    elif inside := [one for one in repo.stages for out in one.outs if place in out.place.parents]:
        raise Conflict(
            f"{target} holds {repo.address(inside[0])}'s output, which is tracked by itself. Add its other parts"
        )
    found = repo.hasher.find(place)
    if found is None:
        raise NotFound(f"{target} is not there. Check the path")
    store(repo, place, found, progress)
    file = stage.file if stage is not None else place.with_name(f"{place.name}.dvc")
    if stage is None:
        yaml12.write(file, new_dvc_file(place.name, found.content))
        is_new = True
    else:
        is_new = yaml12.write(file, with_content(stage, {place: found.content}))
    git_files.ignore(repo, place)
    return Added(repo.shown(place), repo.shown(file), found.content, is_new)


def store(repo: Repo, place: Path, found: Found, progress: Progress | None = None, *, is_linked: bool = True) -> None:
    """Put what was found at a path into the cache: the files first, then the folder's object. Twice does nothing more.

    Args:
        is_linked: Replace the files by links where the cache's link type says so.

    Raises:
        Conflict: A file is not any more what was hashed. What was stored makes trying again quick.
    """
    cache = repo.cache
    paths = (
        {md5: f"{place}/{path}" for path, md5 in found.files.items()}
        if found.content.is_folder
        else {found.content.md5: str(place)}
    )
    there = cache.having(paths)
    is_linked = is_linked and cache.link_types[:1] != [] and cache.link_types[0] in _LINKED
    for number, (md5, path) in enumerate(paths.items()):
        if md5 not in there:
            _put(repo, md5, path, is_linked=is_linked)
        if progress is not None and number % 256 == 0:
            progress(number, len(paths))
    if found.content.is_folder:
        cache.put_bytes(found.content.md5, found.data)
    if is_linked:
        _link_all(repo, place, found)


def _put(repo: Repo, md5: str, path: str, *, is_linked: bool) -> None:
    before = Path(path).stat()
    if is_linked and not Path(path).is_symlink() and repo.cache.link_in(md5, path):
        return
    repo.cache.put_file(md5, path, verify=False)
    after = Path(path).stat()
    if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
        repo.cache.remove(md5)
        raise Conflict(f"{path} changed while it was stored. Let what writes it end, then try again")


def _link_all(repo: Repo, place: Path, found: Found) -> None:
    """Replace the files by links to the cache, each at once; what is a link already stays."""
    files = found.files if found.content.is_folder else {"": found.content.md5}
    for path, md5 in files.items():
        target = f"{place}/{path}" if path else str(place)
        source = repo.cache.path(md5)
        if Path(target).samefile(source) and (repo.cache.link_types[0] == "hardlink" or Path(target).is_symlink()):
            continue
        temporary = str(repo.new_path(Path(target).parent))
        repo.cache.place(md5, temporary, is_executable=found.content.is_executable)
        os.replace(temporary, target)
    repo.hasher.note(place, list(files.items()), hash=MD5)
