"""Two small pipelines that `seed_store.py` runs, so that the pages have graphs with real states, logs and values."""

from __future__ import annotations

from tenfold.pipelines import fixed, pipeline, step
from tenfold.pipelines.authoring.building import Handle


@step
def prepare(data: str, month: int) -> dict[str, int]:
    print(f"prepare: {data} up to month {month}")
    return {"rows": 24_951 + month, "month": month}


@step(outputs=("training", "holdout"))
def split(table: dict[str, int], seed: int = 7) -> tuple[dict[str, int], dict[str, int]]:
    print(f"split: {table['rows']} rows with seed {seed}")
    return {"rows": table["rows"] * 3 // 4}, {"rows": table["rows"] // 4}


@step
def train(kind: str, rows: dict[str, int]) -> dict[str, float | str]:
    print("".join(f"{kind}: epoch {n} of 3, loss {1 / (n + 1):.3f}\n" for n in range(3)), end="")
    return {"kind": kind, "roc_auc": 0.6 + len(kind) / 100}


@step
def evaluate(models: list[dict[str, float | str]], holdout: dict[str, int]) -> dict[str, float | str]:
    print(f"evaluate: {len(models)} models on {holdout['rows']} rows")
    return max(models, key=lambda one: one["roc_auc"])


@step
def gate(best: dict[str, float | str], floor: float) -> dict[str, float | str]:
    if float(best["roc_auc"]) < floor:
        raise ValueError(f"roc_auc {best['roc_auc']} is below {floor}")
    return best


@step
def register(best: dict[str, float | str]) -> str:
    print(f"register: {best['kind']}")
    return "model:delay"


@step
def score(part: int) -> int:
    return part * 3


@pipeline
def training(data: str = "data:flights@main", month: int = 3, floor: float = 0.65) -> Handle:
    parts = split(prepare(data, month))
    models = train.map(["logistic", "tree", "boosting"], rows=fixed(parts["training"]))
    return register(gate(evaluate(models, parts["holdout"]), floor))


@pipeline
def scoring(parts: int = 40) -> Handle:
    return score.map(list(range(parts)))
