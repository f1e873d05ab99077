"""Outputs moved out of the way of their stage while it runs, and back where it fails or its process is killed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil

from tenfold.base.files import write_atomic
from tenfold.doors.dvc.records import Stage

_HEAD = "tenfold-aside-"
_PLACES = "places.json"


class _Said(msgspec.Struct):
    """The list: who set aside what, of which stage."""

    pid: int
    began: float
    stage: str
    places: list[tuple[str, str]]


class Aside(msgspec.Struct, frozen=True):
    """A folder below .dvc/tmp with what was moved there. Its list says, before anything is moved, what belongs where."""

    folder: Path
    moved: list[tuple[Path, Path]]
    """(where it is, where it belongs)."""


class Returned(msgspec.Struct, frozen=True):
    """An output that a killed stage left set aside, back in its place; what the stage had begun lies at `begun`."""

    place: Path
    stage: str
    begun: Path | None


def set_aside(temporary: Path, stage: Stage, name: str) -> Aside:
    """Move the outputs that do not persist out of the way; those that do are made writable copies.

    Args:
        temporary: `.dvc/tmp` of the repository.
        name: The stage's, for the report should this process be killed.
    """
    folder = temporary / f"{_HEAD}{secrets.token_hex(6)}"
    folder.mkdir(parents=True)
    going = [
        (folder / str(number), out.place)
        for number, out in enumerate(stage.outs)
        if not out.persist and (out.place.exists() or out.place.is_symlink())
    ]
    places = [(str(kept), str(place)) for kept, place in going]
    said = _Said(os.getpid(), psutil.Process().create_time(), name, places)
    write_atomic(folder / _PLACES, msgspec.json.encode(said))
    for out in stage.outs:
        out.place.parent.mkdir(parents=True, exist_ok=True)
        if out.persist and out.place.exists():
            _unlink_from_cache(out.place, folder / "copy")
    for kept, place in going:
        shutil.move(str(place), str(kept))
    return Aside(folder, going)


def _unlink_from_cache(place: Path, copy: Path) -> None:
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        info = path.lstat()
        if path.is_file() and (path.is_symlink() or info.st_nlink > 1):
            shutil.copyfile(path, copy)
            copy.replace(path)


def put_back(aside: Aside) -> None:
    """Undo `set_aside`: what came in their place meanwhile goes."""
    for kept, place in aside.moved:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        elif place.exists() or place.is_symlink():
            place.unlink()
        shutil.move(str(kept), str(place))
    give_up(aside)


def give_up(aside: Aside) -> None:
    """The stage did its work: what was set aside goes. The list goes first, so that a kill meanwhile brings nothing back."""
    (aside.folder / _PLACES).unlink(missing_ok=True)
    shutil.rmtree(aside.folder, ignore_errors=True)


def bring_back(temporary: Path) -> list[Returned]:
    """Put what killed stages left set aside into its places again; the caller holds the repository's lock.

    What such a stage had begun to write is not thrown away: it lies where the old output was kept.
    """
    done = []
    for folder, said in _left_behind(temporary):
        for kept, place in ((Path(one), Path(other)) for one, other in said.places):
            if not (kept.exists() or kept.is_symlink()):
                continue  # killed before it was moved, or when it was back
            begun = None
            if place.exists() or place.is_symlink():
                begun = folder.with_name(f"tenfold-begun-{secrets.token_hex(6)}") / place.name
                begun.parent.mkdir()
                shutil.move(str(place), str(begun))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(str(kept), str(place))
            done.append(Returned(place, said.stage, begun))
        give_up(Aside(folder, []))
    return done


def _left_behind(temporary: Path) -> Iterator[tuple[Path, _Said]]:
    for folder in sorted(temporary.glob(f"{_HEAD}*")):
        try:
            said = msgspec.json.decode((folder / _PLACES).read_bytes(), type=_Said)
        except (OSError, msgspec.MsgspecError):
            continue  # being made or taken away, or nothing was moved yet
        if not _lives(said.pid, said.began):
            yield folder, said


def _lives(pid: int, began: float) -> bool:
    try:
        return bool(abs(psutil.Process(pid).create_time() - began) < 1)
    except psutil.Error:
        return False
