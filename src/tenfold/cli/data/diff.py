"""`tenfold data diff`: two git revisions, what is on disk, or two versions of a dataset."""

from __future__ import annotations

from typing import Any

import click

from tenfold.base.addresses import LATEST, parse
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.naming import bare_name, dataset_of, version_in, worktree_here
from tenfold.cli.output import emit_json, json_option


@click.command("diff", epilog=f"Example: tenfold data diff HEAD~1; tenfold data diff flights v1 v2\n\n{EXIT_CODES}")
@click.argument("what", nargs=-1, metavar="[GITREV [GITREV]] | DATASET VERSION [VERSION]")
@click.option("--path", "paths", multiple=True, help="Only this tracked path; may be given more than once")
@json_option
def diff(what: tuple[str, ...], paths: tuple[str, ...], as_json: bool) -> None:
    """Compare tracked paths between two git revisions, or with what is on disk (default: HEAD with disk).

    With a DATASET first, compare two of its versions.
    """
    if len(what) > 3:
        raise Invalid(
            "Give two git revisions, or a dataset and two versions: tenfold data diff flights v1 v2", field="what"
        )
    if len(what) == 3 or (len(what) == 2 and _is_dataset(what[0])):
        _versions(what[0], what[1], what[2] if len(what) == 3 else LATEST, as_json)
        return
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


def _versions(dataset: str, before: str, after: str, as_json: bool) -> None:
    name = bare_name(dataset, "tenfold data diff flights v1 v2")
    sides = [parse(f"data:{name}@{text}") for text in (before, after)]
    found = dataset_of(name).diff(version_in(sides[0]), version_in(sides[1]))
    if as_json:
        emit_json(found)
    elif found.same:
        click.echo("No difference")
    else:
        _echo(found)


def _is_dataset(text: str) -> bool:
    if ":" in text or "@" in text:
        return True
    return any(name == text for _, name, _, _ in workspace().stores.versions.names("data"))


def _echo(found: Any) -> None:
    for mark, entries, colour in (
        ("+", found.added, "green"),
        ("-", found.removed, "red"),
        ("~", found.changed, "yellow"),
    ):
        for entry in entries:
            click.secho(f"{mark} {entry.path}", fg=colour)
    click.echo(f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed")
