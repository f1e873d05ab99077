"""After the model is served: replay a month as requests, tell the outcomes, check the month, retrain on an alarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import features
import httpx
import polars as pl
from training import training

import tenfold

BATCH = 500
"""Flights in one request."""

MONITOR = tenfold.Monitor(
    name="delay",
    project="flights",
    target="model:delay@champion",
    columns=features.FEATURES,
    share=0.7,
    quality=[tenfold.QualityRule("roc_auc", worse_by=0.08)],
)


@dataclass
class Champion:
    """The model in force, the months it was trained on, and how good it was on its own holdout."""

    model: str
    months: list[str]
    metrics: dict[str, float]


def replay(url: str, rows: pl.DataFrame, *, progress: Callable[[int, int], None]) -> list[str]:
    """Ask the endpoint for a prediction of each flight, in order; gives the prediction ids (rows,)."""
    ids: list[str] = []
    with httpx.Client(base_url=url, timeout=30) as client:
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH].select(features.FEATURES)
            answer = client.post(
                "/invocations", json={"dataframe_split": {"columns": part.columns, "data": part.rows()}}
            )
            answer.raise_for_status()
            ids += answer.json()["prediction_ids"]
            progress(len(ids), len(rows))
    return ids


def tell_outcomes(url: str, ids: list[str], late: list[int]) -> None:
    """The flights have landed: say for each prediction what came true."""
    with httpx.Client(base_url=url, timeout=30) as client:
        for start in range(0, len(ids), 5000):
            pairs = zip(ids[start : start + 5000], late[start : start + 5000], strict=True)
            told = [{"prediction_id": one, "value": value} for one, value in pairs]
            client.post("/outcomes", json={"outcomes": told}).raise_for_status()


def check(
    month: str, table: Callable[[list[str]], pl.DataFrame], champion: Champion, data: str, served: pl.DataFrame
) -> Any:
    """Compare what was asked this month with what the champion was trained on, and its answers with what came true."""
    known = served.filter(pl.col("outcome").is_not_null())
    quality = tenfold.evaluate(known["outcome"].cast(pl.Int64).to_numpy(), y_score=known["probability"].to_numpy())
    result = tenfold.check(
        MONITOR,
        table(champion.months).select(features.FEATURES),
        served.select(features.FEATURES),
        reference_quality=champion.metrics,
        current_quality=quality.metrics,
        window=month,
    )
    return tenfold.record_check(MONITOR, result, used={"data": data, "model": champion.model})


def known_check(month: str, data: str, model: str) -> Any | None:
    """The check of this month made before with the same data and model, or None."""
    client = tenfold.Client()
    for run in client.runs(f"tags.monitor = 'delay' and tags.window = '{month}'", kinds=["check"]).items:
        if run.state == "finished" and client.used(run.id) >= {data, model}:
            return run
    return None


def retrain(cause: Any, data: str, months: list[str], champion: Champion) -> tuple[Any, dict]:
    """Start the training pipeline because of a check's alarm; gives the run and the gate's verdict."""
    why = "; ".join(alarm["text"] for alarm in cause.result["alarms"])
    run = tenfold.trigger(
        training, by=cause.result["report"], why=why, data=data, months=months, champion=champion.model
    )
    return run, run.outputs()
