"""Do a run again: the same code, packages, data and arguments, then its metrics then and now."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid, RunNotFound, StepFailed, VersionNotFound
from tenfold.contracts import Stores
from tenfold.contracts.pins import VARIABLE as PINS
from tenfold.contracts.pins import pins_variable
from tenfold.records import And, CodeVersion, Compare, Run, RunQuery, RunState, Version
from tenfold.tracking.again import ORDER, Again
from tenfold.tracking.again import VARIABLE as REPRODUCES
from tenfold.tracking.run import ASKED
from tenfold.tracking.secrets import MASK
from tenfold.workspace.recreating import differences_here, interpreter, repository_of, work_tree
from tenfold.workspace.workspace import Workspace

TOLERANCE = 1e-6
STDERR = 2


class MetricAgain(msgspec.Struct, frozen=True):
    """The last value of a metric, then and now. `now` is None when the new run did not log it."""

    key: str
    then: float
    now: float | None
    difference: float
    """|then - now| over the larger of the two; 0 when both are the same, NaN too."""
    tolerance: float
    within: bool


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """What came of doing a run again. `within`: it ended as the other did, with every metric within its tolerance."""

    of: str
    run_id: str
    state_then: RunState
    state_now: RunState
    within: bool
    metrics: list[MetricAgain]
    notes: list[str]
    """What was not as it was then."""
    folder: str | None = None
    """The work tree, when it was kept."""


def reproduce(
    workspace: Workspace,
    run_id: str,
    *,
    here: bool = False,
    python: str | None = None,
    repository: Path | None = None,
    folder: Path | None = None,
    tolerance: float | Mapping[str, float] = TOLERANCE,
    arguments: Sequence[str] | None = None,
    inexact: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Reproduction:
    """Do a run again in a work tree of its commit, and compare the metrics. What it prints goes to stderr.

    Args:
        here: Use this environment; else one is made with uv from the run's packages.
        python: Version or path of the interpreter to use or to make the environment with.
        repository: A clone that has the commit; this folder's or the run's own when not given.
        folder: Where the work tree is made and kept; a temporary one when not given.
        tolerance: Relative, for all metrics or by key; the key '' is for those not named.
        arguments: To start it with, instead of those it had.
        inexact: Go on though secrets were masked in the code, or parts of it too large to keep.
        say: Told each stage.

    Raises:
        Invalid: It cannot be done again; the message says why.
        VersionNotFound: Data it used is gone.
        StepFailed: The process ended without starting the run.
    """
    stores = workspace.stores
    run = stores.runs.get([run_id])[0]
    code = _code_of(run, inexact=inexact)
    wanted = list(arguments) if arguments is not None else _arguments_of(run, code)
    pins = pins_of(stores, run)
    source = repository_of(run, code, repository)
    again = Again(run.id, ids.new_id(), int(run.environment.get(ORDER, 0)))
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tenfold-reproduce-")))
        say(f"Work tree of {code.commit[:10] if code.commit else ''} with {len(code.untracked)} new files")
        tree = stack.enter_context(
            work_tree(stores, run, code, source, folder or room / "tree", keep=folder is not None)
        )
        used = Path(python or sys.executable)
        if not here:
            say("Environment with the packages of then")
            used = interpreter(run, code, tree, room / "environment", python=python)
        command = _command(run, code, tree, used, wanted)
        say(f"Running {' '.join(command[1:])}")
        _start(command, tree / (code.folder or "."), _variables(workspace, run, again, pins))
    return _compare(
        stores, run, again.new_id, tolerance, differences_here(run) if here else [], str(folder) if folder else None
    )


def pins_of(stores: Stores, run: Run) -> dict[str, str]:
    """What addresses without a number meant to a run and those it was started with: {address: version id}.

    Raises:
        VersionNotFound: A version is in the bin, or its content is not stored.
    """
    family = stores.runs.search(RunQuery(where=And([Compare("root_id", "=", run.root_id or run.id)]), limit=1000))
    members = {each.id: each for each in (run, *family.items)}
    edges = stores.lineage.of_runs(list(members))
    made = {edge.version_id for edge in edges if edge.direction == "produced"}
    versions = stores.versions.get(sorted({e.version_id for e in edges if e.direction == "used"} - made))
    _check_there(stores, versions)
    pins: dict[str, str] = {}
    for version in versions:
        same = [each for each in versions if (each.kind, each.name) == (version.kind, version.name)]
        if len(same) == 1:
            pins[f"{version.kind}:{version.name}"] = pins[f"{version.kind}:{version.name}@*"] = version.id
    there = {version.id for version in versions}
    for member in members.values():
        asked: dict[str, str] = member.environment.get(ASKED) or {}
        pins |= {str(parse(address)): id_ for address, id_ in asked.items() if id_ in there}
    return pins


def compare(then: Run, now: Run, tolerance: float | Mapping[str, float] = TOLERANCE) -> list[MetricAgain]:
    """The metrics of a run beside those of another, by key; what the machine did (`system/…`) is left out."""
    by_key = tolerance if isinstance(tolerance, Mapping) else {"": tolerance}
    rows = []
    for key, summary in sorted(then.metrics.items()):
        if key.startswith("system/"):
            continue
        other = now.metrics.get(key)
        allowed = by_key.get(key, by_key.get("", TOLERANCE))
        difference = math.inf if other is None else relative_difference(summary.last, other.last)
        rows.append(
            MetricAgain(key, summary.last, other.last if other else None, difference, allowed, difference <= allowed)
        )
    return rows


def relative_difference(then: float, now: float) -> float:
    """|then - now| over the larger of the two.

    >>> relative_difference(100.0, 99.0)
    0.01
    """
    if then == now or (math.isnan(then) and math.isnan(now)):
        return 0.0
    if not (math.isfinite(then) and math.isfinite(now)):
        return math.inf
    return abs(then - now) / max(abs(then), abs(now))


def _code_of(run: Run, *, inexact: bool) -> CodeVersion:
    code = run.code
    if run.kind in ("step", "pipeline"):
        raise Invalid(
            f"Run {run.id} is a {run.kind}. Run its pipeline again with: tenfold run file.py:pipeline", field="run"
        )
    if code is None or not code.commit:
        raise Invalid(
            f"Run {run.id} has no git commit: its code is not known. Runs started in a repository can be done again",
            field="run",
        )
    entry = code.entry_point or ""
    if not entry or entry.split()[0] == "python" or Path(entry).is_absolute() or "ipykernel" in entry:
        raise Invalid(
            f"Run {run.id} was started as {entry or 'nothing known'!r}, not by a script or module of its repository"
        )
    if code.masked and not inexact:
        raise Invalid(
            f"Secrets stood in the uncommitted code, and are not kept: {', '.join(code.masked[:5])}. "
            "Read them from the environment and run again, or go on without them: --inexact",
            field="run",
        )
    if code.omitted and not inexact:
        raise Invalid(
            f"Too large to be kept were: {', '.join(code.omitted[:5])}. Commit them and run again, or go on without: --inexact",
            field="run",
        )
    return code


def _arguments_of(run: Run, code: CodeVersion) -> list[str]:
    if any(MASK in argument for argument in code.arguments):
        raise Invalid(
            f"An argument of run {run.id} was a secret and is not kept: {' '.join(code.arguments)}. "
            "Give all arguments after --",
            field="arguments",
        )
    return list(code.arguments)


def _command(run: Run, code: CodeVersion, tree: Path, python: Path, arguments: list[str]) -> list[str]:
    entry = code.entry_point or ""
    if entry.startswith("-m "):
        return [str(python), "-m", entry.removeprefix("-m "), *arguments]
    script = tree / entry
    if not script.is_file():
        raise Invalid(f"The script {entry} is in neither the commit nor the kept files of run {run.id}", field="run")
    started = [str(word) for word in run.environment.get("command") or []]
    wrapped = any(Path(word).name == "tenfold" and "run" in started[at + 1 :] for at, word in enumerate(started))
    return [str(python), *(["-m", "tenfold", "run"] if wrapped else []), str(script), *arguments]


def _variables(workspace: Workspace, run: Run, again: Again, pins: dict[str, str]) -> dict[str, str]:
    place = workspace.location
    noted: dict[str, str] = run.environment.get("variables") or {}
    places = {"TENFOLD_STORE": place.store, "TENFOLD_BLOBS": place.blobs, "TENFOLD_TOKEN": place.token}
    return {
        **os.environ,
        **{name: value for name, value in noted.items() if MASK not in value},
        **{name: value for name, value in places.items() if value},
        "TENFOLD_PROJECT": run.project,
        REPRODUCES: again.variable(),
        PINS: pins_variable(pins),
    }


def _start(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=STDERR, check=False)


def _compare(
    stores: Stores, then: Run, new_id: str, tolerance: float | Mapping[str, float], notes: list[str], folder: str | None
) -> Reproduction:
    try:
        now = stores.runs.get([new_id])[0]
    except RunNotFound:
        raise StepFailed(
            f"The process ended without starting the run again, as number {then.environment.get(ORDER, 0) + 1}. "
            "What it printed is above"
        ) from None
    rows = compare(then, now, tolerance)
    inside = stores.runs.search(RunQuery(where=Compare("parent_id", "=", then.id), limit=1)).total
    if inside:
        notes.append(
            f"{inside} {'run' if inside == 1 else 'runs'} inside it {'was' if inside == 1 else 'were'} done again too and not "
            f"compared. Compare them with: tenfold runs list --where \"parent_id in ('{then.id}', '{now.id}')\""
        )
    return Reproduction(
        of=then.id,
        run_id=now.id,
        state_then=then.state,
        state_now=now.state,
        within=now.state == then.state and all(row.within for row in rows),
        metrics=rows,
        notes=notes,
        folder=folder,
    )


def _check_there(stores: Stores, versions: list[Version]) -> None:
    binned = [version for version in versions if version.deleted_at_ms is not None]
    if binned:
        raise VersionNotFound(f"{binned[0].address}, which the run used, is in the bin. Restore it first", field="run")
    trees = {version.digest: version for version in versions if version.inline is None}
    missing = trees.keys() - stores.blobs.has(trees)
    if missing:
        raise VersionNotFound(
            f"The content of {trees[min(missing)].address}, which the run used, is not in this store. Fetch it first",
            field="run",
        )
