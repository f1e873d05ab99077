"""Finding the modules that steps live in: by file for the command line, and again in the processes that run them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid, NotFound, TenfoldError
from tenfold.base.package import PACKAGE
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.values.skeleton import module_name
from tenfold.pipelines.work import Target

if TYPE_CHECKING:
    from tenfold.pipelines.authoring.definition import Pipeline

_importing = False


def load_pipeline(address: str) -> Pipeline[..., Any]:
    """The pipeline that "file.py:name" or "package.module:name" names; without a name, the only one in it.

    Raises:
        NotFound: No such file or module, or nothing of that name in it.
        Invalid: It is no pipeline, or there are several and none was named.
    """
    from tenfold.pipelines.authoring.definition import Pipeline

    place, _, name = address.partition(":")
    if not place:
        raise Invalid(f"{address!r} names no file or module. Name a pipeline like flights.py:training", field="target")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise NotFound(f"No file {place}. Name a pipeline like flights.py:training")
        module = _load_said(Path(place).resolve())
    else:
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise NotFound(f"No module {place!r}: {error}. Name a pipeline like flights.py:training") from error
    there = {key: value for key, value in vars(module).items() if isinstance(value, Pipeline)}
    if name:
        if name not in vars(module):
            raise NotFound(f"{place} has no {name!r}. Its pipelines: {', '.join(sorted(there)) or 'none'}")
        if name not in there:
            raise Invalid(f"{place}:{name} is no pipeline. Mark it with @tenfold.pipeline")
        return there[name]
    if len(there) != 1:
        raise Invalid(f"{place} has {len(there)} pipelines ({', '.join(sorted(there))}). Name one: {place}:NAME")
    return next(iter(there.values()))


def _load_said(file: Path) -> ModuleType:
    """The module of a file; what goes wrong in it is said with the line where it did."""
    try:
        return _load_file(file)
    except TenfoldError:
        raise
    except SyntaxError as error:
        raise Invalid(f"{error.filename}, line {error.lineno}: {error.msg}. Correct it and run again") from error
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
        where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else str(file)
        said = f"{where}: {type(error).__name__}: {error}. Correct it and run again"
        raise Invalid(f"{said}; see the whole trace with: tenfold --debug …") from error


def _is_users(filename: str) -> bool:
    return not filename.startswith("<") and "site-packages" not in filename and PACKAGE not in Path(filename).parents


def target_of(module: str, name: str) -> Target | None:
    """How another process imports a module of this one; None when it cannot (a notebook, `python -c`)."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if loaded is None or file is None:
        return None
    path = [entry or str(Path.cwd()) for entry in sys.path]
    spec = None if module == "__main__" else _find_spec(module)
    importable = (
        spec is not None and spec.origin is not None and os.path.realpath(spec.origin) == os.path.realpath(file)
    )
    return Target(
        module=module_name(module),
        file=None if importable else os.path.realpath(file),
        name=name,
        path=path,
        folder=str(Path.cwd()),
    )


def _find_spec(module: str) -> Any:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


def load_target(target: Target, *, modules: list[str]) -> ModuleType:
    """Import a target, and other modules, in this process. Raises what the import raises."""
    if target.folder and Path(target.folder).is_dir():
        os.chdir(target.folder)
    if target.path:
        sys.path[:] = [*target.path, *(entry for entry in sys.path if entry not in target.path)]
    loaded = importlib.import_module(target.module) if target.file is None else _load_file(Path(target.file))
    for module in modules:
        importlib.import_module(module)
    return loaded


def _load_file(file: Path) -> ModuleType:
    """Import a file under its own name, once; its folder becomes importable, as for a script."""
    name = file.stem
    known = sys.modules.get(name)
    found = file.stat()
    stamp = (found.st_mtime_ns, found.st_size)
    if known is not None and os.path.realpath(getattr(known, "__file__", None) or "") == str(file):
        if all(step.imported == stamp for step in _own_steps(known)):
            return known
        known = None  # edited since: the new text counts
    main = sys.modules.get("__main__")
    if main is not None and os.path.realpath(getattr(main, "__file__", None) or "") == str(file):
        return main
    if known is not None or name in sys.stdlib_module_names:
        raise Invalid(f"{file} has the name of another module, {name!r}. Rename the file")
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Invalid(f"{file} cannot be imported. Name a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _own_steps(module: ModuleType) -> list[Step[..., Any]]:
    steps = [value for value in vars(module).values() if isinstance(value, Step)]
    return [step for step in steps if step.function.__module__ == module.__name__]


@contextmanager
def importing_target() -> Iterator[None]:
    """Says that this process only imports the user's module: a pipeline must not be run by it meanwhile."""
    global _importing
    _importing = True
    try:
        yield
    finally:
        _importing = False


def refuse_while_importing() -> None:
    """Raise Invalid when a script runs its pipeline while a worker imports it."""
    if _importing:
        raise Invalid('The script runs its pipeline when it is imported. Put that under: if __name__ == "__main__":')
