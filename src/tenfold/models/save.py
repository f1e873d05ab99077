"""Saving a model: in every safe format that gives the same answers, with what a server must know to ask it."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base import clock, ids
from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid, TenfoldError
from tenfold.contracts import Stores
from tenfold.models import manifest as manifests
from tenfold.models import onnx_file, skops_file
from tenfold.models.answers import Answers, ask, outputs_of
from tenfold.models.columns import Batch, from_columns
from tenfold.models.manifest import FormatFile, Manifest
from tenfold.models.signature import EXAMPLE_ROWS, columns_of, floats, infer_inputs
from tenfold.records import Draft, Signature, Version

CHECK_ROWS = 5000
"""Rows of the input example on which a conversion is held against the original."""

PROBED_COLUMNS = 200
"""Columns in which a missing value is tried; a wider model is taken to bear none."""


def save(
    stores: Stores,
    model: Any,
    name: str,
    *,
    run_id: str | None = None,
    input_example: Any = None,
    signature: Signature | None = None,
    metadata: Mapping[str, Any] | None = None,
    message: str = "",
    metrics: Mapping[str, float] | None = None,
    allow_pickle: bool = False,
    format: Literal["auto", "onnx", "skops", "pickle"] = "auto",
) -> Version:
    """Keep a fitted scikit-learn estimator or pipeline as the next version of `model:<name>`.

    Kept as ONNX when it converts and its answers match on the input example, and as skops when every type in it is
    one that is loaded without trust; served from the first of them. Pickle only when neither holds and it is allowed.

    Args:
        run_id: The run that made it; gets the edge "produced", role 'model'.
        input_example: Rows as the model was trained on: a data frame, dict of columns, list of dicts or array. Up to
            5,000 are checked, 5 are kept. Without it there is no ONNX, and named columns need `signature`.
        metrics: Shown beside the version, and compared by `compare`.
        allow_pickle: Take pickle when no safe format holds. Whoever loads it must allow it too.
        format: Insist on one format.

    Raises:
        Invalid: No format holds; the message says why for each and what to do.
    """
    check_name(name)
    if not hasattr(model, "predict"):
        raise Invalid(f"A {type(model).__name__} has no predict. Save a fitted estimator or pipeline", field="model")
    described, checks = _describe(model, input_example, signature)
    files, contents, not_kept = _formats(model, described, checks, format, allow_pickle)
    said = Manifest(
        flavour="sklearn",
        estimator=_estimator(model),
        task=_task(model),
        signature=described,
        files=files,
        not_kept=not_kept,
        requirements=manifests.requirements(),
        python=manifests.python_version(),
    )
    contents[manifests.PATH] = manifests.encode(said)
    contents["requirements.txt"] = ("\n".join(said.requirements) + "\n").encode()
    if checks:
        contents["example.json"] = _example(described, checks[0][0])
    tree = stores.blobs.put_tree(contents)
    draft = Draft(
        id=ids.new_id(),
        kind="model",
        name=name,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="model/sklearn",
        metadata=_metadata(said, metrics, metadata),
        message=message,
        run_id=run_id,
        role="model",
        created_at_ms=clock.now_ms(),
    )
    return stores.versions.publish([draft])[0]


def _describe(model: Any, example: Any, signature: Signature | None) -> tuple[Signature, list[tuple[Batch, Answers]]]:
    """The whole signature, and inputs with the original's answers to hold conversions against."""
    classes = (
        np.asarray(model.classes_).tolist() if _task(model) == "classifier" and hasattr(model, "classes_") else None
    )
    if isinstance(classes, list) and any(isinstance(label, list) for label in classes):
        classes = None  # several outputs at once: no single list of labels
    if example is None:
        if signature is None:
            if hasattr(model, "feature_names_in_") or not hasattr(model, "n_features_in_"):
                raise Invalid(
                    f"This {type(model).__name__} takes named columns, and their types are not known. "
                    "Pass input_example=table.head(1000)",
                    field="input_example",
                )
            signature = floats(int(model.n_features_in_))
            zeros = from_columns(signature, {column.name: np.zeros(1) for column in signature.inputs})
            signature = msgspec.structs.replace(signature, outputs=outputs_of(signature, ask(model, signature, zeros)))
        return msgspec.structs.replace(signature, classes=signature.classes or classes), []
    inferred = signature or infer_inputs(example)
    columns, _ = columns_of(example)
    columns = {key: values[:CHECK_ROWS] for key, values in columns.items()}
    bare = msgspec.structs.replace(
        inferred,
        inputs=[msgspec.structs.replace(c, nullable=c.type in ("float", "string")) for c in inferred.inputs],
        classes=inferred.classes or classes,
    )
    batch = from_columns(bare, columns)
    if not batch.rows:
        raise Invalid("The input example has no rows. Give some rows of the training table", field="input_example")
    answers = ask(model, bare, batch)
    checks = [(batch, answers)]
    if signature is None:
        nullable, probes = _probe_missing(model, bare, batch)
        checks += probes
        bare = msgspec.structs.replace(
            bare, inputs=[msgspec.structs.replace(c, nullable=c.name in nullable) for c in bare.inputs]
        )
    else:
        bare = msgspec.structs.replace(bare, inputs=signature.inputs)
    return msgspec.structs.replace(bare, outputs=outputs_of(bare, answers)), checks


def _probe_missing(model: Any, signature: Signature, batch: Batch) -> tuple[set[str], list[tuple[Batch, Answers]]]:
    """The columns where the model answers though a value is missing, with those answers; tried on a few rows."""
    nullable: set[str] = set()
    probes: list[tuple[Batch, Answers]] = []
    few = {c.name: values[:EXAMPLE_ROWS] for c, values in zip(signature.inputs, batch.columns(), strict=True)}
    for column in signature.inputs[:PROBED_COLUMNS]:
        if column.type not in ("float", "string"):
            continue
        values = few[column.name]
        gap = np.full(len(values), np.nan) if column.type == "float" else np.full(len(values), None, dtype=object)
        probe = from_columns(signature, {**few, column.name: gap})
        try:
            probes.append((probe, ask(model, signature, probe)))
        except Exception:  # whatever it raises, it does not bear a missing value there
            continue
        nullable.add(column.name)
    return nullable, probes


def _formats(
    model: Any, signature: Signature, checks: list[tuple[Batch, Answers]], wanted: str, allow_pickle: bool
) -> tuple[list[FormatFile], dict[str, Any], dict[str, str]]:
    files: list[FormatFile] = []
    contents: dict[str, Any] = {}
    not_kept: dict[str, str] = {}
    if wanted in ("auto", "onnx"):
        try:
            if not checks:
                raise Invalid("Without input_example a conversion to ONNX cannot be held against the original")
            made = onnx_file.convert(model, signature, checks)
            contents["model.onnx"] = made.data
            files.append(
                FormatFile(
                    format="onnx",
                    path="model.onnx",
                    layout=made.layout,
                    max_difference=made.max_difference,
                    rows_checked=made.rows_checked,
                )
            )
        except TenfoldError as error:
            not_kept["onnx"] = error.message
    if wanted in ("auto", "skops"):
        try:
            contents["model.skops"] = skops_file.dump(model)
            files.append(FormatFile(format="skops", path="model.skops"))
        except TenfoldError as error:
            not_kept["skops"] = error.message
    if not files and allow_pickle and wanted in ("auto", "pickle"):
        contents["model.pkl"] = pickle.dumps(model, protocol=5)
        files.append(FormatFile(format="pickle", path="model.pkl"))
    if not files:
        why = "; ".join(f"{kind}: {reason}" for kind, reason in not_kept.items()) or "pickle is not allowed"
        raise Invalid(
            f"A {type(model).__name__} cannot be saved in a safe format ({why}). Pass allow_pickle=True to keep it as "
            "a pickle, which runs code when it is loaded",
            field="format",
        )
    return files, contents, not_kept


def _metadata(said: Manifest, metrics: Mapping[str, float] | None, own: Mapping[str, Any] | None) -> dict[str, Any]:
    onnx = said.find("onnx")
    ours: dict[str, Any] = {
        "flavour": said.flavour,
        "estimator": said.estimator,
        "task": said.task,
        "formats": [file.format for file in said.files],
        "served_as": said.files[0].format,
        "signature": msgspec.to_builtins(said.signature),
        "requirements": said.requirements,
        "python": said.python,
    }
    if onnx is not None:
        ours["max_difference"] = onnx.max_difference
    if said.not_kept:
        ours["not_kept"] = said.not_kept
    if metrics:
        ours["metrics"] = {key: float(value) for key, value in metrics.items()}
    if taken := sorted(ours.keys() & (own or {}).keys()):
        raise Invalid(f"The metadata key {taken[0]!r} is Tenfold's own. Choose another", field="metadata")
    return ours | dict(own or {})


def _example(signature: Signature, batch: Batch) -> bytes:
    rows = zip(*(values[:EXAMPLE_ROWS].tolist() for values in batch.columns()), strict=True)
    names = [column.name for column in signature.inputs]
    return msgspec.json.encode({"columns": names, "data": [list(row) for row in rows]})


def _estimator(model: Any) -> str:
    steps = getattr(model, "steps", None)
    last = steps[-1][1] if steps else model
    return type(last).__name__ if steps is None else f"{type(model).__name__}({type(last).__name__})"


def _task(model: Any) -> Literal["classifier", "regressor", "other"]:
    from sklearn.base import is_classifier, is_regressor

    return "classifier" if is_classifier(model) else "regressor" if is_regressor(model) else "other"
