"""scikit-learn objects between steps, as skops files; equal objects give equal bytes, so that they count for the cache.

What a file may name is decided by the reader: scikit-learn's own types, estimators and boosters, and code of the
project itself. The rest runs code of somebody's choice, as a pickle does, and is read where pickles are.
"""

from __future__ import annotations

import importlib
import importlib.util
import sysconfig
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.extras import require

if TYPE_CHECKING:
    from tenfold.pipelines.values.codecs import PartFiles

_FILE = "estimator.skops"
_SCHEMA = "schema.json"
_CALLING = frozenset({"ConstructorFromReduceNode", "LossNode", "OperatorFuncNode"})
"""Loaders of skops that call what the file names, with arguments from the file."""
_NOT_LEARNING = ("sklearn.datasets", "sklearn.externals", "sklearn.utils", "sklearn.tests", "sklearn.conftest")
"""Parts of scikit-learn that fetch, read files or start programs."""
_PLAIN = frozenset(
    {
        "numpy.max",
        "numpy.mean",
        "numpy.median",
        "numpy.min",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
        *(f"scipy.sparse._{kind}.{kind}_{form}" for kind in ("csr", "csc", "coo") for form in ("matrix", "array")),
    }
)
"""What fitted estimators hold of other libraries, beside what models may hold."""


def save_estimator(value: Any, folder: Path) -> dict[str, Any]:
    """Write an estimator, fitted or not, into a folder; gives the notes to read it with."""
    skops = require("skops.io", extra="models", why="pass scikit-learn estimators between steps")
    path = folder / _FILE
    skops.dump(value, path)
    _make_equal(path)
    return {"class": type(value).__name__}


def load_estimator(files: PartFiles, notes: dict[str, Any]) -> Any:
    """The estimator of a folder, which the caller has asked `foreign_code` about. Raises Damaged for a torn tree."""
    from tenfold.base.skops_file import load_trusted

    return load_trusted(files.path(_FILE).read_bytes())


def foreign_code(files: PartFiles, notes: dict[str, Any]) -> str:
    """What in a stored estimator could run code of others when it is loaded; '' when nothing could."""
    from tenfold.base.skops_file import ALLOWED

    skops = require("skops.io", extra="models", why="read a scikit-learn estimator that a step made")
    path = files.path(_FILE)
    unknown = set(skops.get_untrusted_types(file=path)) - ALLOWED - _PLAIN
    if unknown:
        with zipfile.ZipFile(path) as archive:
            called = set(_called(msgspec.json.decode(archive.read(_SCHEMA))))
        unknown = {name for name in unknown if not _may_stand(name) or (name in called and not _of_sklearn(name))}
    return f"an estimator with {', '.join(sorted(unknown))}" if unknown else ""


def _called(part: Any) -> Iterator[str]:
    """Names of what is called while the file is read."""
    if isinstance(part, dict):
        if part.get("__loader__") in _CALLING:
            yield f"{part.get('__module__')}.{part.get('__class__')}"
        for item in part.values():
            yield from _called(item)
    elif isinstance(part, list):
        for item in part:
            yield from _called(item)


def _may_stand(name: str) -> bool:
    """A class or function of scikit-learn or of the project, or an estimator of a library, under the name it was born with."""
    root = name.partition(".")[0]
    if root == "tenfold" or not (_of_sklearn(name) or _of_project(root) or _may_hold_estimators(root)):
        return False
    found = _found(name)
    if not isinstance(found, (type, types.FunctionType)) or found.__module__.partition(".")[0] != root:
        return False
    if _of_sklearn(name) or _of_project(root):
        return not found.__module__.startswith(_NOT_LEARNING)
    base = require("sklearn.base", extra="models", why="read a scikit-learn estimator that a step made")
    return isinstance(found, type) and issubclass(found, base.BaseEstimator)


def _of_sklearn(name: str) -> bool:
    return name.startswith("sklearn.") and not name.startswith(_NOT_LEARNING)


def _of_project(root: str) -> bool:
    """Whether a package is neither Python's nor installed: the code that stands beside the pipeline."""
    if root == "__main__":
        return True
    spec = importlib.util.find_spec(root)
    places = [spec.origin or "", *(spec.submodule_search_locations or ())] if spec else []
    if not any("/" in place for place in places):
        return False
    python = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    installed = ("site-packages", "dist-packages")
    return not any(place.startswith(python) or any(part in place for part in installed) for place in places)


def _may_hold_estimators(root: str) -> bool:
    """A library that is installed and knows scikit-learn; Python's own modules are not even imported."""
    spec = importlib.util.find_spec(root)
    return bool(spec and spec.origin and any(part in spec.origin for part in ("site-packages", "dist-packages")))


def _found(name: str) -> Any:
    """What a dotted name means, or None."""
    module, names = name, list[str]()
    while "." in module:
        module, _, last = module.rpartition(".")
        names.insert(0, last)
        try:
            found: Any = importlib.import_module(module)
        except ImportError:
            continue
        for one in names:
            found = getattr(found, one, None)
        return found
    return None


def _make_equal(path: Path) -> None:
    """Write a skops file anew without what differs each time: memory addresses, by which it names things, and times."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    numbers: dict[str, int] = {}
    files: dict[str, str] = {}

    def numbered(part: Any) -> Any:
        if isinstance(part, list):
            return [numbered(item) for item in part]
        if not isinstance(part, dict):
            return part
        made = {key: numbered(item) for key, item in part.items()}
        if "__id__" in made:
            made["__id__"] = numbers.setdefault(str(made["__id__"]), len(numbers) + 1)
        file = made.get("file")
        if isinstance(file, str) and file in members:
            made["file"] = files.setdefault(file, f"{len(files) + 1}{Path(file).suffix}")
        return made

    schema = msgspec.json.encode(numbered(msgspec.json.decode(members.pop(_SCHEMA))))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_SCHEMA), schema)
        for name in sorted(members, key=lambda name: files.get(name, name)):
            archive.writestr(zipfile.ZipInfo(files.get(name, name)), members[name])
