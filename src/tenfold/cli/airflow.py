"""`tenfold run --airflow`: a DAG, from its file as it is."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from tenfold.base.errors import Invalid, StepFailed
from tenfold.cli.output import emit_json


def dag_options(command: Any) -> Any:
    """--airflow and what goes with it."""
    options = [
        click.option("--airflow", is_flag=True, help="TARGET is an Airflow DAG file"),
        click.option("--dag", help="With --airflow: the DAG, where the file makes several"),
        click.option("--date", help="With --airflow: the logical date, like 2026-01-31; now when not given"),
        click.option("--conf", help="With --airflow: values of its params, as a JSON object"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def run_dag(
    place: Any, file: str, *, given: dict[str, Any], params: dict[str, Any], project: str | None, as_json: bool
) -> None:
    """Run a DAG of a file; its params come as --conf JSON or, one by one, as --param NAME=VALUE."""
    from tenfold.cli.steps import StepPrinter
    from tenfold.doors.airflow import run

    conf = {**_conf(given["conf"]), **params}
    with StepPrinter(quiet=as_json) as printer:
        done = run(
            place, file, dag_id=given["dag"], date=given["date"], conf=conf, project=project, on_event=printer,
            raises=False,
        )  # fmt: skip
    if as_json:
        emit_json({"run_id": done.id, "state": done.state})
    else:
        click.echo(f"Pipeline run {done.id} {done.state}. Look at it with: tenfold pipelines show {done.id}")
    if done.state != "finished":
        raise StepFailed(f"{done.record.error}. Go on with: tenfold pipelines resume {done.id}")


def _conf(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise Invalid(f'--conf takes a JSON object like {{"name": "value"}}: {error}', field="conf") from None
    if not isinstance(found, dict):
        raise Invalid(f'--conf takes a JSON object like {{"name": "value"}}, not {text}', field="conf")
    return found
