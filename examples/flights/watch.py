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
from tenfold.monitoring import Action, Condition, alarms, read_monitors

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


ARRIVALS = tenfold.Monitor(
    name="arrivals",
    project="flights",
    target="data:flights@main/flights/2013-12.parquet",
    reference="data:flights@v1/flights/2013-01.parquet",
    schema="schema:flights",
    correction="holm",
    tests=[Condition(score="drift_share", lt=0.8)],
    actions=[Action(block="model:delay")],
)
"""Declared in Python; `answers` is in monitors.yaml. While its alarm is open no new champion comes without a reason."""


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


def declare() -> None:
    """Put the declared monitors in force; again with the same ones changes nothing."""
    for monitor in [*read_monitors("monitors.yaml"), ARRIVALS]:
        tenfold.apply_monitor(monitor)


def look(name: str) -> list[str]:
    """Let a declared monitor look at what is new; gives a line a check, and one for each alarm that is open."""
    said = []
    for run in tenfold.check_monitor(name):
        scores = {key: run.result["scores"].get(key) for key in ("estimated.roc_auc", "quality.roc_auc", "anomalies")}
        told = ", ".join(f"{key} {value:.3g}" for key, value in scores.items() if value is not None)
        said.append(f"{name}, {run.result['window']}: {told}; {run.result['status']}")
    return said + [
        f"{name}: open alarm: {alarm.text}" for alarm in alarms(tenfold.current().stores, name, only_open=True)
    ]


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
