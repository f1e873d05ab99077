"""Which modules and files are the user's project: not the standard library, installed distributions or Tenfold itself."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import sysconfig
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

from tenfold.base.hashing import digest
from tenfold.base.package import PACKAGE
from tenfold.pipelines.caching.source import stamp_of

_FOREIGN = tuple(
    f"{os.path.realpath(path)}{os.sep}"
    for path in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(PACKAGE),
    )
)
"""Not `data`, which is sys.prefix: a project in /usr/src/app would be taken for the distribution's."""
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def is_own(module: types.ModuleType | None) -> bool:
    """True for a module of the user's project: it has a file, outside the standard library and installed packages."""
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return module is not None and module.__name__ == "__main__"
    return is_own_file(file)


def own_sources() -> list[tuple[str, int, int]]:
    """(file, modification time in ns, size) of the project's modules that this process has imported, sorted."""
    found = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_own_file(file):
            with contextlib.suppress(OSError):
                found.append((file, *stamp_of(file)))
    return sorted(found)


@functools.cache
def is_own_file(file: str) -> bool:
    """True for a file of the user's project."""
    real = os.path.realpath(file)
    return not real.startswith(_FOREIGN) and not any(part in real for part in _INSTALLED)


def is_own_code(code: types.CodeType) -> bool:
    """True for code that was written in the user's project."""
    return is_own_file(code.co_filename) and not code.co_filename.startswith("<frozen")


def own_module(name: str, package: str) -> types.ModuleType | None:
    """The module of the project that has this name, imported; None for another's, or when it cannot be imported."""
    try:
        full = importlib.util.resolve_name(name, package or None)
        # first the outermost package: looking for `sklearn.metrics` itself would import sklearn, which takes seconds
        for name in (full.partition(".")[0], full):
            if name not in sys.modules and not _is_own_spec(importlib.util.find_spec(name)):
                return None
        module = importlib.import_module(full)
    except (ImportError, ValueError, AttributeError):
        return None
    return module if is_own(module) else None


def _is_own_spec(spec: ModuleSpec | None) -> bool:
    if spec is None:
        return False
    places = [spec.origin] if spec.origin is not None else list(spec.submodule_search_locations or ())
    return any(is_own_file(place) for place in places)


def file_digest(file: str) -> str:
    """32 hex characters of a file's content, or '' when it cannot be read."""
    try:
        return digest(Path(file).read_bytes())[:32]
    except OSError:
        return ""
