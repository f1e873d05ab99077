"""Docs that cannot lie: a setting or command without a line in the docs fails here."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

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


def test_the_page_of_commands_is_fresh():
    root = DOCS.parent
    done = subprocess.run([sys.executable, "scripts/cli_docs.py", "--check"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_index_names_each_page_and_no_other():
    named = {*re.findall(r"\]\(([\w./-]+\.md)", (DOCS / "index.md").read_text()), "index.md"}
    assert {name for name in named if "/" not in name} == {page.name for page in DOCS.glob("*.md")}


def test_each_page_has_its_place_in_the_site():
    def pages(part):
        if isinstance(part, str):
            return [part]
        return [page for inner in (part.values() if isinstance(part, dict) else part) for page in pages(inner)]

    placed = pages(yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text())["nav"])
    assert sorted(placed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_each_suite_that_needs_another_tool_is_described():
    targets = re.findall(r"^([a-z-]+):.*\.ready +## ", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    text = (DOCS.parent / "CONTRIBUTING.md").read_text()
    assert "metaflow" in targets
    assert [name for name in targets if f"`make {name}`" not in text] == []
