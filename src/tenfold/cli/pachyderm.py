"""`tenfold run --pachyderm`: a Pachyderm pipeline spec, once or whenever its inputs move."""

from __future__ import annotations

from typing import Any

import click

from tenfold.base.errors import StepFailed
from tenfold.cli.output import emit_json


def run_spec(
    place: Any, path: str, *, ignore: tuple[str, ...], keep_following: bool, project: str | None, as_json: bool
) -> None:
    """Run the spec in a file, or save the schedules that run it when its inputs move."""
    from tenfold.cli.steps import StepPrinter
    from tenfold.doors.pachyderm import follow, read_spec, run

    spec = read_spec(path, ignore=ignore)
    if keep_following:
        names = follow(place, spec, project=project)
        if as_json:
            emit_json({"schedules": names})
        else:
            click.echo(f"{spec.pipeline.name} follows its inputs while `tenfold up` runs. See: tenfold schedules list")
        return
    with StepPrinter(quiet=as_json) as printer:
        done = run(place, spec, project=project, on_event=printer, raises=False)
    outputs = done.outputs() if done.state == "finished" else None
    if as_json:
        emit_json({"run_id": done.id, "state": done.state, "outputs": outputs})
    elif outputs is not None:
        said = ", ".join(f"{outputs[name]} {name}" for name in ("processed", "skipped", "recovered", "deleted"))
        click.echo(f"{outputs['output']}: {said}. List them with: tenfold datums list {spec.pipeline.given.into}")
    if done.state != "finished":
        raise StepFailed(f"{done.record.error} See it with: tenfold pipelines show {done.id}")
