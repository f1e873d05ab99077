"""`tenfold plan`: what running a pipeline would do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table
from tenfold.cli.params import config_option, given_params, param_option

if TYPE_CHECKING:
    from tenfold.pipelines.caching.planning import Planned

ITEMS_SHOWN = 5


@click.command(epilog=f"Example: tenfold plan train.py:training --param count=50\n\n{EXIT_CODES}")
@click.argument("target")
@param_option
@config_option
@click.option("--project", help="Project of the run [TENFOLD_PROJECT]")
@json_option
def command(
    target: str, params: tuple[str, ...], configs: tuple[Path, ...], project: str | None, as_json: bool
) -> None:
    """Say what running TARGET, file.py:pipeline, would do: hits and what they save, misses and why. Runs nothing."""
    from tenfold.pipelines import load_pipeline

    pipeline = load_pipeline(target)
    show_plan(workspace(create=True), pipeline, given_params(pipeline, configs, params), project, as_json=as_json)
    if not as_json:
        given = "".join(f" --config {file}" for file in configs) + "".join(f" --param {pair}" for pair in params)
        click.echo(f"Run it with: tenfold run {target}{given}", err=True)


def show_plan(place: Any, pipeline: Any, given: dict[str, Any], project: str | None, *, as_json: bool) -> None:
    """Print the plan of a pipeline with these params."""
    from tenfold.pipelines import plan
    from tenfold.workspace import pipeline_host

    planned = plan(pipeline, given, host=pipeline_host(place, project=project))
    if as_json:
        emit_json(planned)
        return
    rows = [
        (one.key, "cached" if one.hit else "runs", one.seconds, ", ".join(one.takes), one.why)
        for one in _folded(planned)
    ]
    table(rows, ("step", "plan", "seconds", "takes", "why"), empty="This pipeline has no steps")
    hits = [one for one in planned if one.hit]
    saved = sum(one.seconds or 0 for one in hits)
    rest = [one for one in planned if not one.hit]
    known = [one.seconds for one in rest if one.seconds is not None]
    took = f"; the others took {sum(known):.4g} s when they ran last" if known else ""
    click.echo(f"{len(hits)} of {len(planned)} steps are in the cache, which saves {saved:.4g} s{took}")
    for note in sorted({f"{one.item_of or one.key}: {note}" for one in planned for note in one.notes}):
        click.echo(f"Not followed for the cache: {note}", err=True)


def _folded(planned: list[Planned]) -> list[Planned]:
    """The items of a mapped step alike in what becomes of them as one line, when they are many."""
    import msgspec

    alike = Counter((one.item_of, one.hit, one.why) for one in planned if one.item_of)
    told: set[tuple[str, bool, str]] = set()
    found = []
    for one in planned:
        kind = (one.item_of, one.hit, one.why)
        if not one.item_of or alike[kind] <= ITEMS_SHOWN:
            found.append(one)
        elif kind not in told:
            told.add(kind)
            took = [other.seconds for other in planned if (other.item_of, other.hit, other.why) == kind]
            whole = sum(second or 0 for second in took) if any(second is not None for second in took) else None
            found.append(msgspec.structs.replace(one, key=f"{one.item_of}[…] x {alike[kind]}", seconds=whole))
    return found
