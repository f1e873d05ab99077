"""`tenfold data commit`: the next version of tracked paths, or of a dataset by name."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.base.errors import Invalid, NotFound
from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import bare_name, dataset_of, echo_committed, worktree_here
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("commit", epilog=f'Example: tenfold data commit raw/ -m "without doubles"\n\n{EXIT_CODES}')
@click.argument("paths", nargs=-1, metavar="[PATH...] | NAME PATH...")
@click.option("-m", "--message", default="", help="What changed, for the history")
@click.option("--branch", help="The branch to commit to (default: the pointer's; for a name: main)")
@click.option("--add", is_flag=True, help="With a name: keep the files of the version before and add these")
@json_option
def commit(paths: tuple[str, ...], message: str, branch: str | None, add: bool, as_json: bool) -> None:
    """Record a new version of each tracked PATH that changed (all below this folder when none is given).

    With the NAME of a dataset first: record files or a folder as its next version without tracking them. One folder is
    the dataset's top; several paths keep their last names.
    """
    from tenfold.data.pointers import read_pointer

    if len(paths) > 1 and read_pointer(Path(paths[0]).absolute()) is None:
        _by_name(paths[0], paths[1:], message, branch or "main", add, as_json)
        return
    if add:
        raise Invalid("--add goes with the name of a dataset: tenfold data commit NAME PATH --add", field="add")
    work = worktree_here()
    with progress("storing") as report:
        done = work.commit(paths, message=message, branch=branch, progress=report)
    if as_json:
        emit_json(done)
        return
    if not done:
        raise NotFound("Nothing is tracked here. Track a path with: tenfold data add PATH")
    echo_committed(done)
    if new := [f"{one.path}.tenfold" for one in done if one.is_new]:
        click.echo(f"Next: git add {' '.join(new)}", err=True)


def _by_name(name: str, paths: tuple[str, ...], message: str, branch: str, add: bool, as_json: bool) -> None:
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise Invalid(f"The path {missing[0]!r} does not exist. Check it", field="paths")
    data = dataset_of(bare_name(name, "tenfold data commit flights raw/ --branch main"), create=True)
    source: Path | dict[str, Path] = Path(paths[0])
    if len(paths) > 1:
        source = {Path(path).resolve().name: Path(path) for path in paths}
        if len(source) < len(paths):
            raise Invalid(
                "Two of the paths have the same last name. Put them into one folder, or add one at a time",
                field="paths",
            )
    with progress("storing") as report:
        version = data.commit(source, message=message, branch=branch, add=add, progress=report)
    if as_json:
        emit_json(version)
        return
    click.echo(f"{version.address}: {version.files:,} files, {size(version.size_bytes)}")
