"""`tenfold data`: datasets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tenfold.base.addresses import LATEST, Address, parse
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, progress, size, table


@click.group(epilog=f'Example: tenfold data commit flights raw/ -m "first import"\n\n{EXIT_CODES}')
def command() -> None:
    """Datasets: trees of files with history, branches and tags."""


def _dataset(name: str, *, create: bool = False) -> Any:
    from tenfold.api import dataset

    workspace(create=create)
    return dataset(name)


def _open(text: str) -> tuple[Any, Address]:
    """The dataset an address names, and the address; a bare name is read as data:NAME."""
    address = parse(text, default_kind="data")
    if address.kind != "data":
        raise Invalid(f"{text!r} is not a dataset. Write it like data:flights@main", field="address")
    return _dataset(address.name), address


def _named(text: str, instead: str) -> str:
    """The dataset's name, where the version is given apart; `instead` says how."""
    address = parse(text, default_kind="data")
    if address.kind != "data" or str(address) != f"data:{address.name}":
        raise Invalid(f"{text!r} is not the bare name of a dataset. Write it like: {instead}", field="dataset")
    return address.name


def _at(address: Address) -> str | int | None:
    return address.number if address.number is not None else address.ref


@command.command("list", epilog=f"Example: tenfold data list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the datasets of this store."""
    stores = workspace().stores
    names = stores.versions.names("data")
    if as_json:
        emit_json([{"name": n, "versions": count, "newest_at_ms": at} for _, n, count, at in names])
        return
    rows = [(n, count, ago(at), ", ".join(ref.ref for ref in stores.refs.all("data", n))) for _, n, count, at in names]
    table(
        rows,
        ("name", "versions", "newest", "refs"),
        empty="No datasets yet. Add one with: tenfold data commit NAME FOLDER",
    )


@command.command("commit", epilog=f'Example: tenfold data commit flights raw/ -m "first import"\n\n{EXIT_CODES}')
@click.argument("name")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-m", "--message", default="", help="What changed, for the history")
@click.option("--branch", default="main", show_default=True)
@click.option("--add", is_flag=True, help="Keep the files of the version before and add these")
@json_option
def commit(name: str, paths: tuple[Path, ...], message: str, branch: str, add: bool, as_json: bool) -> None:
    """Record files or a folder as the next version of dataset NAME.

    One folder is the dataset's top; several paths keep their last names.
    """
    data = _dataset(_named(name, "tenfold data commit flights raw/ --branch main"), create=True)
    source: Path | dict[str, Path] = paths[0] if len(paths) == 1 else {path.resolve().name: path for path in paths}
    if isinstance(source, dict) and len(source) < len(paths):
        raise Invalid(
            "Two of the paths have the same last name. Put them into one folder, or add one at a time", field="paths"
        )
    with progress("storing") as report:
        version = data.commit(source, message=message, branch=branch, add=add, progress=report)
    if as_json:
        emit_json(version)
        return
    click.echo(f"{version.address}: {version.files:,} files, {size(version.size_bytes)}")


@command.command("log", epilog=f"Example: tenfold data log flights\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def log(dataset: str, limit: int, as_json: bool) -> None:
    """Show the history of a dataset or one of its branches, the newest first."""
    data, address = _open(dataset)
    versions = data.log(_at(address))[:limit]
    if as_json:
        emit_json(versions)
        return
    refs: dict[str, list[str]] = {}
    for ref in workspace().stores.refs.all("data", address.name):
        refs.setdefault(ref.version_id, []).append(ref.ref)
    rows = [
        (
            f"v{v.number}",
            ", ".join(refs.get(v.id, [])),
            v.files,
            size(v.size_bytes),
            v.author,
            ago(v.created_at_ms),
            v.message,
        )
        for v in versions
    ]
    table(rows, ("version", "refs", "files", "size", "by", "when", "message"), empty=f"{address.name} has no versions")


@command.command("ls", epilog=f"Example: tenfold data ls flights@v3\n\n{EXIT_CODES}")
@click.argument("dataset")
@json_option
def ls(dataset: str, as_json: bool) -> None:
    """List the files of a version."""
    data, address = _open(dataset)
    entries = data.files(_at(address))
    if as_json:
        emit_json(entries)
        return
    table([(e.path, size(e.size_bytes), e.digest[:12]) for e in entries], ("path", "size", "content"), empty="No files")


@command.command("cat", epilog=f"Example: tenfold data cat flights@main/airlines.csv\n\n{EXIT_CODES}")
@click.argument("address")
def cat(address: str) -> None:
    """Write one file of a version to stdout: NAME@VERSION/PATH."""
    data, wanted = _open(address)
    if not wanted.path:
        raise Invalid(f"{address!r} names no file. Write it like flights@main/airlines.csv", field="address")
    with data.open(wanted.path, _at(wanted)) as reader:
        while block := reader.read(1 << 20):
            sys.stdout.buffer.write(block)


@command.command("diff", epilog=f"Example: tenfold data diff flights v1 v2\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("before")
@click.argument("after", default=LATEST)
@json_option
def diff(dataset: str, before: str, after: str, as_json: bool) -> None:
    """Compare two versions of a dataset."""
    name = _named(dataset, "tenfold data diff flights v1 v2")
    sides = [parse(f"data:{name}@{text}") for text in (before, after)]
    found = _dataset(name).diff(_at(sides[0]), _at(sides[1]))
    if as_json:
        emit_json(found)
        return
    for mark, entries, colour in (
        ("+", found.added, "green"),
        ("-", found.removed, "red"),
        ("~", found.changed, "yellow"),
    ):
        for entry in entries:
            click.secho(f"{mark} {entry.path}", fg=colour)
    counts = f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed"
    click.echo(counts if found.added or found.removed or found.changed else "No difference")


@command.command("checkout", epilog=f"Example: tenfold data checkout flights@main ./flights\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--path", "paths", multiple=True, help="Only this file or folder; may be given more than once")
def checkout(dataset: str, folder: Path, paths: tuple[str, ...]) -> None:
    """Write the files of a version into FOLDER; files that are right already are left alone."""
    data, address = _open(dataset)
    with progress("writing") as report:
        written = data.checkout(folder, _at(address), paths=list(paths) or None, progress=report)
    click.echo(f"{written:,} files written to {folder}")


@command.command("branch", epilog=f"Example: tenfold data branch flights cleaning --at v3\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("branch")
@click.option("--at", default="main", show_default=True, help="Where it begins")
def branch(dataset: str, branch: str, at: str) -> None:
    """Make a branch."""
    name = _named(dataset, "tenfold data branch flights cleaning --at v3")
    _dataset(name).branch(branch, _at(parse(f"data:{name}@{at}")))
    click.echo(f"data:{name}@{branch} begins at {at}")


@command.command("tag", epilog=f"Example: tenfold data tag flights paper --at v3\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("tag")
@click.option("--at", default="main", show_default=True, help="The version it names")
def tag(dataset: str, tag: str, at: str) -> None:
    """Give a version a name that stays."""
    name = _named(dataset, "tenfold data tag flights paper --at v3")
    _dataset(name).tag(tag, _at(parse(f"data:{name}@{at}")))
    click.echo(f"data:{name}@{tag} names {at}")
