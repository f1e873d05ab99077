"""`tenfold logs`: what a run's steps print, also while they run, from another process or through a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from tenfold.base.errors import NotFound
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option

if TYPE_CHECKING:
    from tenfold.contracts import Stores
    from tenfold.records import Run
    from tenfold.server.wire import LogText
    from tenfold.workspace import Workspace

LOOK_S = 0.25
PIECE_BYTES = 1 << 18
Read = Callable[["Run", int], "LogText"]


@click.command(epilog=f"Example: tenfold logs 01JD0000000000000000000000 train --follow\n\n{EXIT_CODES}")
@click.argument("run")
@click.argument("step", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended")
@json_option
def command(run: str, step: str | None, follow: bool, as_json: bool) -> None:
    """Print what RUN printed, and the traceback of what failed: of a pipeline's run all steps, or STEP alone with all
    its attempts and mapped items."""
    show(run, step, follow=follow, as_json=as_json)


def show(run: str, step: str | None = None, *, follow: bool = False, as_json: bool = False) -> None:
    """Print what a run's steps printed, and after that of a failed one its error with the traceback."""
    from tenfold.base.addresses import parse

    place = workspace()
    found = place.stores.runs.get([parse(run if run.startswith("run:") else f"run:{run}").name])[0]
    steps = _steps(place.stores, found, step)
    if step is not None and not steps and not (follow and found.state in ("created", "running")):
        raise NotFound(
            f"Run {found.id} has no step {step!r}. See its steps with: tenfold pipelines show {found.id}", field="step"
        )
    read = _reader(place)
    if as_json:
        emit_json(
            [
                {"step": key, "run_id": one.id, "state": one.state, "text": _whole(read, one), "error": one.error}
                for key, one in steps
            ]
        )
        return
    printer = _Printer(labelled=found.kind == "pipeline" and (step is None or not follow or _is_many(steps)))
    for key, text in _pieces(place.stores, found, step, read, follow=follow):
        printer.show(key, text)
    printer.end()


def _is_many(steps: list[tuple[str, Run]]) -> bool:
    return len(steps) != 1


def _steps(stores: Stores, run: Run, step: str | None) -> list[tuple[str, Run]]:
    """The runs whose output is meant, by key, in the order of the graph; of a mapped step its items."""
    if run.kind != "pipeline":
        return [(run.name or run.id, run)]
    tasks = [task for task in stores.tasks.of_root(run.id) if not task.payload.get("mapped")]
    wanted = [task for task in tasks if step in (None, task.key, task.key.partition("[")[0], task.payload.get("step"))]
    runs = stores.runs.get([task.id for task in wanted]) if wanted else []
    return [(task.key, one) for task, one in zip(wanted, runs, strict=True)]


def _pieces(stores: Stores, run: Run, step: str | None, read: Read, *, follow: bool) -> Iterator[tuple[str, str]]:
    """What was printed, in pieces; following, until the run has ended and all of it was given."""
    offsets: dict[str, int] = {}
    done: set[str] = set()
    tails: dict[str, str] = {}
    while True:
        ended = stores.runs.get([run.id])[0].state not in ("created", "running")
        for key, one in _steps(stores, run, step):
            if one.id in done:
                continue
            while True:
                found = read(one, offsets.get(one.id, 0))
                offsets[one.id] = found.next
                if found.text:
                    tails[one.id] = (tails.get(one.id, "") + found.text)[-PIECE_BYTES:]
                    yield key, found.text
                if found.next >= found.size or not found.text:
                    break
            if found.ended and one.state not in ("created", "running"):  # both as seen before it was read
                done.add(one.id)
                if said := _error_of(one, tails.pop(one.id, "")):
                    yield key, said
        if ended or not follow:
            return
        time.sleep(LOOK_S)


def _error_of(run: Run, printed: str) -> str:
    """What a run failed of, for below what it printed; '' when nothing, or when it ends with that already."""
    if run.state not in ("failed", "killed") or not run.error:
        return ""
    line, _, trace = run.error.strip().partition("\n")
    said = trace if trace.startswith("Traceback") else line
    if trace.rstrip() and trace.rstrip() in printed and trace.startswith("Traceback"):
        return ""
    return ("" if not printed or printed.endswith("\n") else "\n") + said.rstrip() + "\n"


def _whole(read: Read, run: Run) -> str:
    parts, offset = [], 0
    while True:
        found = read(run, offset)
        parts.append(found.text)
        offset = found.next
        if offset >= found.size or not found.text:
            return "".join(parts)


def _reader(place: Workspace) -> Read:
    """Reads here; what a step prints on the machine of a server is asked of that server."""
    from tenfold.server.logs import read_log
    from tenfold.server.wire import LogText

    ask: Callable[[str, int], Any] | None = None
    if place.location.kind == "server":
        from tenfold.stores.http.link import Link

        link = Link(place.location.store, place.location.token)

        def ask(run_id: str, offset: int) -> Any:
            import msgspec

            params = {"offset": str(offset), "limit": str(PIECE_BYTES)}
            answer = link.request("GET", f"/api/v1/runs/{run_id}/log", params=params, repeatable=True)
            return msgspec.json.decode(answer.content, type=LogText)

    def read(run: Run, offset: int) -> LogText:
        found = read_log(place.stores, run, place.folder, offset=offset, limit=PIECE_BYTES)
        if found.size == 0 and ask is not None:
            found = ask(run.id, offset)
        if found.size == 0 and run.result.get("cached_from"):
            return read(place.stores.runs.get([run.result["cached_from"]])[0], offset)
        return found

    return read


class _Printer:
    """Prints pieces; with several steps, a heading wherever it is another's turn."""

    def __init__(self, *, labelled: bool) -> None:
        self._labelled, self._last, self._at_start = labelled, "", True

    def show(self, key: str, text: str) -> None:
        if self._labelled and key != self._last:
            self.end()
            click.secho(f"== {key}", bold=True)
        self._last = key
        click.echo(text, nl=False)
        self._at_start = text.endswith("\n")

    def end(self) -> None:
        if not self._at_start:
            click.echo()
            self._at_start = True
