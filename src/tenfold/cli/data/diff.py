"""`tenfold data diff`: two git revisions, what is on disk, two versions of a dataset, or two table files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from tenfold.base.addresses import LATEST, parse
from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.diff_rows import echo_table
from tenfold.cli.data.naming import bare_name, dataset_of, version_in, worktree_here
from tenfold.cli.output import emit_json, json_option, size

ROWS = 10


@click.command(
    "diff",
    epilog="Example: tenfold data diff HEAD~1; tenfold data diff flights v1 v2; "
    f"tenfold data diff flights v1 v2 --path a.csv --key id\n\n{EXIT_CODES}",
)
@click.argument("what", nargs=-1, metavar="[GITREV [GITREV]] | DATASET VERSION [VERSION] | TABLE TABLE")
@click.option("--path", "paths", multiple=True, help="Only this path; may be given more than once")
@click.option("--key", "keys", multiple=True, metavar="COLUMN", help="Compare rows by it; may be given more than once")
@click.option("--rows", type=click.IntRange(0, 1000), help=f"Rows of each kind that are shown of a table [{ROWS}]")
@json_option
def diff(what: tuple[str, ...], paths: tuple[str, ...], keys: tuple[str, ...], rows: int | None, as_json: bool) -> None:
    """Compare tracked paths between two git revisions, or with what is on disk (default: HEAD with disk).

    With a DATASET first, compare two of its versions; with two table files on disk, these. With --key or --rows the
    rows of changed tables are compared too, with --path also the lines of that text file.
    """
    if len(what) > 3:
        raise Invalid(
            "Give two git revisions, or a dataset and two versions: tenfold data diff flights v1 v2", field="what"
        )
    if len(what) == 2 and all(_is_table_file(text) for text in what):
        _files(what[0], what[1], keys, ROWS if rows is None else rows, as_json)
    elif len(what) == 3 or (len(what) == 2 and _is_dataset(what[0])):
        name, before, after = _sides(what)
        _versions(name, before, after, paths, keys, rows, as_json)
    elif keys or rows is not None:
        raise Invalid(
            "Rows are compared between two versions of a dataset, or two table files: "
            "tenfold data diff flights v1 v2 --key id",
            field="key",
        )
    else:
        _working(what, paths, as_json)


def _working(what: tuple[str, ...], paths: tuple[str, ...], as_json: bool) -> None:
    found = worktree_here().diff(*what, paths=paths)
    if as_json:
        emit_json(found)
        return
    for one in found:
        sides = ["nothing" if n is None else "disk" if n == 0 else f"v{n}" for n in (one.before, one.after)]
        click.secho(f"{one.path}  (data:{one.dataset} {sides[0]} to {sides[1]})", bold=True)
        _echo(one.diff)
    if not found:
        click.echo("No difference")


def _versions(
    name: str, before: Any, after: Any, paths: tuple[str, ...], keys: tuple[str, ...], rows: int | None, as_json: bool
) -> None:
    from tenfold.data.tables import is_table

    dataset = dataset_of(name)
    found = dataset.diff(before, after)
    tables, texts = [], {}
    if keys or rows is not None or paths:
        changed = {change.path for change in found.changed}
        wanted = paths or [change.path for change in found.tables if change.path in changed]
        wanted = wanted or sorted(path for path in changed if is_table(path))  # those that lie in a bucket
        for path in wanted:
            try:
                tables.append(dataset.diff_table(path, before, after, key=keys, rows=ROWS if rows is None else rows))
            except BlobNotFound:
                texts[path] = dataset.diff_text(path, before, after)
    if as_json:
        emit_json({**msgspec.to_builtins(found), **({"rows": tables, "texts": texts} if tables or texts else {})})
        return
    if not paths:
        _echo(found)
    for table in tables:
        echo_table(table)
    for path, text in texts.items():
        _echo_text(dataset, path, text, before, after)
    if found.tables and not (keys or rows is not None or paths):
        click.echo(f"Compare rows with: tenfold data diff {name} … --key COLUMN", err=True)


def _files(before: str, after: str, keys: tuple[str, ...], rows: int, as_json: bool) -> None:
    from tenfold.data.tables_diff import table_diff

    found = table_diff(after, [(before, Path(before))], [(after, Path(after))], key=keys, rows=rows)
    if as_json:
        emit_json(found)
    else:
        echo_table(found)


def _sides(what: tuple[str, ...]) -> tuple[str, Any, Any]:
    """(dataset, version, version) of `flights v1 v2`, `flights v1`, or `flights@v1 flights@v2`."""
    if "@" in what[0] and len(what) == 2:
        one, two = parse(what[0], default_kind="data"), parse(what[1], default_kind="data")
        if (one.kind, two.kind) != ("data", "data") or one.name != two.name:
            raise Invalid(
                f"{what[0]} and {what[1]} are not versions of one dataset. Write it like: tenfold data diff flights v1 v2",
                field="what",
            )
        return one.name, version_in(one), version_in(two)
    name = bare_name(what[0], "tenfold data diff flights v1 v2")
    sides = [version_in(parse(f"data:{name}@{text}")) for text in (what[1], what[2] if len(what) == 3 else LATEST)]
    return name, sides[0], sides[1]


def _is_table_file(text: str) -> bool:
    from tenfold.data.tables import is_table

    return is_table(text) and Path(text).is_file()


def _is_dataset(text: str) -> bool:
    if ":" in text or "@" in text:
        return True
    return any(name == text for _, name, _, _ in workspace().stores.versions.names("data"))


def _echo(found: Any) -> None:
    if found.same:
        click.echo("No difference")
        return
    for mark, entries, colour in (
        ("+", found.added, "green"),
        ("-", found.removed, "red"),
        ("~", found.changed, "yellow"),
    ):
        for entry in entries:
            click.secho(f"{mark} {entry.path}", fg=colour)
    click.echo(f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed")


def _echo_text(dataset: Any, path: str, text: str | None, before: Any, after: Any) -> None:
    if text is None:
        for name, at in (("before", before), ("after", after)):
            entry = next((entry for entry in dataset.files(at) if entry.path == path), None)
            click.echo(
                f"{path} {name}: " + (f"{size(entry.size_bytes)}, {entry.digest[:16]}" if entry else "not there")
            )
        return
    for line in text.splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=colour, bold=line.startswith(("---", "+++")))
    if not text:
        click.echo(f"{path}: no difference")
