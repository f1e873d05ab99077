"""The `airflow` a DAG file imports, while it is loaded and while its tasks run. What is not taken over is refused by its name."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from tenfold.base.errors import Invalid, NotFound, TenfoldError
from tenfold.base.hashing import digest
from tenfold.doors.airflow.dags import dag as dag_module
from tenfold.doors.airflow.dags.dag import DAG
from tenfold.doors.airflow.dags.names import MODULES, PACKAGES, home_of

_lock = RLock()
_depth = 0
_loaded: dict[tuple[str, int, int], list[DAG]] = {}


class _Module(ModuleType):
    """A module of the stand-in: the names taken over, and a refusal of the others."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in MODULES.get(self.__name__, ()):
            module, _, attribute = home_of(name).partition(":")
            return getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        whole = f"{self.__name__}.{name}"
        if whole in MODULES or whole in PACKAGES:
            return importlib.import_module(whole)
        raise Invalid(f"{whole} is not taken over. See docs/from-airflow.md for what is")


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        if name != "airflow" and not name.startswith("airflow."):
            return None
        if name not in MODULES and name not in PACKAGES:
            parent, _, last = name.rpartition(".")
            if last in MODULES.get(parent, ()):
                return None  # a name of its parent's
            raise Invalid(f"{name} is not taken over. See docs/from-airflow.md for what is")
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ in MODULES:
            module.__dict__["__all__"] = sorted(MODULES[module.__name__])


_finder = _Finder()


@contextmanager
def standing_in() -> Iterator[None]:
    """`import airflow` gives the stand-in inside; what it gave before comes back."""
    global _depth
    with _lock:
        _depth += 1
        if _depth == 1:
            for name in _ours():
                _put_aside[name] = sys.modules.pop(name)
            sys.meta_path.insert(0, _finder)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                sys.meta_path.remove(_finder)
                for name in _ours():
                    del sys.modules[name]
                sys.modules.update(_put_aside)
                _put_aside.clear()


_put_aside: dict[str, ModuleType] = {}


def _ours() -> list[str]:
    return [name for name in sys.modules if name == "airflow" or name.startswith("airflow.")]


def load_dag(file: str, dag_id: str | None = None) -> DAG:
    """The DAG of a file; of several the one of this id.

    Raises:
        NotFound: No such file, or no such DAG in it.
        Invalid: The file fails, or uses what is not taken over: with the line.
    """
    made = load_dags(file)
    ids = [one.dag_id for one in made]
    if dag_id is None:
        if len(made) != 1:
            said = f"has {len(made)} DAGs ({', '.join(ids)}). Name one with --dag" if made else "makes no DAG"
            raise (Invalid if made else NotFound)(f"{file} {said}")
        return made[0]
    if dag_id not in ids:
        raise NotFound(f"{file} has no DAG {dag_id!r}. It has: {', '.join(ids) or 'none'}")
    return made[ids.index(dag_id)]


def load_dags(file: str) -> list[DAG]:
    """The DAGs that a file makes, in its order; read again only when it has changed. Raises as `load_dag`."""
    path = Path(file)
    if not path.is_file():
        raise NotFound(f"No file {file}. Name a DAG file")
    found = path.stat()
    key = (os.path.realpath(path), found.st_mtime_ns, found.st_size)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _executed(path.resolve())
        return _loaded[key]


def _executed(path: Path) -> list[DAG]:
    name = f"dag_file_{digest(str(path).encode())[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Invalid(f"{path} cannot be imported. Name a Python file")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    dag_module.made_here.clear()
    try:
        with standing_in():
            spec.loader.exec_module(module)
    except SyntaxError as error:
        raise Invalid(f"{error.filename}, line {error.lineno}: {error.msg}. Correct it and run again") from error
    except Exception as error:
        del sys.modules[name]
        dag_module.forget()
        raise Invalid(f"{_where(error, path)}: {_said(error)}") from error
    made = list(dag_module.made_here)
    for one in made:
        one.fileloc = str(path)
    return made


def _where(error: BaseException, path: Path) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path.name}, line {frames[-1].lineno}" if frames else path.name


def _said(error: Exception) -> str:
    if isinstance(error, TenfoldError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name == "pendulum":
        return "pendulum is needed to run a DAG. Install it with: pip install 'tenfold[airflow]'"
    return f"{type(error).__name__}: {error}. Correct it and run again"
