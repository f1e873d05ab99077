"""From journals to versions: what was appended becomes a table in the store that monitoring, `why` and people read."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.base import clock
from tenfold.base.errors import RunNotFound
from tenfold.base.extras import require
from tenfold.contracts import Stores
from tenfold.records import Draft, Version
from tenfold.serving import journal
from tenfold.serving.journal import Block, Outcomes, Schema

LEADING = ("prediction_id", "at_ms", "model_version_id", "model_number", "shadow")
"""First columns of a predictions table; the model's inputs and outputs follow under their own names."""

TABLE_PATH = {"predictions": "predictions.parquet", "outcomes": "outcomes.parquet"}


def publish(stores: Stores, path: Path) -> Version | None:
    """Make a journal the next version of its deployment's log, then remove the file; None when it held no row.

    Called again after being killed anywhere in between it gives the same version. Nobody may append any more.
    """
    header, schemas, blocks, outcomes = journal.read(path)
    table: Any = None
    if header is not None and header.kind == "predictions" and blocks:
        table = predictions_table(schemas, blocks)
    elif header is not None and header.kind == "outcomes" and outcomes:
        table = outcomes_table(outcomes)
    version = None
    if header is not None and table is not None:
        where = io.BytesIO()
        table.write_parquet(where, compression="zstd", row_group_size=20_000)
        tree = stores.blobs.put_tree({TABLE_PATH[header.kind]: where.getvalue()})
        version = stores.versions.publish(
            [
                Draft(
                    id=header.draft_id,
                    kind=header.kind,
                    name=header.deployment,
                    digest=tree.digest,
                    size_bytes=tree.size_bytes,
                    files=tree.files,
                    type="table",
                    metadata=_metadata(header.kind, table),
                    run_id=header.run_id,
                    role=header.kind,
                    created_at_ms=clock.now_ms(),
                )
            ]
        )[0]
    path.unlink(missing_ok=True)
    return version


def publish_orphans(stores: Stores, folder: Path) -> list[Version]:
    """Publish what killed servers left below a folder, and note that they are lost. Living ones are left alone."""
    found = []
    for path, fd in journal.orphans(folder):
        try:
            header = journal.read(path)[0]
            if header is not None:
                _lose(stores, header.run_id)
            if version := publish(stores, path):
                found.append(version)
        finally:
            os.close(fd)
    return found


def _lose(stores: Stores, run_id: str) -> None:
    try:
        stores.runs.transition(run_id, "lost", expect=["created", "running"], at_ms=clock.now_ms())
    except RunNotFound:  # killed before its run was written
        return


def predictions_table(schemas: list[Schema], blocks: list[Block]) -> Any:
    """A polars table of the rows in the order they were answered; columns a model does not have are null there."""
    polars = require("polars", extra="tables", why="keep the prediction log")
    frames, start = [], 0
    while start < len(blocks):  # runs of blocks of one model version become one frame
        stop = start
        while stop < len(blocks) and (blocks[stop].schema, blocks[stop].shadow) == (
            blocks[start].schema,
            blocks[start].shadow,
        ):
            stop += 1
        frames.append(_frame(polars, schemas[blocks[start].schema], blocks[start:stop]))
        start = stop
    return polars.concat(frames, how="diagonal_relaxed", rechunk=True) if len(frames) > 1 else frames[0]


def _frame(polars: Any, schema: Schema, blocks: list[Block]) -> Any:
    record = np.frombuffer(b"".join(block.numbers for block in blocks), dtype=journal.packed(schema.columns))
    rows = [block.rows for block in blocks]
    columns: dict[str, Any] = {
        "prediction_id": [one for block in blocks for one in journal.block_ids(block)],
        "at_ms": np.repeat(np.array([block.at_ms for block in blocks], dtype=np.int64), rows),
        "model_version_id": [schema.version_id] * sum(rows),
        "model_number": np.full(sum(rows), schema.number, dtype=np.int64),
        "shadow": np.full(sum(rows), blocks[0].shadow),
    }
    text = 0
    for at, column in enumerate(schema.columns):
        name = column.name if column.name not in LEADING else f"input_{column.name}"
        if column.type == "string":
            values = [value for block in blocks for value in block.texts[text]]
            columns[name] = polars.Series(values, dtype=polars.String)
            text += 1
        else:
            columns[name] = np.ascontiguousarray(record[f"c{at}"])
    frame = polars.DataFrame(columns)
    return frame.with_columns(polars.selectors.float().fill_nan(None))


def outcomes_table(outcomes: list[Outcomes]) -> Any:
    """A polars table of prediction_id, value (a number, or text when any is), at_ms."""
    polars = require("polars", extra="tables", why="keep the outcomes")
    values = [value for part in outcomes for value in part.values]
    numeric = all(value is None or isinstance(value, (bool, int, float)) for value in values)
    shown = [None if v is None else float(v) if numeric else v if isinstance(v, str) else str(v) for v in values]
    return polars.DataFrame(
        {
            "prediction_id": [one for part in outcomes for one in part.prediction_ids],
            "value": polars.Series(shown, dtype=polars.Float64 if numeric else polars.String),
            "at_ms": [part.at_ms for part in outcomes for _ in part.prediction_ids],
        }
    )


def _metadata(kind: str, table: Any) -> dict[str, Any]:
    said = {
        "rows": table.height,
        "first_id": table["prediction_id"].min(),
        "last_id": table["prediction_id"].max(),
        "first_at_ms": table["at_ms"].min(),
        "last_at_ms": table["at_ms"].max(),
    }
    if kind == "predictions":
        counted = table["model_version_id"].value_counts(sort=True)
        said["model_versions"] = dict(counted.iter_rows())
        said["columns"] = {name: str(dtype) for name, dtype in table.schema.items()}
    return said
