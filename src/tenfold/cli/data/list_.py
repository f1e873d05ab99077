"""`tenfold data list`: the datasets of a store."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.command("list", epilog=f"Example: tenfold data list\n\n{EXIT_CODES}")
@click.option("--remote", metavar="NAME|URL", help="Those of this remote")
@json_option
def list_(remote: str | None, as_json: bool) -> None:
    """List the datasets of this store, or of a remote."""
    if remote is not None:
        _at_remote(remote, as_json=as_json)
        return
    stores = workspace().stores
    names = stores.versions.names("data")
    if as_json:
        emit_json([{"name": n, "versions": count, "newest_at_ms": at} for _, n, count, at in names])
        return
    rows = [(n, count, ago(at), ", ".join(ref.ref for ref in stores.refs.all("data", n))) for _, n, count, at in names]
    table(
        rows,
        ("name", "versions", "newest", "refs"),
        empty="No datasets yet. Track a path with: tenfold data add PATH; or record one by name: tenfold data commit NAME PATH",
    )


def _at_remote(remote: str, *, as_json: bool) -> None:
    from tenfold.workspace.remotes import find_remote, open_home

    workspace(create=True)
    home = open_home(find_remote(remote).url)
    found = [home.look(name) for name in home.datasets()]
    newest = {one.name: max((v.created_at_ms for v in one.versions.values()), default=0) for one in found}
    if as_json:
        emit_json([{"name": o.name, "versions": len(o.versions), "newest_at_ms": newest[o.name]} for o in found])
        return
    rows = [(one.name, len(one.versions), ago(newest[one.name]), ", ".join(sorted(one.refs))) for one in found]
    table(
        rows,
        ("name", "versions", "newest", "refs"),
        empty=f"{remote} has no datasets yet. Bring it one with: tenfold data push NAME --remote {remote}",
    )
