"""Models that are a Python function or class: kept as the source of their module. Loading one runs its author's code,
so the reader must allow it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
import sysconfig
import threading
from collections.abc import Iterator
from hashlib import blake2s
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from tenfold.base.errors import Damaged, Invalid
from tenfold.models.answers import Answers, as_table
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Signature

_FOLDER = "code"
_MOST_BYTES = 10 << 20
_importing = threading.Lock()
"""`sys.path` and `sys.modules` are everybody's."""


def _owns(model: Any) -> bool:
    return inspect.isfunction(model) or inspect.isclass(model)


def _about(model: Any) -> About:
    return About(f"{model.__module__}.{model.__qualname__}")


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    asked = _asker(native)
    table = as_table(signature, batch)
    prediction = np.asarray(asked.predict(table) if hasattr(asked, "predict") else asked(table))
    if prediction.ndim == 0 or len(prediction) != batch.rows:
        raise Invalid(f"It gave shape {prediction.shape} for {batch.rows} rows. Give one answer a row", field="model")
    probability = np.asarray(asked.predict_proba(table)) if hasattr(asked, "predict_proba") else None
    return Answers(prediction, probability)


def _asker(native: Any) -> Any:
    """The function, or an object of the class; a class is made once."""
    if not inspect.isclass(native):
        return native
    if "__tenfold_made__" not in vars(native):
        native.__tenfold_made__ = native()  # type: ignore[attr-defined]
    return vars(native)["__tenfold_made__"]


def _write(model: Any, writing: Writing) -> Written:
    if "<locals>" in model.__qualname__ or "<lambda>" in model.__qualname__:
        raise Invalid(f"{model.__qualname__} is made inside a function. Put it at the top of a module")
    if inspect.isclass(model) and not hasattr(model, "predict"):
        raise Invalid(f"The class {model.__qualname__} has no predict(self, table)")
    module, sources = sources_of(model)
    contents = {f"{_FOLDER}/{path}": data for path, data in sources.items()}
    file = FormatFile(format="source", path=_FOLDER, layout=f"{module}:{model.__qualname__}")
    return held_against(Written(file, contents), writing, _read, _ask, flavour="python")


def sources_of(model: Any) -> tuple[str, dict[str, bytes]]:
    """The name of a function's or class's module, and the files to import it from: its own, or its whole package's.

    Raises:
        Invalid: It has no file, as in a notebook, or is installed and so no part of anybody's own code.
    """
    found = inspect.getsourcefile(model)
    if found is None or not Path(found).is_file():
        raise Invalid(f"{model.__qualname__} has no file. Put it into a module (.py) and import it from there")
    file, name = Path(found).resolve(), str(model.__module__)
    if any(file.is_relative_to(sysconfig.get_path(where)) for where in ("stdlib", "purelib", "platlib")):
        raise Invalid(f"{model.__qualname__} is of an installed package. Write a function of your own that calls it")
    name = file.stem if name == "__main__" else name
    depth = name.count(".") + (file.name == "__init__.py")
    if not depth:
        return name, {file.name: file.read_bytes()}
    root = file.parents[depth - 1]
    files = {f"{root.name}/{path.relative_to(root)}": path for path in sorted(root.rglob("*.py"))}
    if sum(path.stat().st_size for path in files.values()) > _MOST_BYTES:
        raise Invalid(f"The package {root.name} holds more than {_MOST_BYTES:,} bytes of source. Use a smaller module")
    return name, {name_: path.read_bytes() for name_, path in files.items()}


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    """The function or class, imported from its kept source whatever else is imported under that name here."""
    module, _, name = file.layout.partition(":")
    paths = [path for path in files.paths() if path.startswith(f"{file.path}/")]
    digest = blake2s(b"".join(path.encode() + files.bytes(path) for path in paths), digest_size=8).hexdigest()
    folder = Path(mkdtemp(prefix=f"tenfold-code-{digest}-"))  # stays: tracebacks read it
    files.write(folder, file.path)
    with _importing, _first_on_path(folder, module.partition(".")[0]):
        try:
            found: Any = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError) as error:
            raise Damaged(
                f"{file.layout} cannot be imported from the kept source: {error}. Install what requirements.txt names"
            ) from error
    return found


@contextlib.contextmanager
def _first_on_path(folder: Path, top: str) -> Iterator[None]:
    """Import from a folder first, as if no module of that name were there; then everything is as before."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name == top or name.startswith(f"{top}.")}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
            del sys.modules[name]
        sys.modules.update(before)


FLAVOUR = Flavour(
    name="python",
    library="builtins",
    requires=(),
    owns=_owns,
    about=_about,
    write={"source": _write},
    read={"source": _read},
    ask=_ask,
    one_at_a_time=True,
)
