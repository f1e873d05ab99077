"""Keras 3: models as `.keras` archives. What one may hold is decided here, by the reader, before Keras reads it.

Keras's own safe mode refuses lambdas; beyond that its files name modules and classes to import, and once loaded code
through them (CVE-2025-1550). Here every name must be of Keras itself.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.models.answers import MATRIX, Answers, as_arrays, only_rows
from tenfold.models.columns import Batch
from tenfold.models.files import Files
from tenfold.models.flavours import sklearn
from tenfold.models.flavours.flavour import About, Flavour, Writing, Written, held_against, library
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.records import Signature

_REFUSED = frozenset({"Lambda", "TorchModuleWrapper", "TFSMLayer", "FlaxLayer", "JaxLayer", "__lambda__", "function"})
"""Of Keras itself, and yet bringing code or other files with them."""
_LARGEST_CONFIG = 64 << 20
_AT_ONCE = 256
"""Rows up to which a model is called directly: `predict` makes a data loader each time (20 ms; a small call 0.3)."""


def _owns(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Model)


def _about(model: Any) -> About:
    return About(type(model).__name__)


def _ask(native: Any, signature: Signature, batch: Batch) -> Answers:
    import keras

    arrays = as_arrays(signature, batch)
    plain = arrays.keys() == {MATRIX} or signature.positional
    taken: Any = next(iter(arrays.values())) if plain else arrays
    if batch.rows > _AT_ONCE:
        given = native.predict(taken, verbose=0)
    else:
        given = native(taken, training=False)
        given = given if isinstance(given, (dict, list, tuple)) else keras.ops.convert_to_numpy(given)
    if isinstance(given, (dict, list, tuple)):
        raise Invalid(f"A {type(native).__name__} of several outputs gives no single answer a row. Save one with one")
    return Answers(only_rows(given, batch.rows, of=type(native).__name__))


def _write(model: Any, writing: Writing) -> Written:
    path = writing.folder / "model.keras"
    model.save(path)
    check(path.read_bytes())
    return held_against(
        Written(FormatFile(format="keras", path=path.name), {path.name: path}), writing, _read, _ask, flavour="keras"
    )


def _read(files: Files, file: FormatFile, said: Manifest) -> Any:
    keras = library("keras", said)
    data = files.bytes(file.path)
    check(data)
    with TemporaryDirectory(prefix="tenfold-model-") as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(data)
        return keras.saving.load_model(path, safe_mode=True, compile=False)


def check(data: bytes) -> None:
    """Look at every class an archive names.

    Raises:
        Forbidden: One is not Keras's own, or brings code.
        Damaged: It is no such archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo("config.json").file_size > _LARGEST_CONFIG:
                raise Damaged("The config.json of this model is too large to be one")
            config = json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Damaged(f"This is no .keras archive: {error}. Save the model again") from error
    for named in _named(config):
        module, kind = named.get("module"), named.get("class_name")
        ours = module is None or module in ("builtins", "keras") or str(module).startswith("keras.")
        registered = named.get("registered_name")
        own = isinstance(registered, str) and ">" in registered  # a package of the author's, as in "mine>Layer"
        if not ours or kind in _REFUSED or own or kind == "__typespec__":
            raise Forbidden(f"This model names {module or 'no module'}:{kind}, which is or brings code of its author's")


def _named(config: Any) -> Iterator[dict[str, Any]]:
    pending = [config]
    while pending:
        at = pending.pop()
        if isinstance(at, dict):
            if "class_name" in at:
                yield at
            pending.extend(at.values())
        elif isinstance(at, list):
            pending.extend(at)


FLAVOUR = Flavour(
    name="keras",
    library="keras",
    requires=("keras", "torch", "tensorflow", "jax"),
    owns=_owns,
    about=_about,
    write={"keras": _write, "pickle": sklearn.write_pickle},
    read={"keras": _read, "pickle": sklearn.read_pickle},
    ask=_ask,
)
