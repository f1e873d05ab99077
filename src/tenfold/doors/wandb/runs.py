"""Run folders of Weights & Biases as runs. A run that was resumed lies in several folders and is one run here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold.base import protobuf
from tenfold.base.errors import Damaged, Invalid
from tenfold.doors.wandb import media, record
from tenfold.doors.wandb.log import records
from tenfold.records import CodeVersion
from tenfold.records.run import RunState
from tenfold.workspace.imported import Gathering, ImportedItem, ImportedRun

SOURCE = "wandb"


def read(path: Path, unplaced: Counter[str]) -> Iterator[ImportedRun]:
    """The runs below a folder (`wandb/`, one run's folder) or of one .wandb file, in order of their folders' names.

    Raises:
        Invalid: There is no .wandb file.
    """
    logs = [path] if path.is_file() else sorted(set(path.rglob("*.wandb")), key=lambda each: each.as_posix())
    real = {each.resolve(): each for each in logs}  # `latest-run` is a link to one of the others
    if not real:
        raise Invalid(f"There is no .wandb file in {path}. Name the folder wandb/ or one run's folder", field="path")
    groups: dict[str, list[Path]] = {}
    for each in sorted(real):
        groups.setdefault(_key(each, unplaced), []).append(each)
    groups.pop("", None)
    for id_, parts in groups.items():
        yield _Run(id_, parts, unplaced).made()


def _key(path: Path, unplaced: Counter[str]) -> str:
    """entity/project/run id of a file; '' when it names none."""
    for data in _records(path, None):
        found = protobuf.message(data)
        for run in protobuf.inner(found, record.RUN):
            said = protobuf.message(run)
            return "/".join(part for part in (protobuf.text(said, n) for n in (2, 3, 1)) if part)
    unplaced[".wandb files in which no run begins"] += 1
    return ""


def _records(path: Path, unplaced: Counter[str] | None) -> Iterator[bytes]:
    try:
        yield from records(path)
    except (Damaged, Invalid):
        if unplaced is not None:
            unplaced[".wandb files that are damaged, from there on"] += 1


class _Run:
    """One run as it becomes known, record by record."""

    def __init__(self, id_: str, parts: list[Path], unplaced: Counter[str]) -> None:
        self.id, self.parts, self.unplaced = id_, parts, unplaced
        self.gathering = Gathering()
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.environment: record.Message = {}
        self.texts: dict[str, list[list[Any]]] = {}
        self.media: list[tuple[str, int, int, dict[str, Any], Path]] = []
        self.artifacts: list[record.Message] = []
        self.printed: list[str] = []
        self.said: record.Message = {}
        self.started_at_ms = self.last_at_ms = 0
        self.exit_code: int | None = None

    def made(self) -> ImportedRun:
        """The run, all its files read."""
        for path in self.parts:
            self.exit_code = None
            for data in _records(path, self.unplaced):
                self._take(data, path.parent / "files")
        text = protobuf.text
        self.config.pop("_wandb", None)
        state: RunState = "lost" if self.exit_code is None else "failed" if self.exit_code else "finished"
        environment, code = self._environment()
        return ImportedRun(
            source=SOURCE,
            id=self.id,
            project=text(self.said, 3) or "uncategorized",
            name=text(self.said, 8) or text(self.said, 1),
            state=state,
            started_at_ms=self.started_at_ms,
            ended_at_ms=max(self.last_at_ms, self.started_at_ms),
            group=text(self.said, 6) or None,
            user=environment.pop("user", ""),
            host=text(self.said, 13),
            error=f"Exit code {self.exit_code}" if self.exit_code else None,
            notes=text(self.said, 9),
            code=code,
            environment=environment,
            params=self.config,
            tags=self._tags(),
            result=self._result(),
            points=self.gathering.points(),
            items=self._items(),
            console=media.console(self.parts) or "".join(self.printed),
        )

    def _take(self, data: bytes, files: Path) -> None:
        try:
            for kind, value in protobuf.fields(data):
                if kind in record.UNPLACED:
                    self.unplaced[record.UNPLACED[kind]] += 1
                elif isinstance(value, bytes):
                    self._take_part(kind, value, files)
        except (ValueError, OverflowError):
            self.unplaced["records that cannot be read"] += 1

    def _take_part(self, kind: int, value: bytes, files: Path) -> None:
        found = protobuf.message(value)
        if kind == record.HISTORY:
            self._history(found, files)
        elif kind == record.SUMMARY:
            self._merge(self.summary, found)
        elif kind == record.CONFIG:
            self._merge(self.config, found)
        elif kind == record.RUN:
            self.said |= found
            for config in protobuf.inner(found, 4):
                self._merge(self.config, protobuf.message(config))
            if not self.started_at_ms and 17 in found:
                self.started_at_ms = record.time_ms(protobuf.inner(found, 17)[0])
        elif kind == record.STATS:
            self._stats(found)
        elif kind in (record.OUTPUT, record.OUTPUT_RAW):
            self.printed.append(protobuf.text(found, 3))
        elif kind == record.EXIT:
            self.exit_code = protobuf.integer(found, 1)
        elif kind == record.ENVIRONMENT:
            self.environment |= found
        elif kind == record.ARTIFACT:
            self.artifacts.append(found)

    def _merge(self, tree: dict[str, Any], found: record.Message) -> None:
        for path, value in record.items(protobuf.inner(found, 1)):
            record.put(tree, path, value)
        for path, _ in record.items(protobuf.inner(found, 2)):
            record.drop(tree, path)

    def _history(self, found: record.Message, files: Path) -> None:
        row: dict[str, Any] = {}
        for path, value in record.items(protobuf.inner(found, 1)):
            record.put(row, path, value)
        at_ms = int((record.number(row.pop("_timestamp", None)) or 0) * 1000) or self.last_at_ms
        step = int(record.number(row.pop("_step", None)) or 0)
        if 2 in found:
            step = protobuf.integer(protobuf.message(protobuf.inner(found, 2)[-1]), 1)
        row.pop("_runtime", None)
        row.pop("_wandb", None)
        self.last_at_ms = max(self.last_at_ms, at_ms)
        for key, value in record.flat(row):
            if (number := record.number(value)) is not None:
                self.gathering.add(key, step, number, at_ms)
            elif isinstance(value, str):
                self.texts.setdefault(key, []).append([step, value])
            elif isinstance(value, dict):
                self.media.append((key, step, at_ms, value, files))
            elif value is not None:
                self.unplaced["lists and other values in the history"] += 1

    def _stats(self, found: record.Message) -> None:
        at_ms = record.time_ms(protobuf.inner(found, 2)[0]) if 2 in found else self.last_at_ms
        self.last_at_ms = max(self.last_at_ms, at_ms)
        for path, value in record.items(protobuf.inner(found, 3)):
            if (number := record.number(value)) is not None:
                step = max(at_ms - self.started_at_ms, 0) // 1000  # seconds, as Tenfold's own system metrics have
                self.gathering.add(f"system/{'.'.join(path)}", step, number, at_ms)

    def _environment(self) -> tuple[dict[str, Any], CodeVersion | None]:
        texts = {name: protobuf.text(self.environment, n) for name, n in
                 (("os", 1), ("python", 2), ("executable", 14), ("user", 13), ("gpu", 18))}  # fmt: skip
        found: dict[str, Any] = {name: value for name, value in texts.items() if value}
        if cpus := protobuf.integer(self.environment, 17):
            found["cpus"] = cpus
        if packages := media.packages(self.parts):
            found["packages"] = packages
        git = protobuf.message(b"".join(protobuf.inner(self.environment, 9) or protobuf.inner(self.said, 21)))
        entry = protobuf.text(self.environment, 7) or protobuf.text(self.environment, 6)
        commit = protobuf.text(git, 2)
        if not entry and not commit:
            return found, None
        code = CodeVersion(
            commit=commit or None,
            remote=protobuf.text(git, 1) or None,
            entry_point=entry or None,
            arguments=protobuf.texts(self.environment, 5),
        )
        return found, code

    def _tags(self) -> dict[str, str]:
        tags = dict.fromkeys(protobuf.texts(self.said, 10), "")
        for name, number in (("wandb.entity", 2), ("wandb.job_type", 7), ("wandb.sweep", 12)):
            if value := protobuf.text(self.said, number):
                tags[name] = value
        return tags

    def _result(self) -> dict[str, Any]:
        """What was put into the summary by hand: it is not merely the last value of a key."""
        return {
            key: value
            for key, value in record.flat(self.summary)
            if not key.startswith("_") and not self.gathering.count(key) and not isinstance(value, dict)
            and key not in self.texts
        }  # fmt: skip

    def _items(self) -> Iterator[ImportedItem]:
        yield from media.texts(self.texts)
        for key, step, at_ms, value, files in self.media:
            yield from media.of_value(key, value, files, self.unplaced, step=step, at_ms=at_ms)
        for artifact in self.artifacts:
            yield from media.of_artifact(artifact, self.unplaced)
        yield from media.saved_files(self.parts, self.unplaced)
