"""Offline archives as runs: `experiment.json` says which run, `messages.json` what it logged, a line a message."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.comet.assets import items_of
from tenfold.records import CodeVersion
from tenfold.workspace.imported import Gathering, ImportedRun

SOURCE = "comet"
_OWN_PARAMS = ("curr_step", "curr_epoch")
_OWN_OTHERS = ("offline_experiment", "hasNestedParams", "Created from")
_PASSED = ("close", "ws_msg", "log_dependency")
"""Messages that say nothing of the run."""


def read(path: Path, unplaced: Counter[str]) -> Iterator[ImportedRun]:
    """The runs of one archive or of the archives in a folder, in order of name. An experiment in several is one run.

    Raises:
        Invalid: There is no archive.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.zip"))
    groups: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for file in files:
        said = _experiment(file)
        if said is None:
            unplaced["zip files that are no Comet archive"] += 1
        else:
            groups.setdefault(str(said.get("offline_id") or file.stem), []).append((file, said))
    if not groups:
        raise Invalid(f"There is no archive of Comet in {path}. Name a .zip or the folder of some", field="path")
    for id_, parts in groups.items():
        parts.sort(key=lambda part: part[1].get("start_time") or 0)
        yield _Run(id_, parts, unplaced).made()


def _experiment(file: Path) -> dict[str, Any] | None:
    try:
        with zipfile.ZipFile(file) as archive:
            said = json.loads(archive.read("experiment.json"))
            archive.getinfo("messages.json")
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        return None
    return said if isinstance(said, dict) else None


class _Run:
    """One experiment as it becomes known, message by message."""

    def __init__(self, id_: str, parts: list[tuple[Path, dict[str, Any]]], unplaced: Counter[str]) -> None:
        self.id, self.parts, self.unplaced = id_, parts, unplaced
        self.gathering = Gathering()
        self.params: dict[str, Any] = {}
        self.others: dict[str, str] = {}
        self.environment: dict[str, Any] = {}
        self.system: dict[str, Any] = {}
        self.git: dict[str, Any] = {}
        self.entry = self.html = ""
        self.printed: list[str] = []
        self.files: list[tuple[Path, dict[str, Any]]] = []
        self.started_at_ms = int(parts[0][1].get("start_time") or 0)

    def made(self) -> ImportedRun:
        """The run, all its archives read but for the files in them."""
        for file, _ in self.parts:
            with zipfile.ZipFile(file) as archive, archive.open("messages.json") as lines:
                for line in lines:
                    self._line(line, file)
        said = self.parts[-1][1]
        tags = {str(tag): "" for tag in said.get("tags") or []} | self.others
        if said.get("workspace"):
            tags["comet.workspace"] = str(said["workspace"])
        return ImportedRun(
            source=SOURCE,
            id=self.id,
            project=str(said.get("project_name") or "general"),
            name=self.others.get("Name", ""),
            state="finished" if said.get("stop_time") else "lost",
            started_at_ms=self.started_at_ms,
            ended_at_ms=int(said["stop_time"]) if said.get("stop_time") else None,
            user=str(self.system.get("user") or ""),
            host=str(self.system.get("hostname") or ""),
            notes=self.html,
            code=self._code(),
            environment=self.environment,
            params=self.params,
            tags={key: value for key, value in tags.items() if key != "Name"},
            points=self.gathering.points(),
            items=items_of(self.files, self.unplaced),
            console="".join(self.printed),
        )

    def _line(self, line: bytes, file: Path) -> None:
        try:
            message = json.loads(line)
            kind, payload = str(message["type"]), message["payload"]
            self._message(kind, payload, file)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self.unplaced["messages that cannot be read"] += 1

    def _message(self, kind: str, payload: dict[str, Any], file: Path) -> None:
        if kind == "metric_msg":
            self._metric(payload["metric"], int(payload.get("local_timestamp") or self.started_at_ms))
        elif kind == "parameter_msg":
            self._param(payload["param"])
        elif kind == "log_other":
            if payload["key"] not in _OWN_OTHERS:
                self.others[str(payload["key"])] = str(payload["value"])
        elif kind == "standard_output":
            self.printed.append(str(payload["output"]))
        elif kind == "file_upload":
            self.files.append((file, payload))
        elif kind == "installed_packages":
            pins = (str(pin).split("==", 1) for pin in payload["installed_packages"])
            self.environment["packages"] = {pin[0]: pin[1] for pin in pins if len(pin) == 2}
        elif kind == "system_details":
            self.system = payload
            for name, key in (("os", "os"), ("python", "python_version"), ("executable", "python_exe")):
                if payload.get(key):
                    self.environment[name] = payload[key]
        elif kind == "git_metadata":
            self.git = payload["git_metadata"]
        elif kind == "file_name":
            self.entry = str(payload["file_name"])
        elif kind in ("html", "htmlOverride"):
            self.html = str(payload["html"]) if kind == "htmlOverride" else self.html + str(payload["html"])
        elif kind not in _PASSED:
            self.unplaced[f"messages of type {kind}"] += 1

    def _metric(self, metric: dict[str, Any], at_ms: int) -> None:
        key = str(metric["metricName"])
        if metric.get("context"):
            key = f"{metric['context']}/{key}"
        if key.startswith("sys."):
            key = f"system/{key.removeprefix('sys.')}"
        step = metric.get("step")
        self.gathering.add(
            key, self.gathering.count(key) if step is None else int(step), float(metric["metricValue"]), at_ms
        )

    def _param(self, param: dict[str, Any]) -> None:
        key = str(param["paramName"])
        if param.get("source") == "auto-logged" and key in _OWN_PARAMS:
            return
        tree = self.params
        *above, last = key.split("|")  # how Comet writes nested ones
        for name in above:
            inner = tree.setdefault(name, {})
            if not isinstance(inner, dict):
                tree, last = self.params, key
                break
            tree = inner
        tree[last] = param["paramValue"]

    def _code(self) -> CodeVersion | None:
        if not self.entry and not self.git:
            return None
        return CodeVersion(
            commit=self.git.get("parent") or None,
            branch=self.git.get("branch") or None,
            remote=self.git.get("origin") or None,
            entry_point=self.entry or None,
            arguments=[str(word) for word in (self.system.get("command") or [])[1:]],
        )
