"""What changed of a step since it ran before, each thing with how it was and how it is, and code as a diff."""

from __future__ import annotations

import difflib
import functools
from typing import Any

import msgspec

from tenfold.base.addresses import parse
from tenfold.base.errors import NotFound, TenfoldError
from tenfold.contracts import Stores, resolve
from tenfold.pipelines.authoring.templates import Template, dependencies
from tenfold.pipelines.caching.keys import KeyParts
from tenfold.pipelines.caching.why import Comparison, earlier_tasks
from tenfold.pipelines.driving.specs import PlanNode, published_nodes
from tenfold.records import Run, RunQuery, Task, Version

SHOWN_CHARACTERS = 200
RUNS_LOOKED_AT = 50


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is not as it was."""

    what: str
    """code, input, param or environment."""
    name: str
    before: str = ""
    after: str = ""
    diff: str = ""
    """Of code: a unified diff of its text, comments included."""


class WhyRan(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step ran, compared with the run before in which it stands."""

    key: str
    run_id: str
    """The step's run."""
    root_id: str
    state: str
    reasons: list[str]
    compared_with: str
    """The pipeline run before; '' when there is none."""
    changes: list[Change]


def explain_ran(stores: Stores, root_id: str, key: str = "") -> list[WhyRan]:
    """Why each step of a pipeline run ran, or the one of this key, in the graph's order; with all that changed.

    Raises:
        RunNotFound: No such run.
        NotFound: It has no step of this key.
    """
    root = stores.runs.get([root_id])[0]
    earlier = earlier_tasks(stores, root)
    compare = Comparison(earlier)
    tasks = {task.key: task for task in stores.tasks.of_root(root.id)}
    wanted = [task for task in tasks.values() if (key in ("", task.key)) and not task.payload.get("mapped")]
    if not wanted and key in tasks:  # of one that fans out: its items
        wanted = [task for task in tasks.values() if task.payload.get("item_of") == key]
    if not wanted:
        known = ", ".join(list(tasks)[:10]) or "none"
        raise NotFound(f"Run {root.id} has no step {key!r}. Its steps: {known}")
    published = functools.cache(lambda id_: _published(stores, stores.runs.get([id_])[0]))
    values = _Values(stores)
    found = []
    for task in wanted:
        before = earlier.get(task.key)
        reasons = compare.reasons(task) or ([str(task.outcome["because"])] if "because" in task.outcome else [])
        ran = task.state != "cached" and "parts" in task.outcome
        changes = _changes(values, published, before, task) if before is not None and ran else []
        found.append(
            WhyRan(
                key=task.key, run_id=task.id, root_id=root.id, state=task.state, reasons=reasons,
                compared_with=before.root_id if before is not None else "", changes=changes,
            )
        )  # fmt: skip
    return found


def newest_run_of(stores: Stores, key: str) -> str:
    """The newest pipeline run that has a step of this key. Raises NotFound."""
    for run in stores.runs.search(RunQuery(kinds=["pipeline"], limit=RUNS_LOOKED_AT, count=False)).items:
        if any(task.key == key for task in stores.tasks.of_root(run.id)):
            return run.id
    raise NotFound(
        f"No step {key!r} in the newest {RUNS_LOOKED_AT} pipeline runs. List them with: tenfold pipelines list"
    )


def _changes(values: _Values, published: Any, before: Task, task: Task) -> list[Change]:
    old, new = (msgspec.convert(one.outcome["parts"], KeyParts) for one in (before, task))
    found = []
    if old.code != new.code:
        found += _code_changes(published(before.root_id), published(task.root_id), task.key.partition("[")[0])
        if not found:
            found.append(Change("code", task.payload.get("step", task.key), _code_word(old), _code_word(new)))
    for what, then, now in (("input", old.inputs, new.inputs), ("param", old.params, new.params)):
        for name in sorted(name for name in {*then, *now} if then.get(name) != now.get(name)):
            said = [values.said(before, name), values.said(task, name)]
            if said[0] == said[1]:
                said = [f"{one} ({parts.get(name, '')[:8]})" for one, parts in zip(said, (then, now), strict=True)]
            found.append(Change(what, name, *said))
    names = {*old.environment, *new.environment}
    for name in sorted(one for one in names if old.environment.get(one) != new.environment.get(one)):
        was, now_is = (parts.environment.get(name, "not declared") or "not installed" for parts in (old, new))
        found.append(Change("environment", name, was, now_is))
    return found


def _code_word(parts: KeyParts) -> str:
    return parts.code.partition("/")[0]


def _published(stores: Stores, root: Run) -> dict[str, PlanNode]:
    """The places of the pipeline as it was published for a run; each with the text of all that it reaches."""
    try:
        nodes = published_nodes(stores, resolve(stores, parse(root.result["pipeline"])))
    except (KeyError, TenfoldError, msgspec.MsgspecError):
        return {}
    sources: dict[str, str] = {}
    for node in nodes:
        sources = {**node.sources, **sources}
    return {
        node.key: msgspec.structs.replace(node, sources={name: sources.get(name, "") for name in node.reaches})
        for node in nodes
    }


def _code_changes(then: dict[str, PlanNode], now: dict[str, PlanNode], key: str) -> list[Change]:
    old, new = then.get(key), now.get(key)
    if old is None or new is None:
        return []
    found = []
    for name in sorted({*old.reaches, *new.reaches}):
        was, is_ = old.reaches.get(name), new.reaches.get(name)
        if was == is_ or (name.endswith((" is", "(bound)")) and not (old.sources.get(name) or new.sources.get(name))):
            continue
        diff = _diff(name, old.sources.get(name, ""), new.sources.get(name, ""))
        before, after = ("" if was else "not reached", "" if is_ else "not reached")
        found.append(Change("code", name, before, after, diff))
    if not found and old.source != new.source:
        found.append(Change("code", key, diff=_diff(key, old.source, new.source)))
    return found


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} before", f"{name} now", lineterm="", n=3
    )
    return "\n".join(lines)


class _Values:
    """Says what a step was given by a name, in a few words."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._tasks: dict[str, dict[str, Task]] = {}

    def said(self, task: Task, name: str) -> str:
        given = task.payload.get("arguments", {}).get(name)
        return "not given" if given is None else self._template(task.root_id, given)

    def _template(self, root_id: str, given: Template) -> str:
        if "a" in given:
            return str(given["a"])
        if "c" in given:
            return _short(given["c"])
        if "r" in given or "e" in given:
            key, output, *index = given.get("r") or given["e"]
            said = self._output(root_id, key, output)
            return f"item {index[0]} of {said}" if index else said
        keys = sorted(set(dependencies(given)))
        return f"made of {', '.join(keys)}" if keys else _short(given)

    def _output(self, root_id: str, key: str, output: str | None) -> str:
        tasks = self._tasks.get(root_id)
        if tasks is None:
            tasks = self._tasks[root_id] = {task.key: task for task in self.stores.tasks.of_root(root_id)}
        outputs = tasks[key].outcome.get("outputs", {}) if key in tasks else {}
        ids = [outputs[output]] if output in outputs else list(outputs.values())
        if not ids:
            items = sum(one.payload.get("item_of") == key for one in tasks.values())
            return f"{items} items of {key}"
        return ", ".join(_of_version(version) for version in self.stores.versions.get(ids))


def _of_version(version: Version) -> str:
    if version.inline is not None and len(version.inline) <= SHOWN_CHARACTERS:
        return _short(msgspec.json.decode(version.inline))
    return f"{version.address} ({version.size_bytes:,} bytes, {version.digest[:8]})"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
