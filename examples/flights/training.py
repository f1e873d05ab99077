"""The training pipeline: prepare, split, train three candidates, evaluate on slices, gate, register.

Run it alone with: tenfold run training.py:training --param 'months=["2013-01", "2013-02", "2013-03"]'
"""

from __future__ import annotations

import features
import polars as pl

import tenfold
from tenfold.base.errors import CheckFailed

KINDS = ["logistic", "boosting", "forest"]
RULES = [
    tenfold.Rule("roc_auc", at_least=0.6),
    tenfold.Rule("roc_auc", at_least=0.5, slice="origin"),
    tenfold.Rule("roc_auc", not_worse_by=0.0, first="pass"),
]


@tenfold.step(retries=1)
def prepare(data: str, months: list[str]) -> pl.DataFrame:
    """Join flights, weather and planes of some months into one table of features."""
    raw = tenfold.active_run().use(data, role="raw")
    flights, weather = (
        pl.concat([pl.read_parquet(raw.path(f"{table}/{month}.parquet")) for month in months])
        for table in ("flights", "weather")
    )
    return features.build(flights, weather, pl.read_parquet(raw.path("planes.parquet")))


@tenfold.step(outputs=("train", "validation", "holdout"))
def split(table: pl.DataFrame, seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Half of the newest month for the gate, which neither champion nor challenger has seen; a tenth of the rest to
    watch while training."""
    newest = table.filter(pl.col("month") == table["month"].max()).sample(fraction=1.0, shuffle=True, seed=seed)
    older = table.filter(pl.col("month") < table["month"].max())
    holdout, kept = newest[: len(newest) // 2], newest[len(newest) // 2 :]
    rows = pl.concat([older, kept]).sample(fraction=1.0, shuffle=True, seed=seed)
    watched = len(rows) // 10
    return rows[watched:], rows[:watched], holdout


@tenfold.step(retries=2, retry_delay_s=0.5, timeout_s=120)
def train(kind: str, rows: pl.DataFrame, validation: pl.DataFrame) -> str:
    """Fit one candidate, logging its scores as it grows; gives the address of the saved model."""
    from candidates import fit

    run = tenfold.active_run()
    model = fit(kind, rows, validation, log=lambda scores, step: run.log(scores, step=step))
    example = rows.select(features.FEATURES).head(500)
    return run.save_model(model, name=f"delay-{kind}", input_example=example, message=f"candidate {kind}").address


@tenfold.step
def evaluate(model: str, holdout: pl.DataFrame) -> str:
    """Score a model on the holdout, overall and by airline and airport; gives the address of the evaluation."""
    run = tenfold.active_run()
    scores = tenfold.load_model(model).predict_proba(holdout.select(features.FEATURES))[:, 1]
    result = tenfold.evaluate(
        holdout[features.LABEL].to_numpy(),
        y_score=scores,
        slices=holdout.select("carrier", "origin", "dest"),
        min_slice=200,
    )
    run.log({"holdout_auc": result.metrics["roc_auc"], "holdout_log_loss": result.metrics["log_loss"]})
    return tenfold.record_evaluation(result, name="delay", model=model).address


@tenfold.step
def gate(models: list[str], evaluations: list[str], champion: str | None) -> dict:
    """Choose the best candidate and hold it against the champion on the same holdout."""
    judged = [tenfold.load_evaluation(address) for address in evaluations]
    best = max(range(len(judged)), key=lambda i: judged[i].metrics["roc_auc"])
    before = tenfold.load_evaluation(champion) if champion else None
    verdict = tenfold.gate(judged[best], before, RULES)
    auc = judged[best].metrics["roc_auc"]
    said = f"AUC {auc:.3f} on its holdout; there is no champion yet"
    if before:
        said = f"AUC {auc:.3f} against the champion's {before.metrics['roc_auc']:.3f} on the same holdout"
    return {
        "model": models[best],
        "passed": verdict.passed,
        "reasons": [said, *([] if verdict.passed else verdict.reasons)],
        "evaluation": evaluations[best],
        "metrics": judged[best].metrics,
    }


@tenfold.step
def register(verdict: dict, months: list[str]) -> dict:
    """Record the winner as the next version of `delay`; `champion` moves to it when the gate passed."""
    delay = tenfold.model("delay")
    version = delay.register(verdict["model"], message=f"{months[0]} to {months[-1]}", verdict=verdict)
    if verdict["passed"]:
        try:
            delay.set_alias("champion", version.number, who="the gate", why="; ".join(verdict["reasons"]))
        except CheckFailed as held:  # a monitor's open alarm holds promotions back
            verdict = {**verdict, "passed": False, "reasons": [str(held)]}
    return {**verdict, "model": version.address}


@tenfold.pipeline
def training(data: str, months: list[str], champion: str = "") -> dict:
    """From raw months to a registered model; `champion` is the model to beat, if there is one."""
    parts = split(prepare(data, months))
    models = train.map(KINDS, tenfold.fixed(parts["train"]), tenfold.fixed(parts["validation"]))
    evaluations = evaluate.map(models, tenfold.fixed(parts["holdout"]))
    before = evaluate(champion, parts["holdout"]) if champion else None
    return register(gate(models, evaluations, before), months)
