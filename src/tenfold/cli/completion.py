"""`tenfold completion`: the shell's completion script."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES


@click.command(epilog=f"Example: tenfold completion bash >> ~/.bashrc\n\n{EXIT_CODES}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL; add it to the shell's start file."""
    from click.shell_completion import get_completion_class

    from tenfold.cli.app import cli

    made = get_completion_class(shell)
    assert made is not None, "click knows the three shells of the choice"
    click.echo(made(cli, {}, "tenfold", "_TENFOLD_COMPLETE").source())
