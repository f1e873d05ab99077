"""Loading a model and asking it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec
import numpy as np

from tenfold.base.addresses import Address
from tenfold.base.errors import Forbidden, Invalid, TenfoldError
from tenfold.contracts import Stores, resolve
from tenfold.models import columns, manifest, mlmodel
from tenfold.models.answers import Answers, outputs_of
from tenfold.models.columns import Array, Batch
from tenfold.models.files import Files, FilesOfVersion
from tenfold.models.flavours import FLAVOURS, torch
from tenfold.models.manifest import RUNS_CODE, Manifest
from tenfold.models.onnx_file import Runner
from tenfold.records import Signature, Version


def load(stores: Stores, address: Address | str | Version, *, allow_pickle: bool = False) -> Model:
    """The model an address means now; `model:` may be left out.

    Args:
        allow_pickle: Trust whoever saved it: load it also when that runs their code (a pickle, source, torch's .pt2).

    Raises:
        VersionNotFound: Nothing there.
        Forbidden: It is kept only in a form that runs code, and that is not allowed.
        Invalid: The version is not a model.
        Damaged: Its files are not what they were.
    """
    version = address if isinstance(address, Version) else resolve(stores, address, default_kind="model")
    files = FilesOfVersion(stores, version)
    of_mlflow = mlmodel.PATH in files.paths()
    if of_mlflow:  # looked for first: a booster's own file may be called model.json there
        said = mlmodel.read(files, of=version.address)
    elif manifest.PATH in files.paths():
        said = manifest.decode(files.bytes(manifest.PATH), of=version.address)
    else:
        raise Invalid(
            f"{version.address} is no model of Tenfold's or MLflow's: it has neither {manifest.PATH} nor {mlmodel.PATH}",
            field="address",
        )
    if said.flavour not in FLAVOURS or not said.files:
        raise Invalid(f"{version.address} is of the flavour {said.flavour!r}, unknown to this Tenfold. Upgrade it")
    if said.files[0].format in RUNS_CODE and not allow_pickle:
        raise Forbidden(_runs_code(version, said.files[0].format))
    model = Model(version, said, files, allow_pickle=allow_pickle)
    if of_mlflow:
        model.signature = _completed(model)
    return model


class Model:
    """A loaded model. Safe to ask from several threads.

    Attributes:
        version: The version it was loaded from.
        signature: What it takes and gives.
        manifest: How it is kept.
    """

    def __init__(self, version: Version, said: Manifest, files: Files, *, allow_pickle: bool = False) -> None:
        self.version = version
        self.signature: Signature = said.signature
        self.manifest = said
        self._files = files
        self._allow_pickle = allow_pickle
        self._flavour = FLAVOURS[said.flavour]
        self._lock = threading.Lock()
        self._turn: AbstractContextManager[Any] = threading.Lock() if self._flavour.one_at_a_time else nullcontext()
        self._native: Any = None
        first = said.files[0]
        self._runner: Runner | None = None
        if first.format == "onnx":
            self._runner = Runner(files.bytes(first.path), said.signature, first.layout)
        elif first.format in self._flavour.read:
            self._native = self._load_native()

    def __repr__(self) -> str:
        said = self.manifest
        return f"<Model {self.version.address}: {said.estimator}, {said.task}, run as {said.files[0].format}>"

    @property
    def native(self) -> Any:
        """The object of the library it was made with.

        Raises:
            Invalid: It is kept only in forms the library does not read, as ONNX.
            Forbidden: It comes back only by running code, and that was not allowed.
        """
        with self._lock:
            if self._native is None:
                self._native = self._load_native()
            return self._native

    def load_weights(self, module: Any) -> None:
        """Fill a PyTorch module of the reader's own making with the kept weights; names and shapes must be the same.

        Raises:
            Invalid: They do not fit, or none are kept.
        """
        file = self.manifest.find("safetensors")
        if file is None:
            raise Invalid(f"{self.version.address} has no weights of PyTorch. Use predict, or native", field="module")
        torch.load_weights(self._files, file, module)

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
        if self._runner is None and self._native is None:
            raise Invalid(f"{self.version.address} cannot be asked: {self._why_not()}", field="address")
        if not self.signature.inputs:
            raise Invalid(
                f"{self.version.address} does not say what it takes. Save it with an input example (in MLflow: with "
                "signature=), or use native",
                field="address",
            )
        if not batch.rows:
            return Answers(np.empty(0))
        if self._runner is not None:
            answers = self._runner.run(batch)
        else:
            try:
                with self._turn:
                    answers = self._flavour.ask(self._native, self.signature, batch)
            except Invalid:
                raise
            except (ValueError, TypeError, KeyError, RuntimeError) as error:
                raise Invalid(f"The model refused the input: {error}", field="data") from error
        scores = answers.probability if answers.probability is not None else answers.prediction
        if scores.dtype.kind == "f" and not np.isfinite(scores).all():
            raise Invalid(
                "The model has no answer for these values: it comes to no number. Are they in range?", field="data"
            )
        return answers

    def example(self) -> dict[str, Any] | None:
        """A few rows it was saved with, as {'columns': [...], 'data': [[...]]}, or None."""
        for path in ("example.json", "input_example.json"):  # the second is MLflow's
            if path in self._files.paths():
                found: Any = msgspec.json.decode(self._files.bytes(path))
                if isinstance(found, dict) and found.keys() >= {"columns", "data"}:
                    return found
        return None

    def _load_native(self) -> Any:
        refused: Forbidden | None = None
        for file in self.manifest.files:
            read = self._flavour.read.get(file.format)
            if read is None:
                continue
            if file.format not in RUNS_CODE or self._allow_pickle:
                return read(self._files, file, self.manifest)
            refused = Forbidden(_runs_code(self.version, file.format))
        if refused is not None:
            raise refused
        raise Invalid(
            f"{self.version.address} has no {self.manifest.flavour} object: {self._why_not()}", field="native"
        )

    def _why_not(self) -> str:
        """What it is kept as, and what one does with that."""
        kept = " and ".join(file.format for file in self.manifest.files)
        if self.manifest.find("safetensors"):
            return f"it is kept as {kept}. Make its module ({self.manifest.estimator}) and call load_weights(module)"
        return f"it is kept as {kept} only ({self.manifest.not_kept}). Use predict, or train it again"


def _completed(model: Model) -> Signature:
    """A signature with what MLflow's does not say: the labels, and what comes out, seen by asking for a row."""
    signature = model.signature
    if model._native is not None:
        about = model._flavour.about(model._native)
        if not signature.inputs and about.inputs is not None:
            signature = about.inputs
        signature = msgspec.structs.replace(signature, classes=about.classes)
    if not signature.inputs:
        return signature
    model.signature = signature
    try:
        example = model.example()
        rows = example["data"][:1] if example else []
        batch = model.check(rows) if rows else columns.any_row(signature)
        outputs = outputs_of(signature, model.run(batch))
    except TenfoldError:  # then it can be asked, and not be served
        return signature
    return msgspec.structs.replace(signature, outputs=outputs)


def _runs_code(version: Version, format: str) -> str:
    form = {
        "source": "Python source",
        "pt2": "a torch .pt2 archive",
        "mlflow": "a model of MLflow's",
        "pickle": "a pickle",
    }
    return (
        f"{version.address} is kept as {form[format]}, which runs code when it is loaded. If you trust whoever saved it, "
        "load it with allow_pickle=True"
    )
