"""`tenfold reports`: list, show, save, export, delete, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.base.user import user_name
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, size, table


@click.group(epilog=f"Example: tenfold reports export weekly -o weekly.html\n\n{EXIT_CODES}")
def command() -> None:
    """Reports: Markdown with live charts, tables of runs, media."""


@command.command("list", epilog=f"Example: tenfold reports list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List reports, the one saved last first."""
    from tenfold.workspace import reports

    found = reports.listed(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [(info.name, info.title, info.version, info.author, ago(info.saved_at_ms)) for info in found]
    table(rows, ("name", "title", "version", "by", "saved"), empty="No reports yet. Write one: tenfold reports save first FILE.md")  # fmt: skip
    if rows:
        click.echo(f"Read one with: tenfold reports show {rows[0][0]}", err=True)


@command.command("show", epilog=f"Example: tenfold reports show weekly\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--version", type=click.IntRange(min=1), help="An earlier version")
@json_option
def show(name: str, version: int | None, as_json: bool) -> None:
    """Print a report's Markdown."""
    from tenfold.workspace import reports

    found = reports.load(workspace().stores, name, version)
    if as_json:
        emit_json(found)
    else:
        click.echo(found.text, nl=not found.text.endswith("\n"))


@command.command("save", epilog=f'Example: tenfold reports save weekly weekly.md -m "New baseline"\n\n{EXIT_CODES}')
@click.argument("name")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("-m", "--message", default="", help="What changed")
@click.option(
    "--expect", type=click.IntRange(min=0), help="Refuse when this is not the newest version; 0: a new report"
)
@json_option
def save(name: str, file: Any, message: str, expect: int | None, as_json: bool) -> None:
    """Keep a file (- is stdin) as the next version of a report."""
    from tenfold.workspace import reports

    kept = reports.save(workspace().stores, name, file.read(), expect=expect, author=user_name(), message=message)
    if as_json:
        emit_json({"name": kept.name, "version": kept.version, "address": kept.address})
        return
    click.echo(f"{kept.address}. Take it away as one file with: tenfold reports export {name}")


@command.command("export", epilog=f"Example: tenfold reports export weekly -o weekly.html\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--version", type=click.IntRange(min=1), help="An earlier version")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="NAME.html when not given")
@json_option
def export(name: str, version: int | None, output: Path | None, as_json: bool) -> None:
    """Write a report as one HTML file: drawings and numbers inside, no network needed."""
    from tenfold.workspace import reports

    stores = workspace().stores
    found = reports.load(stores, name, version)
    target = output or Path(f"{name}.html")
    target.write_text(reports.to_html(stores, found), "utf-8")
    if as_json:
        emit_json({"path": str(target), "size_bytes": target.stat().st_size, "address": found.address})
        return
    click.echo(f"{target}, {size(target.stat().st_size)}. Open it in a browser")


@command.command("delete", epilog=f"Example: tenfold reports delete weekly\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Put a report, all its versions, into the bin."""
    from tenfold.workspace import reports

    versions = reports.bin_report(workspace().stores, name)
    if as_json:
        emit_json({"name": name, "versions": versions})
        return
    click.echo(f"{versions} versions in the bin. Take them out with: tenfold reports restore {name}")


@command.command("restore", epilog=f"Example: tenfold reports restore weekly\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def restore(name: str, as_json: bool) -> None:
    """Take a report out of the bin."""
    from tenfold.workspace import reports

    versions = reports.restore_report(workspace().stores, name)
    if as_json:
        emit_json({"name": name, "versions": versions})
        return
    click.echo(f"{versions} versions restored. Read it with: tenfold reports show {name}")
