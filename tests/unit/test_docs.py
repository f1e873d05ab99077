"""Docs that cannot lie: a setting or command without a line in the docs fails here."""

from pathlib import Path

import click
import pytest

from tenfold.base.settings import SETTINGS
from tenfold.cli.app import COMMANDS, cli

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_each_setting_has_its_line_in_the_docs(setting):
    text = (DOCS / "settings.md").read_text()
    assert f"| `{setting.key}` | `{setting.variable}` |" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_section_in_the_docs(name):
    assert f"`tenfold {name}`" in (DOCS / "cli.md").read_text()


def _commands(command: click.Command, path: str):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, f"{path} {name}")


def test_each_command_says_what_it_does_with_an_example_and_its_exit_codes():
    for path, command in _commands(cli, "tenfold"):
        assert command.help, f"{path} has no help"
        assert "Example:" in (command.epilog or ""), f"{path} shows no example"
        assert "Exit codes:" in (command.epilog or ""), f"{path} does not document its exit codes"


def test_each_reading_command_prints_json():
    reading = ("list", "show", "log", "diff", "status", "why", "impact", "doctor")
    for path, command in _commands(cli, "tenfold"):
        if path.split()[-1] in reading:
            assert any("--json" in parameter.opts for parameter in command.params), f"{path} has no --json"


def test_each_decision_is_in_the_index():
    index = (DOCS / "decisions" / "README.md").read_text()
    for page in (DOCS / "decisions").glob("0*.md"):
        assert page.name in index
