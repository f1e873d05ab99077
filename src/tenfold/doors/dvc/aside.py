"""Outputs moved out of the way of their stage while it runs, and back where it fails."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from tenfold.doors.dvc.records import Stage
from tenfold.doors.dvc.repo import Repo


def set_aside(repo: Repo, stage: Stage) -> tuple[Path, list[tuple[Path, Path]]]:
    """Move the outputs that do not persist out of the way; those that do are made writable copies."""
    folder = repo.temporary / f"tenfold-aside-{secrets.token_hex(6)}"
    folder.mkdir(parents=True)
    moved = []
    for number, out in enumerate(stage.outs):
        out.place.parent.mkdir(parents=True, exist_ok=True)
        if not (out.place.exists() or out.place.is_symlink()):
            continue
        if out.persist:
            _unlink_from_cache(out.place)
            continue
        shutil.move(str(out.place), str(folder / str(number)))
        moved.append((folder / str(number), out.place))
    return folder, moved


def _unlink_from_cache(place: Path) -> None:
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        info = path.lstat()
        if path.is_file() and (path.is_symlink() or info.st_nlink > 1):
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
            shutil.copyfile(path, temporary)
            temporary.replace(path)


def put_back(aside: tuple[Path, list[tuple[Path, Path]]]) -> None:
    """Undo `set_aside`: what came in their place meanwhile goes."""
    for kept, place in aside[1]:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        elif place.exists() or place.is_symlink():
            place.unlink()
        shutil.move(str(kept), str(place))
    shutil.rmtree(aside[0], ignore_errors=True)
