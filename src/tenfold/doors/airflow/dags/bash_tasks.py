"""BashOperator: a command in a shell; the last line it prints is what it returns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tenfold.doors.airflow.dags.errors import AirflowException, AirflowSkipException
from tenfold.doors.airflow.dags.operators import BaseOperator
from tenfold.doors.airflow.dags.run_context import as_environ


class BashOperator(BaseOperator):
    """Runs a command."""

    template_fields = ("bash_command", "env", "cwd")
    template_ext = (".sh", ".bash")

    def __init__(
        self,
        *,
        bash_command: Any,
        env: dict[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Collection[int] | None = 99,
        cwd: str | None = None,
        output_processor: Callable[[str], Any] = lambda text: text,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command, self.env, self.append_env, self.cwd = bash_command, env, append_env, cwd
        self.output_encoding, self.output_processor = output_encoding, output_processor
        self.skip_on_exit_code = (
            [] if skip_on_exit_code is None else [skip_on_exit_code] if isinstance(skip_on_exit_code, int)
            else list(skip_on_exit_code)
        )  # fmt: skip

    def execute(self, context: Any) -> Any:
        if self.cwd is not None and not Path(self.cwd).is_dir():
            raise AirflowException(f"Can not find the cwd: {self.cwd}")
        code, last = run_in_bash(
            self.bash_command, environ_of(self.env, append=self.append_env, context=context), self.cwd,
            self.output_encoding,
        )  # fmt: skip
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Bash command returned exit code {code}. Skipping.")
        if code:
            raise AirflowException(f"Bash command failed. The command returned a non-zero exit code {code}.")
        return self.output_processor(last)


def environ_of(given: Mapping[str, str] | None, *, append: bool, context: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a command: this process's unless some are given, and those that name the task."""
    known = dict(os.environ) if given is None or append else {}
    return {**known, **{name: str(value) for name, value in (given or {}).items()}, **as_environ(context)}


def run_in_bash(command: str, environ: Mapping[str, str], cwd: str | None, encoding: str = "utf-8") -> tuple[int, str]:
    """Exit code and last line of a command, whose output is passed on."""
    bash = shutil.which("bash") or "bash"
    with tempfile.TemporaryDirectory(prefix="airflowtmp") as folder:
        started = subprocess.Popen(
            [bash, "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd or folder,
            env=dict(environ),
        )
        last = ""
        assert started.stdout is not None
        for raw in started.stdout:
            last = raw.decode(encoding, errors="backslashreplace").rstrip()
            sys.stdout.write(f"{last}\n")
            sys.stdout.flush()
        return started.wait(), last
