"""Reading the prediction log: a deployment's predictions as a table, one prediction by its id."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import NotFound, PredictionNotFound
from tenfold.base.extras import require
from tenfold.contracts import Stores
from tenfold.records import Version
from tenfold.serving import journal
from tenfold.serving.publish import LEADING, TABLE_PATH, outcomes_table, predictions_table

PAGE = 200


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One served prediction. `version_id` is the predictions version it lies in, None while it is still in a journal."""

    prediction_id: str
    deployment: str
    run_id: str
    """The deployment's run."""
    model_version_id: str
    model_number: int
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    at_ms: int
    outcome: float | str | None = None
    outcome_at_ms: int | None = None
    version_id: str | None = None


def predictions(
    stores: Stores,
    deployment: str,
    *,
    since: int | None = None,
    until: int | None = None,
    with_outcomes: bool = True,
    shadow: bool = False,
    log_folder: Path | None = None,
) -> Any:
    """What a deployment answered, as a polars table in order of prediction id.

    Columns: prediction_id, at_ms, model_version_id, model_number, shadow, the inputs, the outputs; with outcomes also
    `outcome` and `outcome_at_ms`, the newest where several came for one prediction, null where none did.

    Args:
        since: UTC ms, inclusive; `until`: exclusive.
        shadow: Also answers of shadow targets.
        log_folder: Where the server keeps its journals, to see also what is not a version yet.

    Raises:
        NotFound: The deployment has no prediction log.
    """
    polars = require("polars", extra="tables", why="read the prediction log")
    live = _journals(deployment, log_folder, "predictions")  # before the versions: what moves between is seen twice
    versions = _versions(stores, "predictions", deployment)
    frames = [_read(stores, version) for version in versions if _overlaps(version, since, until)]
    live = _unpublished(live, versions)
    for _, schemas, blocks, _ in live:
        if blocks:
            frames.append(predictions_table(schemas, blocks))
    if not frames:
        if not versions and not live:
            raise NotFound(f"No predictions of {deployment!r} are kept. List deployments with: tenfold runs list")
        return polars.DataFrame(schema={"prediction_id": polars.String, "at_ms": polars.Int64})
    table = polars.concat(frames, how="diagonal_relaxed").sort("prediction_id")
    if since is not None:
        table = table.filter(polars.col("at_ms") >= since)
    if until is not None:
        table = table.filter(polars.col("at_ms") < until)
    if not shadow:
        table = table.filter(~polars.col("shadow"))
    if not with_outcomes:
        return table
    known = outcomes(stores, deployment, log_folder=log_folder)
    return table.join(known, on="prediction_id", how="left", maintain_order="left")


def outcomes(
    stores: Stores, deployment: str, *, log_folder: Path | None = None, prediction_id: str | None = None
) -> Any:
    """Known outcomes of a deployment: prediction_id, outcome, outcome_at_ms; one row a prediction, the newest.

    With `prediction_id` only those of one prediction, without reading what cannot hold it.
    """
    polars = require("polars", extra="tables", why="read the outcomes")
    live = _journals(deployment, log_folder, "outcomes")
    versions = _versions(stores, "outcomes", deployment)
    frames = [_read(stores, version) for version in versions if _may_hold(version, prediction_id)]
    for _, _, _, parts in _unpublished(live, versions):
        if parts:
            frames.append(outcomes_table(parts))
    if not frames:
        return polars.DataFrame(
            schema={"prediction_id": polars.String, "outcome": polars.Float64, "outcome_at_ms": polars.Int64}
        )
    table = polars.concat(frames, how="vertical_relaxed").sort("at_ms", maintain_order=True)
    if prediction_id is not None:
        table = table.filter(polars.col("prediction_id") == prediction_id)
    table = table.unique("prediction_id", keep="last", maintain_order=True)
    return table.rename({"value": "outcome", "at_ms": "outcome_at_ms"})


def find_prediction(stores: Stores, prediction_id: str, *, log_folder: Path | None = None) -> PredictionRecord:
    """One prediction by its id, with its outcome when it is known.

    Raises:
        PredictionNotFound: It was not served from this store, was not sampled, or is in a journal not looked into.
    """
    if not ids.is_id(prediction_id):
        raise PredictionNotFound(f"{prediction_id!r} is no prediction id: those have 26 characters")
    polars = require("polars", extra="tables", why="read the prediction log")
    made_at = ids.time_ms(prediction_id)
    live = _journals(None, log_folder, "predictions")
    for version in _versions(stores, "predictions", None, made_at_ms=made_at):
        if _may_hold(version, prediction_id):
            table = _scan(stores, version).filter(polars.col("prediction_id") == prediction_id).collect()
            if table.height:
                return _record(stores, table, version.name, version.run_id or "", version.id, log_folder)
    for header, schemas, blocks, _ in live:
        mine = [b for b in blocks if b.first_id <= prediction_id and prediction_id in journal.block_ids(b)]
        if mine:
            table = predictions_table(schemas, mine).filter(polars.col("prediction_id") == prediction_id)
            return _record(stores, table, header.deployment, header.run_id, None, log_folder)
    raise PredictionNotFound(
        f"No prediction {prediction_id} is kept. It may not have been sampled, or its server keeps it in a journal: "
        "stop the server, or try again in a minute"
    )


def _record(
    stores: Stores, table: Any, deployment: str, run_id: str, version_id: str | None, log_folder: Path | None
) -> PredictionRecord:
    row = table.filter(~table["shadow"]).row(0, named=True) if (~table["shadow"]).any() else table.row(0, named=True)
    model = stores.versions.get([row["model_version_id"]])[0]
    given = [column["name"] for column in model.metadata.get("signature", {}).get("outputs", [])]
    values = {key: value for key, value in row.items() if key not in LEADING}
    outputs = {key: value for key, value in values.items() if any(key == n or key.startswith(f"{n}_") for n in given)}
    told = outcomes(stores, deployment, log_folder=log_folder, prediction_id=row["prediction_id"])
    outcome = told.row(0, named=True) if told.height else {}
    return PredictionRecord(
        prediction_id=row["prediction_id"],
        deployment=deployment,
        run_id=run_id,
        model_version_id=row["model_version_id"],
        model_number=row["model_number"],
        inputs={key: value for key, value in values.items() if key not in outputs},
        outputs=outputs,
        at_ms=row["at_ms"],
        outcome=outcome.get("outcome"),
        outcome_at_ms=outcome.get("outcome_at_ms"),
        version_id=version_id,
    )


def _versions(stores: Stores, kind: str, name: str | None, *, made_at_ms: int | None = None) -> list[Version]:
    """Newest first; those published before a moment cannot hold what was answered at it."""
    found: list[Version] = []
    while True:
        page = stores.versions.search(kind, name, offset=len(found), limit=PAGE)
        found += page
        if len(page) < PAGE or (made_at_ms is not None and page[-1].created_at_ms < made_at_ms):
            return found


def _may_hold(version: Version, prediction_id: str | None) -> bool:
    if prediction_id is None:
        return True
    first, last = version.metadata.get("first_id", ""), version.metadata.get("last_id", "")
    return bool(first <= prediction_id <= last)


def _overlaps(version: Version, since: int | None, until: int | None) -> bool:
    first, last = version.metadata.get("first_at_ms", 0), version.metadata.get("last_at_ms", 1 << 62)
    return (since is None or last >= since) and (until is None or first < until)


def _read(stores: Stores, version: Version) -> Any:
    polars = require("polars", extra="tables", why="read the prediction log")
    return polars.read_parquet(io.BytesIO(_bytes(stores, version)))


def _scan(stores: Stores, version: Version) -> Any:
    polars = require("polars", extra="tables", why="read the prediction log")
    return polars.scan_parquet(io.BytesIO(_bytes(stores, version)))


def _bytes(stores: Stores, version: Version) -> bytes:
    entry = stores.blobs.find_entry(version.digest, TABLE_PATH[version.kind])
    if entry is None:
        raise NotFound(f"{version.address} has no {TABLE_PATH[version.kind]}")
    return stores.blobs.get_bytes(entry.digest)


def _journals(deployment: str | None, folder: Path | None, kind: str) -> list[Any]:
    """Contents of the journals there are, (header, schemas, blocks, outcomes) each."""
    if folder is None:
        return []
    found = []
    for path in sorted(folder.glob(f"{deployment or '*'}/{kind}-*{journal.SUFFIX}")):
        try:
            content = journal.read(path)
        except FileNotFoundError:  # it became a version meanwhile
            continue
        if content[0] is not None:
            found.append(content)
    return found


def _unpublished(live: list[Any], versions: list[Version]) -> list[Any]:
    published = {version.id for version in versions}
    return [content for content in live if content[0].draft_id not in published]
