"""Loading a model and asking it."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from tenfold.base.addresses import Address
from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.contracts import Stores, resolve
from tenfold.models import columns, manifest, skops_file
from tenfold.models.answers import Answers, ask
from tenfold.models.columns import Array, Batch
from tenfold.models.manifest import Manifest
from tenfold.models.onnx_file import Runner
from tenfold.records import Signature, Version


def load(stores: Stores, address: Address | str | Version, *, allow_pickle: bool = False) -> Model:
    """The model an address means now; `model:` may be left out.

    Raises:
        VersionNotFound: Nothing there.
        Forbidden: It is kept only as a pickle, which runs code, and `allow_pickle` is not set.
        Invalid: The version is not a model.
        Damaged: Its files are not what they were.
    """
    version = address if isinstance(address, Version) else resolve(stores, address, default_kind="model")
    entries = {entry.path: entry.digest for entry in stores.blobs.entries(version.digest)} if not version.inline else {}
    if manifest.PATH not in entries:
        raise Invalid(f"{version.address} is no model saved by Tenfold: it has no {manifest.PATH}", field="address")
    said = manifest.decode(stores.blobs.get_bytes(entries[manifest.PATH]), of=version.address)
    if said.files[0].format == "pickle" and not allow_pickle:
        raise Forbidden(
            f"{version.address} is kept as a pickle, which runs code when it is loaded. If you trust whoever saved it, "
            "load it with allow_pickle=True"
        )
    return Model(stores, version, said, entries)


class Model:
    """A loaded model. Safe to ask from several threads.

    Attributes:
        version: The version it was loaded from.
        signature: What it takes and gives.
        manifest: How it is kept.
    """

    def __init__(self, stores: Stores, version: Version, said: Manifest, entries: dict[str, str]) -> None:
        self.version = version
        self.signature: Signature = said.signature
        self.manifest = said
        self._stores = stores
        self._entries = entries
        self._lock = threading.Lock()
        self._native: Any = None
        first = said.files[0]
        self._runner = Runner(self._bytes(first.path), said.signature, first.layout) if first.format == "onnx" else None
        if self._runner is None:
            self._native = self._load_native()

    def __repr__(self) -> str:
        said = self.manifest
        return f"<Model {self.version.address}: {said.estimator}, {said.task}, run as {said.files[0].format}>"

    @property
    def native(self) -> Any:
        """The scikit-learn object itself. Raises Invalid when only ONNX is kept."""
        with self._lock:
            if self._native is None:
                self._native = self._load_native()
            return self._native

    def predict(self, data: Any) -> Array:
        """One answer a row, for a data frame, a dict of columns, a list of dicts, or an array. Raises Invalid."""
        return self.run(self.check_data(data)).prediction

    def predict_proba(self, data: Any) -> Array:
        """(rows, classes), in the order of `signature.classes`. Raises Invalid, also when the model gives none."""
        probability = self.run(self.check_data(data)).probability
        if probability is None:
            raise Invalid(f"{self.version.address} gives no probabilities. Call predict", field="method")
        return probability

    def check(self, rows: Sequence[Sequence[Any]]) -> Batch:
        """Rows of values in the signature's order as a checked batch. Raises Invalid naming the column."""
        return columns.from_rows(self.signature, rows)

    def check_data(self, data: Any) -> Batch:
        """Any tabular data as a checked batch. Raises Invalid naming the column."""
        return columns.from_data(self.signature, data)

    def run(self, batch: Batch) -> Answers:
        """Answers for a checked batch.

        Raises:
            Invalid: The model itself refused the values; its words are in the message.
        """
        if not batch.rows:
            return Answers(np.empty(0))
        if self._runner is not None:
            answers = self._runner.run(batch)
        else:
            try:
                answers = ask(self._native, self.signature, batch)
            except (ValueError, TypeError, KeyError) as error:
                raise Invalid(f"The model refused the input: {error}", field="data") from error
        scores = answers.probability if answers.probability is not None else answers.prediction
        if scores.dtype.kind == "f" and not np.isfinite(scores).all():
            raise Invalid(
                "The model has no answer for these values: it comes to no number. Are they in range?", field="data"
            )
        return answers

    def example(self) -> dict[str, Any] | None:
        """A few rows it was saved with, as {'columns': [...], 'data': [[...]]}, or None."""
        if "example.json" not in self._entries:
            return None
        found: dict[str, Any] = msgspec.json.decode(self._bytes("example.json"))
        return found

    def _bytes(self, path: str) -> bytes:
        if path not in self._entries:
            raise Damaged(f"{self.version.address} has no file {path}. Save the model again")
        return self._stores.blobs.get_bytes(self._entries[path])

    def _load_native(self) -> Any:
        if file := self.manifest.find("skops"):
            native = skops_file.load(self._bytes(file.path))
            if skops_file.highest_feature(native) >= _width(native, len(self.signature.inputs)):
                raise Damaged(f"A tree of {self.version.address} reads a feature that is not there. Save it again")
            return native
        if file := self.manifest.find("pickle"):  # `load` let it through: the reader allowed it
            return pickle.loads(self._bytes(file.path))
        raise Invalid(
            f"{self.version.address} is kept as {self.manifest.files[0].format} only ({self.manifest.not_kept}). "
            "Use predict, or train it again",
            field="native",
        )


def _width(native: Any, fallback: int) -> int:
    """How many features the last estimator of an object was fitted on."""
    last = native.steps[-1][1] if hasattr(native, "steps") else native
    return int(getattr(last, "n_features_in_", fallback))
