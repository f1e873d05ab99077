"""Saving a model: in every safe format that gives the same answers, with what a server must know to ask it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base import clock, ids
from tenfold.base.addresses import check_name
from tenfold.base.errors import Invalid, TenfoldError
from tenfold.contracts import Stores
from tenfold.models import manifest as manifests
from tenfold.models.answers import outputs_of
from tenfold.models.columns import Batch, any_row, from_columns
from tenfold.models.flavours import flavour_of
from tenfold.models.flavours.flavour import About, Check, Flavour, Writing
from tenfold.models.manifest import RUNS_CODE, Format, FormatFile, Manifest
from tenfold.models.signature import EXAMPLE_ROWS, columns_of, infer_inputs
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
    format: Literal["auto"] | Format = "auto",
) -> Version:
    """Keep a fitted model as the next version of `model:<name>`, in every format that holds it and runs no code.

    A model is an estimator or pipeline of scikit-learn, of XGBoost, LightGBM or CatBoost, a result of statsmodels, a
    module of PyTorch, a model of Keras or transformers, or a Python function or class that predicts. Each format's
    answers are held against the original's on the input example. A pickle is written only when none holds and it is
    allowed; a function's source always, and whoever loads either must allow it.

    Args:
        run_id: The run that made it; gets the edge "produced", role 'model'.
        input_example: Rows as the model was trained on: a data frame, dict of columns, list of dicts or array; arrays
            of more than two dimensions, or several by name, for networks. Up to 5,000 are checked, 5 are kept. Without
            it there is no ONNX, and named columns need `signature`.
        metrics: Shown beside the version, and compared by `compare`.
        allow_pickle: Take formats that run code when they are loaded. Whoever loads it must allow it too.
        format: Insist on one format.

    Raises:
        Invalid: No format holds; the message says why for each and what to do.
    """
    check_name(name)
    flavour = flavour_of(model)
    about = flavour.about(model)
    described, checks = _describe(model, flavour, about, input_example, signature)
    with TemporaryDirectory(prefix="tenfold-model-") as folder:
        writing = Writing(about, described, checks, Path(folder))
        files, contents, not_kept = _formats(model, flavour, writing, format, allow_pickle)
        said = Manifest(
            flavour=flavour.name,
            estimator=about.estimator,
            task=about.task,
            signature=described,
            files=files,
            not_kept=not_kept,
            requirements=manifests.requirements(flavour.requires),
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
        type=f"model/{flavour.name}",
        metadata=_metadata(said, metrics, metadata),
        message=message,
        run_id=run_id,
        role="model",
        created_at_ms=clock.now_ms(),
    )
    return stores.versions.publish([draft])[0]


def _describe(
    model: Any, flavour: Flavour, about: About, example: Any, signature: Signature | None
) -> tuple[Signature, list[Check]]:
    """The whole signature, and inputs with the original's answers to hold conversions against."""
    if example is None:
        return _without_example(model, flavour, about, signature), []
    inferred = signature or infer_inputs(example)
    columns, _ = columns_of(example)
    columns = {key: values[:CHECK_ROWS] for key, values in columns.items()}
    bare = msgspec.structs.replace(
        inferred,
        inputs=[
            msgspec.structs.replace(c, nullable=c.type in ("float", "string") and not c.shape) for c in inferred.inputs
        ],
        classes=inferred.classes or about.classes,
    )
    batch = from_columns(bare, columns)
    if not batch.rows:
        raise Invalid("The input example has no rows. Give some rows of the training table", field="input_example")
    answers = flavour.ask(model, bare, batch)
    checks = [(batch, answers)]
    nullable: set[str] = set()
    if signature is not None:
        bare = msgspec.structs.replace(bare, inputs=signature.inputs)
    else:
        if flavour.bears_gaps:
            nullable, probes = _probe_missing(model, flavour, bare, batch)
            checks += probes
        bare = msgspec.structs.replace(
            bare, inputs=[msgspec.structs.replace(c, nullable=c.name in nullable) for c in bare.inputs]
        )
    return msgspec.structs.replace(bare, outputs=outputs_of(bare, answers)), checks


def _without_example(model: Any, flavour: Flavour, about: About, signature: Signature | None) -> Signature:
    if signature is None:
        if about.inputs is None:
            raise Invalid(
                f"What a {about.estimator} takes is not known: names and types of its columns. "
                "Pass input_example=table.head(1000)",
                field="input_example",
            )
        signature = about.inputs
        if signature.inputs:  # one row of anything shows what comes out
            nothing = any_row(signature)
            signature = msgspec.structs.replace(signature, classes=about.classes)
            answers = flavour.ask(model, signature, nothing)
            signature = msgspec.structs.replace(signature, outputs=outputs_of(signature, answers))
    return msgspec.structs.replace(signature, classes=signature.classes or about.classes)


def _probe_missing(model: Any, flavour: Flavour, signature: Signature, batch: Batch) -> tuple[set[str], list[Check]]:
    """The columns where the model answers though a value is missing, with those answers; tried on a few rows."""
    nullable: set[str] = set()
    probes: list[Check] = []
    few = {c.name: values[:EXAMPLE_ROWS] for c, values in zip(signature.inputs, batch.columns(), strict=True)}
    for column in signature.inputs[:PROBED_COLUMNS]:
        if column.type not in ("float", "string") or column.shape:
            continue
        values = few[column.name]
        gap = np.full(len(values), np.nan) if column.type == "float" else np.full(len(values), None, dtype=object)
        probe = from_columns(signature, {**few, column.name: gap})
        try:
            probes.append((probe, flavour.ask(model, signature, probe)))
        except Exception:  # whatever it raises, it does not bear a missing value there
            continue
        nullable.add(column.name)
    return nullable, probes


def _formats(
    model: Any, flavour: Flavour, writing: Writing, wanted: str, allow_pickle: bool
) -> tuple[list[FormatFile], dict[str, Any], dict[str, str]]:
    files: list[FormatFile] = []
    contents: dict[str, Any] = {}
    not_kept: dict[str, str] = {}
    for kind, write in flavour.write.items():
        if wanted not in ("auto", kind) or (kind in RUNS_CODE and kind != "source" and not allow_pickle):
            continue
        if kind == "pickle" and files:
            continue
        try:
            written = write(model, writing)
        except TenfoldError as error:
            not_kept[kind] = error.message
            continue
        except Exception as error:  # a library may raise anything at all; the reason stands in the manifest
            not_kept[kind] = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}"
            continue
        files.append(written.file)
        contents |= written.contents
    if not files:
        why = "; ".join(f"{tried}: {reason}" for tried, reason in not_kept.items())
        why = why or ("pickle is not allowed" if wanted in flavour.write else f"there is no {wanted} of it")
        cure = "Pass allow_pickle=True to keep it as a pickle, which runs code when it is loaded"
        if "pickle" not in flavour.write or allow_pickle:
            cure = "Save another part of it, or a function that calls it"
        raise Invalid(f"{writing.about.estimator} cannot be saved in a safe format ({why}). {cure}", field="format")
    return files, contents, not_kept


def _metadata(said: Manifest, metrics: Mapping[str, float] | None, own: Mapping[str, Any] | None) -> dict[str, Any]:
    first = said.files[0]
    ours: dict[str, Any] = {
        "flavour": said.flavour,
        "estimator": said.estimator,
        "task": said.task,
        "formats": [file.format for file in said.files],
        "served_as": first.format,
        "signature": msgspec.to_builtins(said.signature),
        "requirements": said.requirements,
        "python": said.python,
    }
    if first.max_difference is not None:
        ours["max_difference"] = first.max_difference
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
