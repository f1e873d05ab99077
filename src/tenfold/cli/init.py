"""`tenfold init`: a new project in this folder."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.base.addresses import check_name
from tenfold.base.errors import AlreadyExists
from tenfold.cli.app import EXIT_CODES, workspace

_SETTINGS = '# Settings of this project; see docs/settings.md\nproject = "{name}"\n'
_TRAIN = '''"""A first run and a first pipeline. Run it with: python train.py, or: tenfold run train.py:training"""

import tenfold


@tenfold.step
def numbers(count: int) -> list[int]:
    return list(range(count))


@tenfold.step(retries=2)
def total(values: list[int]) -> int:
    for step, value in enumerate(values):
        tenfold.log({"value": value}, step=step)
    return sum(values)


@tenfold.pipeline
def training(count: int = 100):
    return total(numbers(count))


if __name__ == "__main__":
    with tenfold.run(name="first", params={"count": 100}) as run:
        for step in range(100):
            run.log({"loss": 1 / (step + 1)}, step=step)
'''


@click.command(epilog=f"Example: tenfold init flights\n\n{EXIT_CODES}")
@click.argument("name", required=False)
@click.option("--git", "with_git", is_flag=True, help="Also set up git: data is checked out and merged with the code")
def command(name: str | None, with_git: bool) -> None:
    """Make a project called NAME (default: this folder's name): tenfold.toml, a store and a first script."""
    here = Path.cwd()
    name = check_name(name or here.name, what="project name")
    if (here / "tenfold.toml").exists():
        raise AlreadyExists(f"{here / 'tenfold.toml'} is there already. Edit it, or go to an empty folder")
    (here / "tenfold.toml").write_text(_SETTINGS.format(name=name))
    if not (here / "train.py").exists():
        (here / "train.py").write_text(_TRAIN)
    _ = workspace(create=True).stores
    if with_git:
        from tenfold.cli.data.hooks import install_here

        click.echo(f"git: {', '.join(install_here())}")
    click.echo(f"Project {name} is ready. Next: python train.py, then tenfold up")
