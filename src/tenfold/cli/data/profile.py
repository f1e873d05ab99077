"""`tenfold data profile`: the statistics of a table, wherever it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenfold.base.errors import Invalid, NotFound
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.naming import open_address, version_in
from tenfold.cli.output import emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.profiles import Profile


@click.command("profile", epilog=f"Example: tenfold data profile flights.parquet --html flights.html\n\n{EXIT_CODES}")
@click.argument("thing")
@click.option("--query", metavar="SQL", help="What to read of a database; THING is then its address: sqlite:///shop.db")
@click.option("--columns", metavar="A,B", help="Only these columns, in this order")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page that needs nothing else",
)
@json_option
def profile(thing: str, query: str | None, columns: str | None, page: Path | None, as_json: bool) -> None:
    """Show the statistics of THING in one pass: a table's file, a folder of them or of images, a dataset (data:NAME@main/path) or a database.

    Of a dataset no data is read: its files were profiled when they were committed.
    """
    found = _profiles(thing, query, [name.strip() for name in columns.split(",")] if columns else None)
    if page is not None:
        from tenfold.profiles import to_page

        page.write_text(
            to_page(found, f"Profile of {Path(thing).name}" if query is None else "Profile of a query"), "utf-8"
        )
    if as_json:
        emit_json({"tables": found, "html": None if page is None else str(page)})
        return
    from tenfold.profiles import HEADERS, cells

    for name, one in found.items():
        click.echo(f"{name}: {one.rows:,} rows, {len(one.columns):,} columns")
        table([cells(column) for column in one.columns.values()], HEADERS, empty="It has no columns")
    if page is not None:
        click.echo(f"Written to {page}. Open it in a browser", err=True)
    elif thing.startswith("data:") or Path(thing).is_file():
        click.echo(f"Hold data to it: tenfold schema infer {thing}", err=True)


def _profiles(thing: str, query: str | None, columns: list[str] | None) -> dict[str, Profile]:
    from tenfold.profiles import Query
    from tenfold.profiles import profile as make

    if query is not None:
        return {"query": make(Query(thing, query), columns=columns)}
    if "://" in thing:
        raise Invalid("Say what to read of the database: --query 'SELECT * FROM orders'", field="query")
    path = Path(thing)
    if path.is_file() or (path.suffix and not thing.startswith("data:") and "@" not in thing):
        return {path.stem: make(path, columns=columns)}
    if path.is_dir():
        return {path.resolve().name: make(path, columns=columns)}
    return _of_dataset(thing, columns)


def _of_dataset(thing: str, columns: list[str] | None) -> dict[str, Profile]:
    from tenfold.profiles import only
    from tenfold.workspace.profiling import profiles_of

    data, address = open_address(thing)
    version = data.at(version_in(address))
    unread: dict[str, str] = {}
    found = profiles_of(workspace().stores, version, address.path or "", unread=unread)
    for name, why in unread.items():
        click.echo(f"{name} could not be read: {why}", err=True)
    if not found:
        raise NotFound(f"No table that can be read is in {thing}. Its files: tenfold data ls {version.address}")
    return {name: only(one, columns) for name, one in found.items()}
