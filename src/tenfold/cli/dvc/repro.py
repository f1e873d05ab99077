"""`tenfold dvc repro` and `commit`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tenfold.base.clock import now_ms
from tenfold.base.errors import TenfoldError
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.dvc.here import cd_option, repo_here, targets_argument
from tenfold.cli.output import emit_json, json_option

_COLOURS = {"ran": "green", "from cache": "green", "taken up": "green", "failed": "red", "skipped": "yellow"}


@click.command("repro", epilog=f"Example: tenfold dvc repro train -j 4\n\n{EXIT_CODES}")
@targets_argument
@click.option("-f", "--force", is_flag=True, help="Run stages though nothing changed")
@click.option("-s", "--single-item", "alone", is_flag=True, help="Not the stages that the targets wait for")
@click.option("--downstream", is_flag=True, help="The targets and all stages that wait for them instead")
@click.option("-k", "--keep-going", is_flag=True, help="After a failure go on with what does not wait for it")
@click.option("--dry", "dry_run", is_flag=True, help="Only say what would run")
@click.option("--no-run-cache", "run_cache", is_flag=True, default=True, flag_value=False, help="Take no known results")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Stages that run at once")
@click.option("--no-record", "is_recorded", is_flag=True, default=True, flag_value=False, help="Keep no runs of it")
@cd_option
@json_option
def repro(targets: tuple[str, ...], folder: Path | None, as_json: bool, is_recorded: bool, **options: Any) -> None:
    """Run the stages whose command, inputs or outputs changed, and update dvc.lock. What they print goes to stderr.

    Each stage that was not up to date becomes a run in the Tenfold store, with what it read and made.
    """
    from tenfold.doors.dvc.stages.reproducing import reproduce

    repo = repo_here(folder)
    keeper = _Keeper(repo) if is_recorded and not options["dry_run"] else None
    try:
        done = reproduce(
            repo, targets, on_stage=None if as_json else _echo, record=keeper.record if keeper else None, **options
        )
    finally:
        if keeper is not None:
            keeper.end()
    if as_json:
        emit_json(done)
    elif options["dry_run"]:
        click.echo("Nothing was run. Next: tenfold dvc repro", err=True)
    elif any(one.outcome in ("ran", "taken up", "from cache") for one in done):
        seen = f". See: tenfold pipelines show {keeper.run_id}" if keeper and keeper.run_id else ""
        click.echo(f"Next: git add dvc.lock, then: tenfold dvc push{seen}", err=True)
    else:
        click.echo("Everything is up to date.", err=True)


@click.command("commit", epilog=f"Example: tenfold dvc commit train\n\n{EXIT_CODES}")
@targets_argument
@cd_option
@json_option
def commit(targets: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Take what is in the working copy as the stages' results, without running them."""
    from tenfold.doors.dvc.stages.reproducing import commit as take_up

    done = take_up(repo_here(folder), targets)
    if as_json:
        emit_json(done)
        return
    for one in done:
        _echo(one)
    click.echo("Next: git add dvc.lock, then: tenfold dvc push" if done else "Everything is up to date.", err=True)


class _Keeper:
    """Records stages in the store that settings name, opened with the first of them. What goes wrong with that is said
    once and stops no stage."""

    def __init__(self, repo: Any) -> None:
        self._repo = repo
        self._recorder: Any = None
        self._is_broken = False

    @property
    def run_id(self) -> str:
        return self._recorder.run_id if self._recorder is not None else ""

    def record(self, finished: Any) -> None:
        self._try(lambda: self._open().record(finished))

    def end(self) -> None:
        if self._recorder is not None:
            self._try(lambda: self._recorder.end(at_ms=now_ms()))

    def _open(self) -> Any:
        from tenfold.doors.dvc.stages.recording import Recorder

        if self._recorder is None:
            place = workspace(create=True)
            self._recorder = Recorder(self._repo, place.stores, project=place.project)
        return self._recorder

    def _try(self, work: Callable[[], None]) -> None:
        if self._is_broken:
            return
        try:
            work()
        except (TenfoldError, OSError) as error:
            self._is_broken = True
            click.echo(f"Stages are not recorded in the Tenfold store: {error}", err=True)


def _echo(done: Any) -> None:
    click.secho(f"{done.stage}: {done.outcome}", fg=_COLOURS.get(done.outcome), nl=False)
    click.echo(f"  ({done.seconds:.1f} s)" if done.outcome == "ran" else f"  {done.error}".rstrip())
