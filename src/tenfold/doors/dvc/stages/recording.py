"""Stages that were reproduced, as a pipeline's run in a Tenfold store: one run a stage, what it read and made as versions.

The content stays in DVC's cache: a version of the kind `reference` holds the path and the md5. The same content of the same
path is the same version, so that lineage leads from stage to stage and from one day's run to the next.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import NotFound
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.doors.dvc.files import templates
from tenfold.doors.dvc.looking.figures import flat
from tenfold.doors.dvc.records import Content, Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import git
from tenfold.doors.dvc.stages.reproducing import Finished
from tenfold.pipelines.ids import task_id
from tenfold.pipelines.work import Spec
from tenfold.records import Draft, Edge, Points, Run, RunChange, Task
from tenfold.records.run import CodeVersion

KIND = "reference"
_TASK_STATES = {"ran": "finished", "taken up": "finished", "from cache": "cached", "failed": "failed"}


class Recorder:
    """Records the stages of one `reproduce`. Nothing is stored before the first stage that was not up to date."""

    def __init__(self, repo: Repo, stores: Stores, *, project: str) -> None:
        self._repo, self._stores, self._project = repo, stores, project
        self.name = _name(repo.root.name)
        self._root: Run | None = None
        self._has_failed = False

    @property
    def run_id(self) -> str:
        """The pipeline's run; '' while there is none."""
        return self._root.id if self._root is not None else ""

    def record(self, finished: Finished) -> None:
        """Store one stage as it ended: its run and task, versions, edges, metrics."""
        root = self._root or self._begin(finished.began_ms)
        done, stage = finished.done, finished.stage
        id_ = task_id(root.id, done.stage)
        is_failed = done.outcome == "failed"
        self._has_failed = self._has_failed or is_failed
        seen = finished.seen
        run = Run(
            id=id_,
            project=self._project,
            kind="step",
            name=done.stage,
            state="failed" if is_failed else "finished",
            parent_id=root.id,
            root_id=root.id,
            created_at_ms=finished.began_ms,
            started_at_ms=finished.began_ms,
            ended_at_ms=finished.ended_ms,
            error=done.error or None,
            code=CodeVersion(commit=root.code.commit if root.code else None, entry_point=_command(stage)),
            params=flat({one.path: _nested(seen.values.get(one.place, {})) for one in stage.params}) if seen else {},
            tags={"pipeline": self.name, "step": done.stage, "dvc": done.outcome},
        )
        self._stores.runs.create([run])
        read = {dep.place: dep.path for dep in stage.deps if dep.place is not None}
        made = {out.place: out.path for out in stage.outs}
        inputs = self._versions(read, seen.contents if seen else {}, "", finished)
        outputs = self._versions(made, seen.made if seen else {}, id_, finished)
        at_ms = finished.ended_ms
        edges = [
            Edge(run_id=id_, version_id=one, direction="used", role=role, at_ms=at_ms) for role, one in inputs.items()
        ]
        edges += [
            Edge(run_id=id_, version_id=one, direction="produced", role=role, at_ms=at_ms)
            for role, one in outputs.items()
        ]
        spec = Spec(
            pipeline=self.name, step=done.stage, module="", qualname="", arguments={}, after=finished.after, outputs=[*made.values()]
        )  # fmt: skip
        outcome: dict[str, Any] = {"outputs": outputs, "because": _because(done.why)}
        if is_failed:
            outcome["error"] = done.error
        task = Task(
            id=id_,
            root_id=root.id,
            key=done.stage,
            state=_TASK_STATES.get(done.outcome, "skipped"),  # type: ignore[arg-type]
            attempt=1,
            payload=msgspec.to_builtins(spec),
            outcome=outcome,
        )
        self._stores.tasks.add([task], [run])
        self._stores.lineage.add(edges)
        self._stores.runs.heartbeat([root.id], at_ms=finished.ended_ms)
        if not is_failed:
            self._measure(id_, stage, finished.ended_ms)

    def end(self, *, at_ms: int) -> None:
        """Bring the pipeline's run to its end. Twice does nothing more."""
        if self._root is not None:
            to = "failed" if self._has_failed else "finished"
            change = RunChange(error="A stage failed") if self._has_failed else None
            self._stores.runs.transition(self._root.id, to, expect=["running", "lost"], at_ms=at_ms, change=change)  # type: ignore[arg-type]

    def _begin(self, at_ms: int) -> Run:
        self._root = Run(
            id=ids.new_id(),
            project=self._project,
            kind="pipeline",
            name=self.name,
            state="running",
            created_at_ms=at_ms,
            started_at_ms=at_ms,
            heartbeat_at_ms=at_ms,
            code=CodeVersion(commit=self._commit(), entry_point="tenfold dvc repro"),
            tags={"pipeline": self.name, "door": "dvc"},
        )
        self._stores.runs.create([self._root])
        return self._root

    def _commit(self) -> str | None:
        try:
            return git(self._repo, "rev-parse", "HEAD").decode().strip()
        except NotFound:
            return None

    def _versions(
        self, places: Mapping[Path, str], contents: Mapping[Path, Content], run_id: str, finished: Finished
    ) -> dict[str, str]:
        """{path as the stage names it: version id} of what is known of these places."""
        return {
            role: self._version(place, contents[place], role, run_id, finished.ended_ms)
            for place, role in places.items()
            if place in contents
        }

    def _version(self, place: Path, content: Content, role: str, run_id: str, at_ms: int) -> str:
        """The version of a content at a path; published when it was not yet."""
        path = (
            self._repo.shown(place)
            if not place.is_relative_to(self._repo.root)
            else str(place.relative_to(self._repo.root))
        )
        name = _name(f"{self.name}.{path}")
        inline = msgspec.json.encode({"path": path, "md5": content.md5, "size": content.size, "files": content.files})
        known = self._stores.versions.search(KIND, name, digest=digest(inline), limit=1)
        if known:
            return known[0].id
        draft = Draft(
            id=ids.new_id(),
            kind=KIND,
            name=name,
            digest=digest(inline),
            size_bytes=len(inline),
            inline=inline,
            type="dvc",
            metadata={"path": path, "md5": content.md5, "size_bytes": content.size, "files": content.files},
            run_id=run_id or None,
            role=role if run_id else "",
            created_at_ms=at_ms,
        )
        return self._stores.versions.publish([draft])[0].id

    def _measure(self, run_id: str, stage: Stage, at_ms: int) -> None:
        """The numbers of its metrics files, as the run's metrics."""
        points = {}
        for out in stage.outs:
            if out.is_metric and out.place.is_file():
                for key, value in _numbers(out.place):
                    points[key] = Points(struct.pack("<q", 0), struct.pack("<d", value), struct.pack("<q", at_ms))
        if points:
            self._stores.series.append(run_id, points, source=f"dvc-{run_id}", offset=1)


def _numbers(place: Path) -> Iterator[tuple[str, float]]:
    for key, value in flat(templates.load_params(place)).items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield key, float(value)


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items()}


def _command(stage: Stage) -> str | None:
    return "\n".join(stage.cmd) if isinstance(stage.cmd, list) else stage.cmd


def _because(why: list[Any]) -> str:
    """Reasons in the words of `status`, on one line: 'changed deps: raw.csv modified; changed command'."""
    said = []
    for line in why:
        for what, paths in line.items() if isinstance(line, dict) else [(line, {})]:
            words = [f"{path} {word if isinstance(word, str) else ', '.join(word)}" for path, word in paths.items()]
            said.append(f"{what}: {', '.join(words)}" if words else what)
    return "; ".join(said) or "it was asked for"


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ._+-]", "-", text.replace("/", ".")).strip(" ._+-")[:180] or "dvc"
