"""Write docs/cli.md from the commands' own help. `--check` only says whether it is fresh."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES, cli

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
HEAD = f"""# Command line

Made from the commands' own help by `scripts/cli_docs.py`. {EXIT_CODES}
Results go to stdout, talk to stderr; `--json` prints JSON for programs; `--debug` before the command shows the whole
trace of an error. Completion: `tenfold completion bash >> ~/.bashrc`.
"""


def render() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for path, command in commands(cli, "tenfold"):
        if path == "tenfold":
            continue
        level = "##" if path.count(" ") == 1 else "###"
        context = click.Context(command, info_name=path)
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        parts.append(f"{level} `{path}`\n\n{inspect.cleandoc(command.help or '')}\n\n    {usage}\n")
        rows = []
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record is not None and record[1]:
                rows.append(f"| `{record[0]}` | {record[1].replace('|', chr(92) + '|')} |")
        if rows:
            parts.append("| option | what it does |\n| --- | --- |\n" + "\n".join(rows) + "\n")
        example = next(line for line in (command.epilog or "").splitlines() if line.startswith("Example:"))
        parts.append(f"Example: `{example.removeprefix('Example: ')}`\n")
    return "\n".join(parts)


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below one, with its path."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from commands(inner, f"{path} {name}")


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0
            if PAGE.exists() and PAGE.read_text() == render()
            else "docs/cli.md is old. Write it with: python scripts/cli_docs.py"
        )
    PAGE.write_text(render())
