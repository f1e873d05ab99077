"""`tenfold export`: a pipeline for another engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES
from tenfold.cli.output import emit_json, json_option


@click.group(epilog=f"Example: tenfold export airflow train.py:training -o dags/training.py\n\n{EXIT_CODES}")
def command() -> None:
    """Write a pipeline for another engine, which then starts its steps one by one. Values and the cache stay Tenfold's."""


def _shared(function: Any) -> Any:
    for option in (
        json_option,
        click.option("--project", help="Project of the runs"),
        click.option("--folder", help="Where the pipeline's file lies on the workers, when not where it lies here"),
        click.option("--schedule", "named", help="A schedule of the store: its times and params go along"),
        click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A default; may be repeated"),
        click.option("-o", "--output", required=True, help="File to write; - prints it"),
        click.argument("target"),
    ):
        function = option(function)
    return function


@command.command(epilog=f"Example: tenfold export airflow train.py:training -o dags/training.py\n\n{EXIT_CODES}")
@_shared
@click.option(
    "--python", "python", default=sys.executable, help="The workers' Python that has Tenfold; not given: this"
)
@click.option("--dag-id", help="Not given: the pipeline's name")
def airflow(
    target: str, output: str, params: tuple[str, ...], named: str | None, folder: str | None, project: str | None,
    as_json: bool, python: str, dag_id: str | None,
) -> None:  # fmt: skip
    """Write TARGET, file.py:pipeline, as a DAG file for Airflow 3."""
    from tenfold.doors.airflow.exporting import Place, export_airflow

    drawing, schedule = _drawing(target, params, folder), _schedule(named)
    place = Place(command=[python, "-m", "tenfold"], store=_store(), project=project)
    text = export_airflow(drawing, place, dag_id=dag_id, schedule=schedule)
    pools = sorted({node.pool[0] for node in drawing.nodes} - {""})
    more = "".join(f". Make the pool: airflow pools set {name} SLOTS tenfold" for name in pools)
    _write(text, output, drawing, f"Try it with: airflow dags test {dag_id or drawing.name}{more}", as_json=as_json)


def _containers(function: Any) -> Any:
    for option in (
        click.option("--image", default="", help="For steps that name none: with Python, Tenfold, your packages and code"),
        click.option("--python", "python", default="python3", help="The images' Python that has Tenfold"),
        click.option("--environ", multiple=True, metavar="NAME=VALUE", help="A variable of each container; may be repeated"),
        click.option(
            "--secret-environ", multiple=True, metavar="NAME=SECRET/KEY",
            help="A variable from a Kubernetes secret, like TENFOLD_TOKEN=tenfold/token; may be repeated",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command(
    epilog=f"Example: tenfold export kubeflow train.py:training --image team/train:3 -o training.yaml\n\n{EXIT_CODES}"
)
@_shared
@_containers
@click.option(
    "--install", "packages", multiple=True, help="A package that each container installs first; may be repeated"
)
def kubeflow(
    target: str, output: str, params: tuple[str, ...], named: str | None, folder: str | None, project: str | None,
    as_json: bool, image: str, python: str, environ: tuple[str, ...], secret_environ: tuple[str, ...],
    packages: tuple[str, ...],
) -> None:  # fmt: skip
    """Write TARGET, file.py:pipeline, as the IR YAML of a Kubeflow pipeline. The images hold Tenfold, kfp and your code."""
    from tenfold.doors.kubeflow.exporting import export_kubeflow

    drawing, schedule = _drawing(target, params, folder), _schedule(named)
    containers = _place(image, python, environ, secret_environ, project)
    text = export_kubeflow(drawing, containers, schedule=schedule, packages=list(packages))
    _write(text, output, drawing, f"Start it with: kfp run create -e EXPERIMENT -f {output}", as_json=as_json)


@command.command(
    epilog=f"Example: tenfold export argo train.py:training --image team/train:3 -o training.yaml\n\n{EXIT_CODES}"
)
@_shared
@_containers
@click.option("--namespace", help="Not given: that of whoever submits it")
@click.option("--service-account", help="Of the pods")
def argo(
    target: str, output: str, params: tuple[str, ...], named: str | None, folder: str | None, project: str | None,
    as_json: bool, image: str, python: str, environ: tuple[str, ...], secret_environ: tuple[str, ...],
    namespace: str | None, service_account: str | None,
) -> None:  # fmt: skip
    """Write TARGET, file.py:pipeline, as an Argo WorkflowTemplate; with --schedule, a CronWorkflow beside it."""
    from tenfold.doors.argo.exporting import export_argo

    drawing, schedule = _drawing(target, params, folder), _schedule(named)
    containers = _place(image, python, environ, secret_environ, project)
    text = export_argo(drawing, containers, schedule=schedule, namespace=namespace, service_account=service_account)
    _write(text, output, drawing, f"Bring it there with: kubectl apply -f {output}", as_json=as_json)


def _place(
    image: str, python: str, environ: tuple[str, ...], secret_environ: tuple[str, ...], project: str | None
) -> Any:
    from tenfold.pipelines.container_steps import Containers

    store = _store()
    given = {"TENFOLD_STORE": store} if store else {}
    given |= dict(_pair(text, "environ") for text in environ)
    secrets = {}
    for name, place in (_pair(text, "secret-environ") for text in secret_environ):
        secret, slash, key = place.partition("/")
        if not slash or not secret or not key:
            raise Invalid(
                f"{name}={place!r} names no secret and key. Write TENFOLD_TOKEN=tenfold/token", field="secret_environ"
            )
        secrets[name] = (secret, key)
    if not given.keys() & {"TENFOLD_STORE"} and "TENFOLD_STORE" not in secrets:
        click.echo(
            "No store is named: give the containers TENFOLD_STORE, by --store, --environ or --secret-environ", err=True
        )
    return Containers(image=image, python=python, environ=given, secret_environ=secrets, project=project)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Invalid(f"--{option} {text!r} has no name and value. Write it like NAME=VALUE", field=option)
    return name, value


def _drawing(target: str, params: tuple[str, ...], folder: str | None) -> Any:
    from tenfold.cli.params import read_params
    from tenfold.pipelines import load_pipeline
    from tenfold.pipelines.drawing import draw

    return draw(load_pipeline(target), read_params(params), folder=folder)


def _schedule(named: str | None) -> Any:
    if named is None:
        return None
    from tenfold.cli.app import workspace
    from tenfold.pipelines.starting.schedules import find

    return find(workspace().stores, named)[0]


def _store() -> str | None:
    """The store that --store or the environment names; None when the nearest folder is meant. No password is written."""
    from tenfold.base import settings

    given = (click.get_current_context().find_root().obj or {}).get("store")
    named: str | None = settings.get("store", given)
    if named is None:
        return None
    if "://" not in named:
        return str(Path(named).expanduser().absolute())
    if urlsplit(named).password:
        click.echo("The store's address has a password, so it is not written: give the workers TENFOLD_STORE", err=True)
        return None
    return named


def _write(text: str, output: str, drawing: Any, then: str, *, as_json: bool) -> None:
    if output == "-":
        click.echo(text, nl=False)
        return
    file = Path(output)
    if not file.parent.is_dir():
        raise Invalid(f"There is no folder {file.parent}. Make it, or name another file with -o", field="output")
    file.write_text(text, encoding="utf-8")
    if as_json:
        emit_json({"file": str(file), "pipeline": drawing.name, "steps": len(drawing.nodes)})
    else:
        click.echo(f"Wrote {file}: {len(drawing.nodes)} steps of {drawing.name}. {then}")
