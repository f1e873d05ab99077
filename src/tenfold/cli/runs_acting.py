"""The verbs of `tenfold runs` that change runs: one action each, on runs that are named or found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, size

_VERBS: dict[str, tuple[str, str, str]] = {
    "star": ("Star runs: `starred = true` finds them.", "starred", "List them with: tenfold runs list --where 'starred = true'"),
    "archive": ("Put runs away: lists leave them out.", "archived", "List them with: tenfold runs list --archived"),
    "delete": ("Put runs into the bin; `restore` takes them out again.", "in the bin", "Take them out with: tenfold runs restore {first}"),
    "restore": ("Take runs out of the bin.", "restored", "Look at one with: tenfold runs show {first}"),
    "tag": ("Set tags of runs, or take them away.", "tagged", "Look at one with: tenfold runs show {first}"),
    "stop": ("Ask running runs to stop: each gets what Ctrl-C gives, within some seconds.", "asked to stop", "See that it did with: tenfold runs show {first}"),
    "purge": ("Remove runs of the bin for good, and say what that frees.", "removed for good", "Free more with: tenfold gc"),
}  # fmt: skip
_UNDONE = {"star": ("unstar", "no longer starred"), "archive": ("unarchive", "taken back")}


def add_to(group: click.Group) -> None:
    """Add the verbs to `tenfold runs`."""
    for verb in _VERBS:
        group.add_command(_command(verb))
    group.add_command(note)


def run_id(text: str) -> str:
    """The id of a run named by id or address. Raises InvalidAddress."""
    return parse(text if text.startswith("run:") else f"run:{text}").name


def _command(verb: str) -> click.Command:
    says, _, _ = _VERBS[verb]
    extra: list[click.Parameter] = []
    example = f"tenfold runs {verb} 01JD0000000000000000000000"
    if verb in _UNDONE:
        extra.append(click.Option(["--undo"], is_flag=True, help="Take it away again"))
    if verb == "tag":
        extra.append(click.Option(["--set", "sets"], multiple=True, metavar="NAME=VALUE", help="May be repeated"))
        extra.append(click.Option(["--remove", "removes"], multiple=True, metavar="NAME", help="May be repeated"))
        example = "tenfold runs tag --set team=delays --where \"name like 'resnet%'\" --dry-run"
    body: Callable[..., Any] = json_option(lambda **given: _carry_out(verb, **given))
    params: list[click.Parameter] = [
        click.Argument(["runs"], nargs=-1, metavar="[RUN]..."),
        click.Option(
            ["--where"], default=None, help="All that this search finds, instead of naming runs; '' finds all"
        ),
        click.Option(["--project"], multiple=True, help="With --where: only runs of this project"),
        click.Option(["--kind"], multiple=True, help="With --where: only runs of this kind"),
        *extra,
        click.Option(["--dry-run"], is_flag=True, help="Say what would happen, change nothing"),
        *getattr(body, "__click_params__", []),
    ]
    return click.Command(verb, callback=body, params=params, help=says, epilog=f"Example: {example}\n\n{EXIT_CODES}")


def _carry_out(
    verb: str,
    *,
    runs: tuple[str, ...],
    where: str | None,
    project: tuple[str, ...],
    kind: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    undo: bool = False,
    sets: tuple[str, ...] = (),
    removes: tuple[str, ...] = (),
) -> None:
    from tenfold.workspace import Client

    if not runs and where is None:
        raise Invalid(
            f"Say which runs: their ids, or a search, as in: tenfold runs {verb} --where \"state = 'failed'\""
        )
    action: Any = _UNDONE[verb][0] if undo else verb
    done = Client(workspace()).act(
        action,
        list(runs) or None,
        where=where,
        projects=project,
        kinds=kind,
        tags=_tags(sets, removes),
        preview=dry_run,
    )
    if as_json:
        emit_json(done)
        return
    _, became, following = _VERBS[verb]
    became = _UNDONE[verb][1] if undo else became
    freed = "" if done.freed_bytes is None else f", {size(done.freed_bytes)} {'would be ' if dry_run else ''}freed"
    freed += f", {size(done.waiting_bytes)} stored in the last hour to be freed later" if done.waiting_bytes else ""
    same = f" ({done.matched - done.changed:,} were so already)" if done.matched != done.changed else ""
    click.echo(f"{done.changed:,} {'would be ' if dry_run else ''}{became}{same}{freed}")
    if dry_run:
        more = f" and {done.changed - len(done.names):,} more" if done.changed > len(done.names) else ""
        click.echo(f"{', '.join(done.names)}{more}. Do it by leaving out --dry-run" if done.names else "", err=True)
    elif done.changed:
        following = "List runs with: tenfold runs list" if undo else following
        click.echo(following.format(first=runs[0] if runs else "RUN"), err=True)


def _tags(sets: tuple[str, ...], removes: tuple[str, ...]) -> dict[str, str | None]:
    tags: dict[str, str | None] = dict.fromkeys(removes)
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Invalid(f"{text!r} is not a tag. Write it like --set team=delays")
        tags[name.strip()] = value.strip()
    return tags


@click.command(epilog=f'Example: tenfold runs note 01JD0000000000000000000000 "Best so far"\n\n{EXIT_CODES}')
@click.argument("run")
@click.argument("text", required=False)
@click.option("--file", "source", type=click.File(encoding="utf-8"), help="Read the note from a file, - for stdin")
@json_option
def note(run: str, text: str | None, source: Any, as_json: bool) -> None:
    """Set a run's note, in Markdown; without a text, print it."""
    from tenfold.records import RunChange

    stores, found = workspace().stores, run_id(run)
    if source is not None:
        text = source.read()
    kept = stores.runs.get([found])[0] if text is None else stores.runs.update(found, RunChange(notes=text))
    if as_json:
        emit_json({"id": kept.id, "notes": kept.notes})
    elif text is None:
        click.echo(kept.notes)
    else:
        click.echo(f"Noted. See it with: tenfold runs note {found}")
