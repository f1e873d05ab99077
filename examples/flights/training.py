"""The training pipeline: prepare, split, train three candidates, evaluate on slices, gate, register.

Run it alone with: tenfold run training.py:training --param months=2013-01,2013-02,2013-03
"""

from __future__ import annotations

import features
import polars as pl

import tenfold

KINDS = ["logistic", "boosting", "forest"]
RULES = [
    tenfold.Rule("roc_auc", at_least=0.6),
    tenfold.Rule("roc_auc", not_worse_than_champion=0.0, first="pass"),
]


@tenfold.step(cache=True, retries=1)
def prepare(data: str, months: list[str]) -> pl.DataFrame:
    """Join flights, weather and planes of some months into one table of features."""
    dataset = tenfold.active_run().use(data, role="raw")
    flights, weather = (
        pl.concat([pl.read_parquet(dataset.path(f"{table}/{month}.parquet")) for month in months])
        for table in ("flights", "weather")
    )
    return features.build(flights, weather, pl.read_parquet(dataset.path("planes.parquet")))


@tenfold.step(outputs=("train", "validation", "holdout"))
def split(table: pl.DataFrame, seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Shuffle; 70 % to train on, 10 % to watch while training, 20 % that no model sees before the gate."""
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=seed)
    first, second = int(0.7 * len(shuffled)), int(0.8 * len(shuffled))
    return shuffled[:first], shuffled[first:second], shuffled[second:]


@tenfold.step(retries=2, retry_delay_s=0.5, timeout_s=120)
def train(kind: str, train: pl.DataFrame, validation: pl.DataFrame) -> str:
    """Fit one candidate, logging its score as it grows; gives the address of the saved model."""
    from candidates import fit

    run = tenfold.active_run()
    model = fit(kind, train, validation, log=lambda scores, step: run.log(scores, step=step))
    saved = run.save_model(
        model,
        name=f"delay-{kind}",
        input_example=train.select(features.FEATURES).head(200),
        message=f"candidate {kind}",
    )
    return saved.address


@tenfold.step
def evaluate(model: str, holdout: pl.DataFrame) -> dict:
    """Score a model on the holdout, overall and by airline and airport."""
    loaded = tenfold.load_model(model)
    run = tenfold.active_run()
    run.use(model, role="model")
    result = tenfold.evaluate(
        holdout[features.LABEL].to_numpy(),
        y_score=loaded.predict_proba(holdout.select(features.FEATURES))[:, 1],
        slices={"carrier": holdout["carrier"].to_list(), "origin": holdout["origin"].to_list()},
    )
    run.log({"holdout_auc": result.metrics["roc_auc"], "holdout_log_loss": result.metrics["log_loss"]})
    return {"model": model, "evaluation": tenfold.to_dict(result)}


@tenfold.step
def gate(candidates: list[dict], champion: dict | None) -> dict:
    """Choose the best candidate and hold it against the champion on the same holdout."""
    best = max(candidates, key=lambda one: one["evaluation"]["metrics"]["roc_auc"])
    verdict = tenfold.gate(best["evaluation"], champion and champion["evaluation"], RULES)
    return {"model": best["model"], "passed": verdict.passed, "reasons": verdict.reasons, "best": best["evaluation"]}


@tenfold.step
def register(verdict: dict, months: list[str]) -> dict:
    """Record the winner as the next version of `delay`; move `champion` to it when the gate passed."""
    run = tenfold.active_run()
    run.use(verdict["model"], role="candidate")
    delay = tenfold.model("delay")
    version = delay.register(
        verdict["model"], run_id=run.id, message=f"trained on {months[0]} to {months[-1]}", verdict=verdict
    )
    if verdict["passed"]:
        delay.set_alias("champion", version, who="the gate", why="; ".join(verdict["reasons"]))
    return {"model": version.address, "passed": verdict["passed"], "reasons": verdict["reasons"]}


@tenfold.pipeline
def training(
    data: str = "data:flights@main", months: list[str] = ("2013-01", "2013-02", "2013-03"), champion: str = ""
):
    """From raw months to a registered model."""
    table = prepare(data, months)
    parts = split(table)
    models = train.map(KINDS, tenfold.fixed(parts["train"]), tenfold.fixed(parts["validation"]))
    scores = evaluate.map(models, tenfold.fixed(parts["holdout"]))
    ours = evaluate(champion, parts["holdout"]) if champion else None
    return register(gate(scores, ours), months)
