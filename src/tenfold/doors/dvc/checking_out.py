"""Checking out: the working copy made what the .dvc files and dvc.lock say, from the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tenfold.base.errors import Conflict, NotFound
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.choosing import Chosen, chosen_outs
from tenfold.doors.dvc.content.hashing import Found
from tenfold.doors.dvc.looking.status import missing
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo


class CheckedOut(msgspec.Struct, frozen=True):
    """One output that was put right: how many files were written and taken away."""

    path: str
    written: int
    removed: int


def checkout(
    repo: Repo, targets: Iterable[str] = (), *, force: bool = False, progress: Progress | None = None
) -> list[CheckedOut]:
    """Make tracked paths what is recorded of them; gives those that were not so.

    Nothing is overwritten or removed whose content the cache has not, but with `force`. Each file is replaced at once.

    Raises:
        NotFound: Content is not in the cache; all that could be was checked out.
        Conflict: A path has content that is kept nowhere; it was left alone, as were those after it.
    """
    with repo.locked("checkout"):
        return check_out(repo, chosen_outs(repo, targets), force=force, progress=progress)


def check_out(
    repo: Repo, chosen: Iterable[Chosen], *, force: bool = False, progress: Progress | None = None
) -> list[CheckedOut]:
    """`checkout` of chosen outputs, for callers that hold the lock."""
    done, lacking = [], []
    for one in chosen:
        content = one.out.content
        if content is None:
            continue
        found = repo.hasher.find(one.out.place, hash=content.hash)
        if found is not None and found.content.same_as(content):
            _set_executable(one.out.place, content)
            continue
        if _lacks(repo, one, content):
            lacking.append(repo.shown(one.out.place))
            continue
        done.append(_check_out(repo, one, content, found, force=force, progress=progress))
    if lacking:
        names = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise NotFound(f"The cache has not all of {names}. Get it with: tenfold dvc pull")
    return [one for one in done if one.written or one.removed]


def _lacks(repo: Repo, one: Chosen, content: Content) -> bool:
    absent = missing(repo, content)
    if not absent or not one.inside or absent == [content.md5]:
        return bool(absent)
    wanted = repo.cache.folder_files(content.md5, legacy=content.hash != MD5)
    return any(md5 in set(absent) for path, md5 in wanted.items() if one.takes(path))


def _check_out(
    repo: Repo, one: Chosen, content: Content, found: Found | None, *, force: bool, progress: Progress | None
) -> CheckedOut:
    place, legacy = one.out.place, content.hash != MD5
    if content.is_folder:
        every = repo.cache.folder_files(content.md5, legacy=legacy)
        wanted = {path: md5 for path, md5 in every.items() if one.takes(path)}
    else:
        wanted = {"": content.md5}
    now = {} if found is None else found.files if found.content.is_folder else {"": found.content.md5}
    going = {path: md5 for path, md5 in now.items() if one.takes(path) and wanted.get(path) != md5}
    if not force:
        _refuse_loss(repo, place, going, legacy=legacy)
    place.parent.mkdir(parents=True, exist_ok=True)
    coming = [(path, md5) for path, md5 in sorted(wanted.items()) if now.get(path) != md5]
    if found is None and content.is_folder and not place.is_symlink():
        _make_folder(repo, place, coming, legacy=legacy, progress=progress)
        removed = 0
    else:
        removed = _remove(place, [path for path in going if path not in wanted])
        if found is not None and content.is_folder != found.content.is_folder and place.is_dir():
            shutil.rmtree(place)
        for path, md5 in coming:
            _replace(repo, f"{place}/{path}" if path else str(place), md5, content, legacy=legacy)
    kept = [(path, md5) for path, md5 in sorted(wanted.items())]
    repo.hasher.note(place, kept, hash=content.hash)
    _set_executable(place, content)
    return CheckedOut(repo.shown(place), len(coming), removed)


def _refuse_loss(repo: Repo, place: Path, going: dict[str, str], *, legacy: bool) -> None:
    lost = set(going.values()) - repo.cache.having(going.values(), legacy=legacy)
    if lost:
        names = sorted(path or place.name for path, md5 in going.items() if md5 in lost)
        raise Conflict(
            f"{repo.shown(place)} has changes that are kept nowhere: {', '.join(names[:5])}"
            f"{f' and {len(names) - 5} more' if len(names) > 5 else ''}. Keep them with: tenfold dvc add {repo.shown(place)}; "
            "or give them up with --force"
        )


def _make_folder(
    repo: Repo, place: Path, coming: list[tuple[str, str]], *, legacy: bool, progress: Progress | None
) -> None:
    """Write a folder elsewhere, then move it to its place: a killed command leaves all of it or nothing."""
    temporary = repo.new_path(place.parent)
    temporary.mkdir()
    try:
        made = {""}
        for number, (path, md5) in enumerate(coming):
            folder = path.rpartition("/")[0]
            if folder not in made:
                (temporary / folder).mkdir(parents=True, exist_ok=True)
                made.add(folder)
            repo.cache.place(md5, f"{temporary}/{path}", legacy=legacy)
            if progress is not None and number % 256 == 0:
                progress(number, len(coming))
        temporary.rename(place)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _replace(repo: Repo, target: str, md5: str, content: Content, *, legacy: bool) -> None:
    temporary = str(repo.new_path(Path(target).parent))
    repo.cache.place(md5, temporary, is_executable=content.is_executable, legacy=legacy)
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    if Path(target).is_dir() and not Path(target).is_symlink():
        Path(target).rmdir()  # emptied before: only content that is kept was in it
    os.replace(temporary, target)


def _remove(place: Path, paths: list[str]) -> int:
    """Remove files of a folder (or the file itself, for '') and the folders that this empties."""
    for path in paths:
        target = place / path if path else place
        target.unlink()
        for folder in target.parents if path else ():
            if folder == place:
                break
            try:
                folder.rmdir()
            except OSError:
                break
    return len(paths)


def _set_executable(place: Path, content: Content) -> None:
    if content.is_executable and not content.is_folder and not place.is_symlink():
        info = place.stat()
        if not info.st_mode & 0o111 and info.st_mode & 0o200:
            place.chmod(info.st_mode | 0o111)
