"""`tenfold data remote`: the remotes of this project."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table

remote_option = click.option(
    "--remote", metavar="NAME|URL", help="Which remote (default: see data remote list) [TENFOLD_REMOTE]"
)


@click.group("remote", epilog=f"Example: tenfold data remote add origin s3://bucket/prefix\n\n{EXIT_CODES}")
def remote() -> None:
    """Other homes of datasets: a folder, a bucket, a Tenfold server. Their names stand in tenfold.toml, secrets never do."""


@remote.command("add", epilog=f"Example: tenfold data remote add origin s3://bucket/prefix\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("url", metavar="FOLDER|URL")
@json_option
def add(name: str, url: str, as_json: bool) -> None:
    """Name a remote: a folder, s3://, gs://, az://, gdrive://, webdav+https://, static+https:// (read only), or the
    http(s):// of a Tenfold server. Keys come from the environment."""
    from tenfold.workspace.remotes import add_remote

    made = add_remote(name, url)
    if as_json:
        emit_json(made)
        return
    click.echo(f"{made.name} is {made.url}")
    click.echo(f"Next: tenfold data push --remote {made.name}", err=True)


@remote.command("list", epilog=f"Example: tenfold data remote list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the remotes that tenfold.toml names."""
    from tenfold.workspace.remotes import list_remotes

    found = list_remotes()
    if as_json:
        emit_json(found)
        return
    rows = [(one.name, one.url, "default" if one.is_default else "") for one in found]
    table(
        rows,
        ("name", "url", ""),
        empty="No remotes yet. Name one with: tenfold data remote add origin s3://bucket/prefix",
    )


@remote.command("remove", epilog=f"Example: tenfold data remote remove origin\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Forget the name of a remote; what lies there stays."""
    from tenfold.workspace.remotes import remove_remote

    gone = remove_remote(name)
    if as_json:
        emit_json(gone)
        return
    click.echo(f"{gone.name} is no remote any more; what lies at {gone.url} stays. See: tenfold data remote list")


@remote.command("default", epilog=f"Example: tenfold data remote default origin\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def default(name: str, as_json: bool) -> None:
    """Make a remote the one that is meant when none is named."""
    from tenfold.workspace.remotes import set_default_remote

    made = set_default_remote(name)
    if as_json:
        emit_json(made)
        return
    click.echo(f"{made.name} is meant when no remote is named. Next: tenfold data push")


@remote.command("forget", epilog=f"Example: tenfold data remote forget flights --branch old\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.option("--branch", "refs", multiple=True, help="Only this branch or tag (may be given again)")
@remote_option
@json_option
def forget(dataset: str, refs: tuple[str, ...], remote: str | None, as_json: bool) -> None:
    """Take branches and tags of a dataset off a remote. Its versions stay until a collection found them dead for the grace."""
    from tenfold.workspace.sharing import forget_refs

    workspace()
    gone = forget_refs(dataset, refs or None, remote=remote)
    if as_json:
        emit_json({"dataset": dataset, "refs": gone})
        return
    click.echo(
        f"{', '.join(gone) or 'Nothing'} of data:{dataset} is named there no more. Pushing it again brings it back"
    )
    click.echo("Next: tenfold data remote gc --dry-run", err=True)


@remote.command("gc", epilog=f"Example: tenfold data remote gc --dry-run\n\n{EXIT_CODES}")
@click.option(
    "--grace-days", default=14.0, show_default=True, type=click.FloatRange(min=0), help="How long the dead stay"
)
@click.option("--dry-run", is_flag=True, help="Say what would go and why the rest stays; change nothing")
@remote_option
@json_option
def gc(grace_days: float, dry_run: bool, remote: str | None, as_json: bool) -> None:
    """Collect garbage at a remote that several repositories share. Safe while others push.

    A version that no branch or tag there reaches and no repository's list names is dead. It is noted as dead the first time
    it is seen so, and goes when it was so for the grace; until then a push, or a repository that names it, revives it.
    """
    from tenfold.cli.data.remote_gc import echo_collected
    from tenfold.workspace.sharing import collect

    workspace()
    found = collect(remote=remote, grace_ms=int(grace_days * 86_400_000), dry_run=dry_run)
    if as_json:
        emit_json(found)
        return
    echo_collected(found, dry_run=dry_run)
