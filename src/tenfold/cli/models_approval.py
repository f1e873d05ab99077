"""`tenfold models request, requests, approve, reject, require`: who wants an alias moved, and who says yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tenfold.base.addresses import parse
from tenfold.base.user import user_name
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.models import Approval

who_option = click.option("--who", default=None, help="Who says so; this system's user when not given")


@click.command(
    "request", epilog=f'Example: tenfold models request delay champion 3 -m "better on the holdout"\n\n{EXIT_CODES}'
)
@click.argument("name")
@click.argument("alias")
@click.argument("version")
@click.option("-m", "--comment", default="", help="Shown to whoever answers")
@who_option
@json_option
def request(name: str, alias: str, version: str, comment: str, who: str | None, as_json: bool) -> None:
    """Ask that ALIAS of model NAME may take VERSION."""
    from tenfold.api import model

    workspace()
    name = parse(name, default_kind="model").name
    asked = model(name).request(alias, version, who=_who(who), comment=comment)
    if as_json:
        emit_json(asked)
        return
    click.echo(
        f"Request {asked.number}: {alias} shall be v{asked.version}. Approve it with: tenfold models approve {name} {asked.number}"
    )


@click.command("requests", epilog=f"Example: tenfold models requests delay --open\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--open", "only_open", is_flag=True, help="Only those nobody answered")
@json_option
def requests(name: str, only_open: bool, as_json: bool) -> None:
    """List the requests for approval of a model with their answers."""
    from tenfold.api import model

    workspace()
    name = parse(name, default_kind="model").name
    found = model(name).requests(state="open" if only_open else None)
    if as_json:
        emit_json(found)
        return
    print_requests(found)


def print_requests(found: list[Approval]) -> None:
    """The text twin of a list of requests."""
    rows = [
        (one.number, one.alias, f"v{one.version}", one.by, ago(one.at_ms), one.comment, one.state, one.answered_by, one.answer)
        for one in found
    ]  # fmt: skip
    headers = ("request", "alias", "version", "by", "when", "comment", "state", "answered by", "answer")
    table(rows, headers, empty="No requests. Ask with: tenfold models request NAME ALIAS VERSION")


@click.command("approve", epilog=f'Example: tenfold models approve delay 1 -m "looks right"\n\n{EXIT_CODES}')
@click.argument("name")
@click.argument("number", type=click.IntRange(min=1))
@click.option("-m", "--comment", default="", help="Kept with the answer and in the alias's history")
@click.option("--stay", is_flag=True, help="Say yes and leave the alias where it is")
@who_option
@json_option
def approve(name: str, number: int, comment: str, stay: bool, who: str | None, as_json: bool) -> None:
    """Say yes to request NUMBER of model NAME, and move its alias."""
    from tenfold.api import model

    workspace()
    name = parse(name, default_kind="model").name
    said = model(name).approve(number, who=_who(who), comment=comment, move=not stay)
    if as_json:
        emit_json(said)
        return
    done = "stays where it is" if stay else f"is now v{said.version}"
    click.echo(f"Approved; model:{name}@{said.alias} {done}. See its history with: tenfold models show {name}")


@click.command("reject", epilog=f'Example: tenfold models reject delay 1 -m "leaks the label"\n\n{EXIT_CODES}')
@click.argument("name")
@click.argument("number", type=click.IntRange(min=1))
@click.option("-m", "--comment", required=True, help="Why not")
@who_option
@json_option
def reject(name: str, number: int, comment: str, who: str | None, as_json: bool) -> None:
    """Say no to request NUMBER of model NAME."""
    from tenfold.api import model

    workspace()
    name = parse(name, default_kind="model").name
    said = model(name).reject(number, who=_who(who), comment=comment)
    if as_json:
        emit_json(said)
        return
    click.echo(f"Rejected. See what else is asked with: tenfold models requests {name}")


@click.command("require", epilog=f"Example: tenfold models require delay champion Production\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("aliases", nargs=-1)
@click.option("--none", "lift", is_flag=True, help="Lift the rule")
@json_option
def require(name: str, aliases: tuple[str, ...], lift: bool, as_json: bool) -> None:
    """Say which ALIASES of model NAME only take approved versions, in place of those that did."""
    from tenfold.api import model

    if bool(aliases) == lift:
        raise click.UsageError("Name the aliases that need approval, or --none")
    workspace()
    name = parse(name, default_kind="model").name
    now = model(name).require_approval(aliases)
    if as_json:
        emit_json({"needs_approval": now})
        return
    if now:
        click.echo(
            f"{', '.join(now)} of model:{name} need approval now. Ask with: tenfold models request {name} {now[0]} VERSION"
        )
    else:
        click.echo(f"No alias of model:{name} needs approval. Move one with: tenfold models alias {name} ALIAS VERSION")


def _who(given: str | None) -> str:
    return user_name() if given is None else given


COMMANDS = (request, requests, approve, reject, require)
