"""`tenfold doctor`: is everything well?"""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress


@click.command(epilog=f"Example: tenfold doctor --verify\n\n{EXIT_CODES}")
@click.option("--verify", is_flag=True, help="Also read every stored byte and check its hash")
@click.option("--repair", is_flag=True, help="Also mend damage from the cache and the tracked paths below this folder")
@json_option
@click.pass_context
def command(ctx: click.Context, verify: bool, repair: bool, as_json: bool) -> None:
    """Check this installation and the store: versions, libraries, journals left, damaged objects."""
    from tenfold.workspace import examine
    from tenfold.workspace.mending import mend

    with progress("reading") as report:
        place = workspace(ctx)
        findings = mend(place, Path.cwd()) if repair else []
        findings += examine(place, verify=verify or repair, progress=report)
    if as_json:
        emit_json(findings)
    else:
        marks = {"ok": ("ok", "green"), "note": ("note", "yellow"), "bad": ("bad", "red")}
        for finding in findings:
            word, colour = marks[finding.level]
            click.secho(f"{word:<6}", fg=colour, nl=False)
            click.echo(f"{finding.what}: {finding.says}")
    if any(finding.level == "bad" for finding in findings):
        ctx.exit(3)
