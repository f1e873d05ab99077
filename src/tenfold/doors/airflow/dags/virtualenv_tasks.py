"""Functions that run in another Python: their source goes there, and arguments and value as pickles of plain values."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, ClassVar

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.errors import AirflowException, AirflowSkipException
from tenfold.doors.airflow.dags.python_tasks import PythonOperator, SkipMixin
from tenfold.pipelines.environments import Environment
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.making_environments import ensure_environment

_SCRIPT = """
import pickle, sys
{source}
with open(sys.argv[1], "rb") as file:
    given = pickle.load(file)
value = {name}(*given["args"], **given["kwargs"])
with open(sys.argv[2], "wb") as file:
    pickle.dump(value, file)
"""


class _ElsewhereOperator(PythonOperator):
    """Calls its function in another interpreter."""

    def __init__(self, *, skip_on_exit_code: int | Collection[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.skip_on_exit_code = (
            [] if skip_on_exit_code is None else [skip_on_exit_code] if isinstance(skip_on_exit_code, int)
            else list(skip_on_exit_code)
        )  # fmt: skip

    def interpreter(self) -> str:
        """The Python to call it with."""
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        args, kwargs = self.arguments(context)
        plain = {name: value for name, value in kwargs.items() if name in self.op_kwargs or _is_plain(value)}
        with tempfile.TemporaryDirectory() as folder:
            given, made, script = Path(folder, "in"), Path(folder, "out"), Path(folder, "script.py")
            given.write_bytes(pickle.dumps({"args": args, "kwargs": plain}))
            script.write_text(
                _SCRIPT.format(source=source_of(self.python_callable), name=self.python_callable.__name__)
            )
            done = subprocess.run([self.interpreter(), str(script), str(given), str(made)], check=False)
            if done.returncode in self.skip_on_exit_code:
                raise AirflowSkipException(f"Process exited with code {done.returncode}. Skipping.")
            if done.returncode:
                raise AirflowException(f"Process returned non-zero exit status {done.returncode}")
            return pickle.loads(made.read_bytes())


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, type(None), list, dict, tuple)) and not hasattr(value, "in_run")


def source_of(function: Any) -> str:
    """The function's text without what decorates it."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(("def ", "async def ")))
    return "\n".join(lines[first:])


class ExternalPythonOperator(_ElsewhereOperator):
    """In a Python that is there."""

    template_fields: ClassVar[Any] = ("python", *PythonOperator.template_fields)

    def __init__(self, *, python: str, expect_airflow: bool = True, use_dill: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.python = python

    def interpreter(self) -> str:
        if not Path(self.python).is_file():
            raise ValueError(f"Python Path '{self.python}' must exists")
        return self.python


class PythonVirtualenvOperator(_ElsewhereOperator):
    """In a virtual environment with packages, made with uv once and kept."""

    template_fields: ClassVar[Any] = ("requirements", *PythonOperator.template_fields)

    def __init__(
        self,
        *,
        requirements: str | Iterable[str] | None = None,
        python_version: str | None = None,
        system_site_packages: bool = True,
        venv_cache_path: Any = None,
        expect_airflow: bool = True,
        use_dill: bool = False,
        serializer: Any = None,
        inherit_env: bool = True,
        env_vars: Any = None,
        **kwargs: Any,
    ) -> None:
        given = {
            name: kwargs.pop(name) for name in ("index_urls", "pip_install_options", "string_args") if name in kwargs
        }
        super().__init__(**kwargs)
        if used := [name for name, value in given.items() if value]:
            raise Invalid(f"Task {self.task_id!r}: {used[0]}= is not taken over. Leave it out")
        self.requirements = requirements.splitlines() if isinstance(requirements, str) else list(requirements or [])
        self.python_version, self.system_site_packages = python_version, system_site_packages

    def interpreter(self) -> str:
        wanted = [one.strip() for one in self.requirements if one.strip() and not one.strip().startswith("#")]
        if not wanted and self.python_version is None:
            return sys.executable
        cache = at_hand().scratch.parent.parent / "cache"
        return str(ensure_environment(Environment(sorted(set(wanted)), self.python_version or ""), cache))


class BranchPythonVirtualenvOperator(PythonVirtualenvOperator, SkipMixin):
    """The function, in a virtual environment, says which tasks run next."""

    is_branch = True

    def execute(self, context: Any) -> Any:
        return self.follow(context, super().execute(context))


class BranchExternalPythonOperator(ExternalPythonOperator, SkipMixin):
    """The function, in another Python, says which tasks run next."""

    is_branch = True

    def execute(self, context: Any) -> Any:
        return self.follow(context, super().execute(context))
