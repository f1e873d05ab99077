"""`tenfold secrets`: values that steps are given and that no log shows."""

from __future__ import annotations

import sys

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold secrets set DB_PASSWORD\n\n{EXIT_CODES}")
def command() -> None:
    """Keep secrets for steps, encrypted; steps ask for them with @step(secrets=[…])."""


@command.command("set", epilog=f"Example: pass show db | tenfold secrets set DB_PASSWORD\n\n{EXIT_CODES}")
@click.argument("name")
@click.option(
    "--from", "source", metavar="PLACE", help="Keep only where it is found when a step runs: env:NAME, file:PATH"
)
@json_option
def set_(name: str, source: str | None, as_json: bool) -> None:
    """Keep secret NAME. Its value is read from stdin, or asked for; never from the command line."""
    from tenfold.base.user import user_name
    from tenfold.pipelines.secrets.keeping import check_name, refer, set_secret

    check_name(name)
    place = workspace(create=True)
    if source is None:
        if sys.stdin.isatty():
            value = click.prompt(f"Value of {name}", hide_input=True, confirmation_prompt=True, err=True)
        else:
            value = _without_end(sys.stdin.buffer.read())
        version = set_secret(place.stores, name, value, who=user_name())
    else:
        version = refer(place.stores, name, source, who=user_name())
    if as_json:
        emit_json({"name": name, "kept": version.metadata["kept"], "version": version.number})
        return
    kept = "encrypted" if source is None else f"as a word on where it is: {source}"
    click.echo(f"{name} is kept {kept}. Give it to a step with: @tenfold.step(secrets=[{name!r}])")


def _without_end(data: bytes) -> str:
    """What was piped in, without the newline that echo and files end with."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("The secret is no text in UTF-8. Encode it, for example in base64", field="secret") from None
    return text.removesuffix("\n").removesuffix("\r")


@command.command("list", epilog=f"Example: tenfold secrets list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the secrets, without what they are."""
    from tenfold.pipelines.secrets.keeping import all_secrets

    found = all_secrets(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [(one.name, one.kept, one.version, ago(one.changed_at_ms), one.author) for one in found]
    table(
        rows,
        ("secret", "kept", "version", "changed", "by"),
        empty="There is no secret. Keep one with: tenfold secrets set NAME",
    )


@command.command("remove", epilog=f"Example: tenfold secrets remove DB_PASSWORD\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Forget a secret for good."""
    from tenfold.pipelines.secrets.keeping import remove as forget

    forget(workspace().stores, name)
    if as_json:
        emit_json({"name": name, "removed": True})
        return
    click.echo(f"{name} is forgotten. Steps that ask for it fail until it is set again: tenfold secrets set {name}")
