"""A DVC repository: where it is, its settings, its stages, and the tools that the verbs share."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from tenfold.base.errors import Conflict, Invalid, NotFound
from tenfold.doors.dvc.content import locks
from tenfold.doors.dvc.content.cache import Cache
from tenfold.doors.dvc.content.hashing import Hasher
from tenfold.doors.dvc.files.config import Config, read_config
from tenfold.doors.dvc.files.dvc_files import read_dvc_file
from tenfold.doors.dvc.files.ignoring import Ignoring
from tenfold.doors.dvc.files.pipeline_files import PipelineFile
from tenfold.doors.dvc.records import Out, Stage
from tenfold.doors.dvc.stages.aside import bring_back

_LINKS = "reflink,copy"
_NEW = "tenfold-new-"
_log = logging.getLogger(__name__)


class Repo:
    """A repository as it is now. Made anew for each command; files are read when they are asked for.

    Args:
        root: The folder that has `.dvc`.
        here: Where the user is: paths are given and shown relative to it.
    """

    def __init__(self, root: Path, here: Path | None = None) -> None:
        self.root = root
        self.here = here or root
        self.dvc_folder = root / ".dvc"
        self.temporary = self.dvc_folder / "tmp"
        self.tell: Callable[[str], None] = _log.warning
        """Says what the user should know and did not ask for."""

    @cached_property
    def config(self) -> Config:
        return read_config(self.dvc_folder)

    @cached_property
    def cache(self) -> Cache:
        folder = self.config.get("cache", "dir") or str(self.dvc_folder / "cache")
        wanted = [word.strip() for word in self.config.get("cache", "type", _LINKS).split(",")]
        return Cache(Path(folder), wanted)

    @cached_property
    def ignoring(self) -> Ignoring:
        return Ignoring(self.root)

    @cached_property
    def hasher(self) -> Hasher:
        return Hasher(self.root, self.temporary, self.ignoring)

    @cached_property
    def pipelines(self) -> list[PipelineFile]:
        """The dvc.yaml files, by path."""
        return [PipelineFile(path) for path in self._files if path.name == "dvc.yaml"]

    @cached_property
    def stages(self) -> list[Stage]:
        """All stages: of .dvc files and of dvc.yaml files, by path of the file, then in its order.

        Raises:
            Conflict: Two stages make the same path, or one inside the other's.
        """
        by_file = {pipeline.path: pipeline.stages for pipeline in self.pipelines}
        found = [
            stage for path in self._files for stage in (by_file[path] if path in by_file else [self._single[path]])
        ]
        self._check_outs(found)
        return found

    def shown(self, path: Path) -> str:
        """A path as the user would type it."""
        return os.path.relpath(path, self.here)

    def address(self, stage: Stage) -> str:
        """`data.dvc`, `train`, or `sub/dvc.yaml:train` where the file is not in the user's folder."""
        if not stage.is_pipeline:
            return self.shown(stage.file)
        return stage.name if stage.file.parent == self.here else f"{self.shown(stage.file)}:{stage.name}"

    def out_at(self, place: Path) -> tuple[Stage, Out] | None:
        """The output at a path, or the one it lies in."""
        for stage in self.stages:
            for out in stage.outs:
                if place == out.place or out.place in place.parents:
                    return stage, out
        return None

    def chosen(self, targets: Iterable[str]) -> list[Stage]:
        """The stages that targets name: a .dvc file, a tracked path, a stage, a dvc.yaml, a group of foreach. All for none.

        Raises:
            NotFound: A target names nothing that is tracked.
        """
        wanted = list(targets)
        if not wanted:
            return self.stages
        found: dict[str, Stage] = {}
        for target in wanted:
            for stage in self._named(target):
                found.setdefault(f"{stage.file}:{stage.name}", stage)
        return list(found.values())

    @contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        """Hold the repository's lock, which the real dvc takes too; remember what was hashed in the end."""
        self.temporary.mkdir(exist_ok=True)
        with locks.repository_lock(self.temporary, f"tenfold dvc {purpose}"):
            self._mend()
            try:
                yield
            finally:
                self.hasher.save()
                self.cache.clean()

    def new_path(self, folder: Path) -> Path:
        """Where those who hold the lock write what they then move into a folder: below .dvc/tmp, so that a kill leaves nothing
        in the user's folders; but where that is on another disk, beside."""
        while not folder.exists():
            folder = folder.parent
        if folder.stat().st_dev == self.temporary.stat().st_dev:
            return self.temporary / f"{_NEW}{secrets.token_hex(6)}"
        return folder / f".{secrets.token_hex(6)}.tmp"

    def _mend(self) -> None:
        """Take away what killed commands were writing, and bring back what their stages had set aside."""
        for path in self.temporary.glob(f"{_NEW}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        for one in bring_back(self.temporary):
            begun = f"; what it had begun lies at {self.shown(one.begun)}" if one.begun is not None else ""
            self.tell(f"{self.shown(one.place)} is back: stage {one.stage} was killed while it ran{begun}")

    def _named(self, target: str) -> list[Stage]:
        file, _, name = target.rpartition(":")
        place = Path(os.path.normpath(self.here / (file or target)))
        if file and place.name == "dvc.yaml":
            found = [one for one in self.stages if one.file == place and _is_called(one, name)]
        elif place.name == "dvc.yaml" or place.suffix == ".dvc":
            found = [one for one in self.stages if one.file == place]
        else:
            found = [one for one in self.stages if one.file.parent == self.here and _is_called(one, target)]
            if not found and (at := self.out_at(place)) is not None:
                found = [at[0]]
            if not found and place.is_dir():
                found = [one for one in self.stages if any(place in out.place.parents for out in one.outs)]
        if not found:
            raise NotFound(f"{target} names no stage and no tracked path. List them with: tenfold dvc status --all")
        return found

    @cached_property
    def _files(self) -> list[Path]:
        """.dvc files and dvc.yaml files; folders that are outputs, or left out by .dvcignore or .gitignore, are not entered."""
        found: list[Path] = []
        git = Ignoring(self.root, ".gitignore")
        self._singles: dict[Path, Stage] = {}
        self._walk("", found, git, set())
        return sorted(found)

    @property
    def _single(self) -> dict[Path, Stage]:
        _ = self._files
        return self._singles

    def _walk(self, folder: str, found: list[Path], git: Ignoring, outs: set[str]) -> None:
        deeper: list[str] = []
        base = str(self.root / folder) if folder else str(self.root)
        with os.scandir(base) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    deeper.append(name)
                elif entry.name.endswith(".dvc") or entry.name == "dvc.yaml":
                    if self.ignoring.is_out(name, is_folder=False):
                        continue
                    path = Path(entry.path)
                    found.append(path)
                    if path.name != "dvc.yaml":
                        stage = self._singles[path] = read_dvc_file(path)
                        outs |= {str(out.place) for out in stage.outs}
        for name in sorted(deeper):
            place = f"{self.root}/{name}"
            if place in outs or self.ignoring.is_out(name, is_folder=True) or git.is_out(name, is_folder=True):
                continue
            if Path(place, ".dvc").is_dir():
                continue  # a repository of its own
            self._walk(name, found, git, outs)

    def _check_outs(self, stages: list[Stage]) -> None:
        seen: dict[Path, Stage] = {}
        for stage in stages:
            for out in stage.outs:
                if (other := seen.get(out.place)) is not None:
                    raise Conflict(
                        f"{self.shown(out.place)} is an output of {self.address(other)} and of {self.address(stage)}. "
                        "Take it out of one of them"
                    )
                seen[out.place] = stage
        for place, stage in seen.items():
            for parent in place.parents:
                if parent in seen:
                    raise Conflict(
                        f"{self.shown(place)} of {self.address(stage)} lies inside {self.shown(parent)} of "
                        f"{self.address(seen[parent])}. Take one of them out"
                    )


def open_repo(folder: Path | None = None) -> Repo:
    """The repository that a folder (the current one when not given) is in.

    Raises:
        NotFound: Neither it nor a folder above it has `.dvc`.
        Invalid: The folder is not there.
    """
    here = Path(os.path.normpath(Path.cwd() / (folder or "")))
    if not here.is_dir():
        raise Invalid(f"{here} is no folder. Check the path")
    for place in (here, *here.parents):
        if (place / ".dvc").is_dir():
            return Repo(place, here)
    raise NotFound(f"{here} is in no DVC repository. Go into one, or name it with --cd")


def _is_called(stage: Stage, name: str) -> bool:
    return stage.is_pipeline and (stage.name == name or stage.name.startswith(f"{name}@"))
