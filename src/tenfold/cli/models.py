"""`tenfold models`: the registry. Approvals stand in models_approval.py, the bin in models_bin.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tenfold.base.addresses import parse
from tenfold.base.clock import iso
from tenfold.base.errors import NotFound
from tenfold.base.user import user_name
from tenfold.cli import models_approval, models_bin
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, size, table

if TYPE_CHECKING:
    from tenfold.workspace.production import Production


@click.group(epilog=f"Example: tenfold models show delay\n\n{EXIT_CODES}")
def command() -> None:
    """Models: versions, aliases, approvals, who moved what and why."""


for verb in (*models_approval.COMMANDS, *models_bin.COMMANDS):
    command.add_command(verb)


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
@click.option("--bin", "binned", is_flag=True, help="Show the versions in the bin")
@json_option
def show(name: str, binned: bool, as_json: bool) -> None:
    """Show a model's versions, the moves of its aliases and the requests nobody answered."""
    from tenfold.api import model

    workspace()
    registered = model(parse(name, default_kind="model").name)
    versions, history = registered.versions(deleted=binned), registered.history()
    if not versions and not (binned and registered.versions()):
        raise NotFound(f"No model is called {name!r}. List them with: tenfold models list", field="name")
    waiting = registered.requests(state="open")
    if as_json:
        emit_json(
            {
                "versions": versions, "history": history, "description": registered.description,
                "tags": registered.tags, "needs_approval": registered.needs_approval(), "requests": waiting,
            }
        )  # fmt: skip
        return
    if registered.description:
        click.echo(f"{registered.description}\n")
    _print_versions(registered, versions)
    numbers = {v.id: f"v{v.number}" for v in [*versions, *registered.versions(deleted=not binned)]}
    moves = [
        (iso(m.at_ms), m.ref, numbers.get(m.before or "", ""), numbers.get(m.after or "", "removed"), m.who, m.why)
        for m in history
    ]
    if moves and not binned:
        click.echo()
        table(moves, ("when", "alias", "from", "to", "by", "why"), empty="")
    if waiting and not binned:
        click.echo()
        models_approval.print_requests(waiting)


def _print_versions(registered: Any, versions: list[Any]) -> None:
    aliases: dict[str, list[str]] = {}
    for alias, ref in registered.aliases().items():
        aliases.setdefault(ref.version_id, []).append(alias)
    rows = [
        (f"v{v.number}", ", ".join(aliases.get(v.id, [])), v.type, v.tags.get("blessing", ""), size(v.size_bytes), ago(v.created_at_ms), v.message)
        for v in versions
    ]  # fmt: skip
    table(rows, ("version", "aliases", "type", "verdict", "size", "when", "message"), empty="The bin is empty.")


@command.command(
    "alias", epilog=f'Example: tenfold models alias delay champion 3 --why "better on the holdout"\n\n{EXIT_CODES}'
)
@click.argument("name")
@click.argument("alias")
@click.argument("version", required=False)
@click.option("--why", required=True, help="Kept in the alias's history")
@click.option("--force", is_flag=True, help="Move past a verdict that did not pass, or a missing approval")
@click.option("--remove", is_flag=True, help="Remove the alias")
@click.option("--who", default=None, help="Who moves it; this system's user when not given")
@json_option
def alias(
    name: str, alias: str, version: str | None, why: str, force: bool, remove: bool, who: str | None, as_json: bool
) -> None:
    """Point ALIAS of model NAME at VERSION; endpoints that serve the alias follow."""
    from tenfold.api import model

    if (version is None) != remove:
        raise click.UsageError("Name the version it shall point at, or --remove")
    workspace()
    name = parse(name, default_kind="model").name
    wanted = parse(f"model:{name}@{version}") if version is not None else None
    if remove and alias not in model(name).aliases():
        raise NotFound(f"model:{name} has no alias {alias!r}. See what it has with: tenfold models show {name}")
    found = model(name).set_alias(
        alias,
        None if wanted is None else wanted.number if wanted.number is not None else wanted.ref,
        who=user_name() if who is None else who,
        why=why,
        force_reason=why if force else None,
    )
    if as_json:
        emit_json(found)
    elif found is None:
        click.echo(f"model:{name}@{alias} is removed. Its history stays: tenfold models show {name}")
    else:
        click.echo(
            f"model:{name}@{alias} is now v{found.number}. Load it with: tenfold.load_model('model:{name}@{alias}')"
        )


@command.command(
    "describe", epilog=f'Example: tenfold models describe delay "Minutes late" --tag team=ops\n\n{EXIT_CODES}'
)
@click.argument("name")
@click.argument("text", required=False)
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Set a tag; KEY= alone removes it")
@json_option
def describe(name: str, text: str | None, tags: tuple[str, ...], as_json: bool) -> None:
    """Say what a model is, or one version of it (NAME@3): its description and tags."""
    from tenfold.api import model

    if text is None and not tags:
        raise click.UsageError("Give a text or --tag KEY=VALUE")
    if any("=" not in tag or tag.startswith("=") for tag in tags):
        raise click.UsageError("A tag is written KEY=VALUE")
    workspace()
    address = parse(name, default_kind="model")
    pairs = {key: value or None for key, _, value in (tag.partition("=") for tag in tags)}
    version = address.number if address.number is not None else address.ref
    kept = model(address.name).describe(text, version=version, tags=pairs)
    if as_json:
        emit_json({"description": kept.description, "tags": kept.tags})
        return
    click.echo(
        f"{kept.address if version else f'model:{kept.name}'} is described. See it with: tenfold models show {kept.name}"
    )


@command.command("compare", epilog=f"Example: tenfold models compare delay 2 3 champion\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("versions", nargs=-1, required=True)
@click.option("--all", "all_keys", is_flag=True, help="Show what is the same in all of them too")
@json_option
def compare(name: str, versions: tuple[str, ...], all_keys: bool, as_json: bool) -> None:
    """Put two or more VERSIONS of a model side by side: metrics, params, signature, requirements, size, data."""
    from tenfold.api import model

    if len(versions) < 2:
        raise click.UsageError("Name two versions or more, like: tenfold models compare delay 2 3")
    workspace()
    name = parse(name, default_kind="model").name
    told = model(name).compare(*versions, all_keys=all_keys)
    if as_json:
        emit_json({"versions": list(versions), **told})
        return
    rows = [(section, key, *map(_shown, values)) for section, found in told.items() for key, values in found.items()]
    table(rows, ("", "", *versions), empty="They are the same in all that is known of them.")


def _shown(value: Any) -> object:
    return value if value is None or isinstance(value, str | int | float) else str(value)


@command.command("at", epilog=f"Example: tenfold models at 2026-03-03 --alias champion\n\n{EXIT_CODES}")
@click.argument("when")
@click.argument("name", required=False)
@click.option("--alias", help="Only this alias or stage, and the deployments that follow it")
@json_option
def at(when: str, name: str | None, alias: str | None, as_json: bool) -> None:
    """Say what was in production WHEN: a day (all of it, UTC) or a moment like 2026-03-03T14:00."""
    from tenfold.workspace import Client

    model = parse(name, default_kind="model").name if name else None
    found = Client(workspace()).models.at(when, alias=alias, model=model)
    if as_json:
        emit_json(found)
        return
    _print_production(found, when)


def _print_production(found: Production, when: str) -> None:
    rows = [
        (f"model:{one.model}@{one.alias}", f"v{one.version}" if one.version else "?", iso(one.from_ms),
         iso(one.until_ms) if one.until_ms else "still", one.who, one.why, one.fate)
        for one in found.aliases
    ]  # fmt: skip
    table(
        rows,
        ("alias", "version", "from", "until", "by", "why", ""),
        empty=f"No alias named anything at {when}. See what there is now with: tenfold models list",
    )
    served = [
        (one.deployment, one.address, f"v{one.version}" if one.version else "?", one.weight,
         "shadow" if one.is_shadow else "", iso(one.from_ms), iso(one.until_ms) if one.until_ms else "still")
        for one in found.deployments
    ]  # fmt: skip
    if served:
        click.echo()
        table(served, ("deployment", "serves", "version", "share", "", "from", "until"), empty="")
