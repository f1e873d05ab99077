"""`tenfold models`: the registry."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.base.clock import iso
from tenfold.base.errors import NotFound
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, size, table


@click.group(epilog=f"Example: tenfold models show delay\n\n{EXIT_CODES}")
def command() -> None:
    """Models: versions, aliases, who moved them and why."""


@command.command("list", epilog=f"Example: tenfold models list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the registered models."""
    stores = workspace().stores
    names = stores.versions.names("model")
    if as_json:
        emit_json([{"name": n, "versions": count, "newest_at_ms": at} for _, n, count, at in names])
        return
    rows = [
        (n, count, ago(at), ", ".join(f"{r.ref}=v{r.number}" for r in stores.refs.all("model", n)))
        for _, n, count, at in names
    ]
    table(
        rows,
        ("name", "versions", "newest", "aliases"),
        empty="No models yet. Save one with: run.save_model(model, name='delay')",
    )


@command.command("show", epilog=f"Example: tenfold models show delay\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a model's versions and the moves of its aliases."""
    from tenfold.api import model

    workspace()
    registered = model(parse(name, default_kind="model").name)
    versions, history = registered.versions(), registered.history()
    if not versions:
        raise NotFound(f"No model is called {name!r}. List them with: tenfold models list", field="name")
    if as_json:
        emit_json({"versions": versions, "history": history})
        return
    aliases: dict[str, list[str]] = {}
    for alias, ref in registered.aliases().items():
        aliases.setdefault(ref.version_id, []).append(alias)
    rows = [
        (f"v{v.number}", ", ".join(aliases.get(v.id, [])), v.type, v.tags.get("blessing", ""), size(v.size_bytes), ago(v.created_at_ms), v.message)
        for v in versions
    ]  # fmt: skip
    table(rows, ("version", "aliases", "type", "verdict", "size", "when", "message"), empty="")
    numbers = {v.id: f"v{v.number}" for v in versions}
    moves = [
        (iso(m.at_ms), m.ref, numbers.get(m.before or "", ""), numbers.get(m.after or "", "removed"), m.who, m.why)
        for m in history
    ]
    if moves:
        click.echo()
        table(moves, ("when", "alias", "from", "to", "by", "why"), empty="")


@command.command(
    "alias", epilog=f'Example: tenfold models alias delay champion 3 --why "better on the holdout"\n\n{EXIT_CODES}'
)
@click.argument("name")
@click.argument("alias")
@click.argument("version")
@click.option("--why", required=True, help="Kept in the alias's history")
@click.option("--force", is_flag=True, help="Move past a verdict that did not pass")
def alias(name: str, alias: str, version: str, why: str, force: bool) -> None:
    """Point ALIAS of model NAME at VERSION; endpoints that serve the alias follow."""
    import getpass

    from tenfold.api import model

    workspace()
    name = parse(name, default_kind="model").name
    wanted = parse(f"model:{name}@{version}")
    found = model(name).set_alias(
        alias,
        wanted.number if wanted.number is not None else wanted.ref,
        who=getpass.getuser(),
        why=why,
        force_reason=why if force else None,
    )
    assert found is not None, "an alias that was moved to a version exists"
    click.echo(f"model:{name}@{alias} is now v{found.number}")
