"""`tenfold run` of other tools' files: for each door its flag, its own options, and which of the command's others it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from tenfold.base.errors import Invalid
from tenfold.cli.airflow import dag_options

SHARED = {
    "arguments": "ARGUMENTS", "params": "--param", "configs": "--config", "only_plan": "--plan", "dry_run": "--dry-run",
    "executor": "--executor",
}  # fmt: skip
"""What only some doors take, and how it is written; --project and --json go with each."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """How `tenfold run` goes to another tool's file."""

    takes: frozenset[str] = frozenset()
    """Of `SHARED`."""
    own: tuple[str, ...] = ()
    """Options that go with no other door."""
    way: Callable[[Any, str, Mapping[str, Any]], None] | None = None
    """Runs TARGET with what was given; None where the file gives a pipeline that is run like any other."""


def _airflow(place: Any, target: str, given: Mapping[str, Any]) -> None:
    from tenfold.cli.airflow import run_dag
    from tenfold.cli.params import read_params

    params, project = read_params(given["params"]), given["project"]
    run_dag(place, target, given=dict(given), params=params, project=project, as_json=given["as_json"])


def _metaflow(place: Any, target: str, given: Mapping[str, Any]) -> None:
    from tenfold.cli.metaflow import run_flow

    run_flow(
        place, target, given["arguments"], given["params"], given["configs"], executor=given["executor"],
        project=given["project"], as_json=given["as_json"],
    )  # fmt: skip


def _pachyderm(place: Any, target: str, given: Mapping[str, Any]) -> None:
    from tenfold.cli.pachyderm import run_spec

    run_spec(
        place, target, ignore=given["ignore"], keep_following=given["follow"], project=given["project"],
        as_json=given["as_json"],
    )  # fmt: skip


DOORS = {
    "airflow": Door(takes=frozenset({"params"}), own=("dag", "date", "conf"), way=_airflow),
    "kubeflow": Door(takes=frozenset(SHARED) - {"arguments"}),
    "metaflow": Door(takes=frozenset({"arguments", "params", "configs", "executor"}), way=_metaflow),
    "pachyderm": Door(own=("ignore", "follow"), way=_pachyderm),
}


def door_options(command: Any) -> Any:
    """The doors' flags and what goes with each."""
    options: list[Callable[[Any], Any]] = [
        click.option("--kubeflow", is_flag=True, help="TARGET is a pipeline that kfp.compiler wrote, as YAML"),
        click.option(
            "--metaflow", is_flag=True,
            help="TARGET is a Metaflow flow's file; ARGUMENTS are what Metaflow would be given",
        ),
        dag_options,
        click.option("--pachyderm", is_flag=True, help="TARGET is a Pachyderm pipeline spec, in JSON or YAML"),
        click.option(
            "--ignore", multiple=True, metavar="FIELD", help="With --pachyderm: a field to pass over; may be repeated"
        ),
        click.option(
            "--follow", is_flag=True, help="With --pachyderm: run it whenever its inputs move, while `tenfold up` runs"
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def door_of(given: Mapping[str, Any]) -> str | None:
    """The door that was asked for, or None.

    Raises:
        Invalid: Two doors, another door's option, or one that this door does not take.
    """
    asked = [name for name in DOORS if given[name]]
    if len(asked) > 1:
        raise Invalid(f"--{asked[0]} and --{asked[1]} exclude each other. Name the tool that the file is of")
    for name, door in DOORS.items():
        for option in door.own:
            if given[option] and name not in asked:
                raise Invalid(f"--{option} goes with --{name}", field=option)
    if not asked:
        return None
    for word, written in SHARED.items():
        if given[word] and word not in DOORS[asked[0]].takes:
            raise Invalid(f"{written} cannot be given with --{asked[0]}. Leave it out", field=word)
    return asked[0]
