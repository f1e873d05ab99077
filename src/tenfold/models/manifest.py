"""What `model.json` says: how the model is kept, what it takes and gives, what it was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Any, Literal

import msgspec

from tenfold.base.errors import Damaged, Invalid
from tenfold.records import Signature

PATH = "model.json"
Format = Literal[
    "onnx", "skops", "ubj", "txt", "cbm", "coefficients", "keras", "transformers", "safetensors", "pt2", "source",
    "mlflow", "pickle",
]  # fmt: skip
RUNS_CODE: frozenset[Format] = frozenset({"pt2", "source", "mlflow", "pickle"})
"""Formats that run their author's code when they are loaded: only for a reader who trusts the author."""

_ALWAYS = ("numpy", "pandas", "polars")


class FormatFile(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One format a model is kept in; `path` is a file, or a folder for formats of several files.

    `layout` says how to feed a graph of ONNX, or which name to import from source. `max_difference` is how far its
    answers were from the original's, on `rows_checked` rows; None when they were not held against it.
    """

    format: Format
    path: str
    layout: str = ""
    max_difference: float | None = None
    rows_checked: int = 0


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`files` stand in the order of trust, which is also the order of speed: the first is the one that is asked.

    `not_kept` says why a format is not there.
    """

    version: int = 1
    flavour: str
    estimator: str
    task: Literal["classifier", "regressor", "other"]
    signature: Signature
    files: list[FormatFile]
    not_kept: dict[str, str] = {}
    requirements: list[str] = []
    python: str = ""

    def find(self, format: Format) -> FormatFile | None:
        """The file of one format, or None."""
        return next((file for file in self.files if file.format == format), None)


def encode(manifest: Manifest) -> bytes:
    """`model.json`, indented for people."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(data: bytes, *, of: str) -> Manifest:
    """Read `model.json`. Raises Damaged, and Invalid when a newer Tenfold wrote it."""
    try:
        said: dict[str, Any] = msgspec.json.decode(data)
        if said.get("version", 1) > 1:
            raise Invalid(f"{of} was written by a newer Tenfold (model format {said['version']}). Upgrade this one")
        return msgspec.convert(said, Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError, AttributeError, TypeError) as error:
        raise Damaged(f"{PATH} of {of} cannot be read: {error}. Save the model again") from error


def requirements(distributions: Iterable[str]) -> list[str]:
    """These libraries, and those tables come in, pinned as they are here; those that are not installed are left out."""
    found = []
    for name in (*distributions, *_ALWAYS):
        try:
            found.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return found


def python_version() -> str:
    """Of the interpreter that runs."""
    return platform.python_version()
