"""The command line in this process, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from tenfold.base.errors import TenfoldError
from tenfold.cli.app import cli
from tenfold.workspace import workspace as workspaces


class Shell:
    """Runs commands in this process, which is the same to a user but for the start of Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of one command, in a fresh workspace."""
        workspaces._current = None
        done = CliRunner().invoke(cli, list(args), prog_name="tenfold", standalone_mode=False)
        error = done.exception
        if error is None:
            code = done.return_value if isinstance(done.return_value, int) else 0
            return code, done.stdout, done.stderr
        if isinstance(error, click.ClickException):
            return error.exit_code, done.stdout, done.stderr + error.format_message()
        if isinstance(error, TenfoldError):
            return error.exit_code, done.stdout, done.stderr + str(error)
        if isinstance(error, SystemExit):
            return int(error.code or 0), done.stdout, done.stderr
        raise error

    def ok(self, *args: str) -> str:
        code, out, err = self(*args)
        assert code == 0, err
        return out

    def json(self, *args: str) -> Any:
        return json.loads(self.ok(*args, "--json"))
