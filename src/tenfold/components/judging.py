"""Whether a new model may serve: `evaluate` it beside the `champion`, `bless` it by rules, `push` it to the alias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.components.frames import as_polars
from tenfold.components.training import judge, load_used
from tenfold.components.within import within_run
from tenfold.evaluation import Rule
from tenfold.pipelines import step


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A model and the one it is to replace, judged on the same rows: addresses of both and of their evaluations."""

    model: str
    evaluation: str
    metrics: dict[str, float]
    baseline: str | None = None
    baseline_evaluation: str | None = None
    baseline_metrics: dict[str, float] = {}


class Blessing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a model may serve, and why."""

    model: str
    passed: bool
    reasons: list[str]
    evaluation: str = ""
    metrics: dict[str, float] = {}


@step(cache=False)
def champion(name: str, unless: str | None = None, alias: str = "champion") -> str | None:
    """Address of the version of `model:<name>` that an alias names now; None when there is none.

    Args:
        unless: Address of a model: None also when the alias names that one. A model found in the cache is not held
            against itself.
    """
    from tenfold.contracts import resolve
    from tenfold.workspace import current

    try:
        found = resolve(current().stores, f"model:{name}@{alias}")
    except VersionNotFound:
        return None
    return None if found.address == unless else found.address


@step
def evaluate(
    model: str,
    table: Any,
    label: str,
    slices: Sequence[str] = (),
    baseline: str | None = None,
    name: str = "",
    min_slice: int = 50,
    bootstrap: int = 0,
) -> Judged:
    """Judge a kept model, and a baseline, on the same raw rows, overall and by slices; the evaluations are kept.

    Args:
        slices: Columns whose values are judged apart.
        baseline: The model to beat, as `champion` gives it.
        name: Of the evaluations; the model's when not given.
    """
    frame = as_polars(table)
    if strangers := [column for column in slices if column not in frame.columns]:
        raise Invalid(f"The table has no column {strangers[0]!r} to slice by", field="slices")
    options = {"slices": frame.select(slices) if slices else None, "min_slice": min_slice, "bootstrap": bootstrap}
    with within_run("evaluate", kind="evaluation") as run:
        address, metrics = _judge(run, model, frame, label, name, options)
        run.log(metrics)
        before, before_metrics = (None, {}) if baseline is None else _judge(run, baseline, frame, label, name, options)
    return Judged(
        model=model, evaluation=address, metrics=metrics, baseline=baseline, baseline_evaluation=before,
        baseline_metrics=before_metrics,
    )  # fmt: skip


@step
def bless(judged: Judged, rules: Sequence[Rule]) -> Blessing:
    """Hold what `evaluate` found to rules; the verdict is written on the model's version, also when it did not pass.

    Rules with `not_worse_by` compare with the baseline; `first="pass"` lets a first model through.
    """
    from tenfold.contracts import resolve
    from tenfold.evaluation import gate, load_evaluation
    from tenfold.models import set_verdict
    from tenfold.workspace import current

    stores = current().stores
    with within_run("bless", kind="evaluation") as run:
        judged_in = run.use(judged.evaluation, role="evaluation").version
        candidate = load_evaluation(stores, judged_in)
        before = None
        if judged.baseline_evaluation is not None:
            before = load_evaluation(stores, run.use(judged.baseline_evaluation, role="baseline").version)
    verdict = gate(candidate, before, list(rules))
    said = {
        "passed": verdict.passed,
        "reasons": verdict.reasons,
        "evaluation": judged_in.id,
        "metrics": judged.metrics,
    }
    set_verdict(stores, resolve(stores, judged.model).id, said)
    print("\n".join([f"{judged.model} {'is blessed' if verdict.passed else 'is not blessed'}", *verdict.reasons]))  # noqa: T201 - a step's log
    return Blessing(
        model=judged.model,
        passed=verdict.passed,
        reasons=verdict.reasons,
        evaluation=judged.evaluation,
        metrics=judged.metrics,
    )


@step(cache=False)
def push(blessing: Blessing, alias: str = "champion") -> str | None:
    """Move an alias to a blessed model; what serves the alias goes over to it. Gives its address, None when not blessed.

    A model that has the alias already keeps it, and nothing is recorded.
    """
    from tenfold.contracts import resolve
    from tenfold.workspace import current
    from tenfold.workspace.registered import RegisteredModel

    if not blessing.passed:
        return None
    stores = current().stores
    version = resolve(stores, blessing.model)
    with within_run("push", kind="deployment") as run:
        run.use(blessing.model, role="model")
        model = RegisteredModel(stores, version.name)
        held = model.aliases().get(alias)
        if held is None or held.version_id != version.id:
            model.set_alias(alias, version.number, who="the gate", why="; ".join(blessing.reasons))
    return blessing.model


def _judge(
    run: Any, model: str, frame: Any, label: str, name: str, options: dict[str, Any]
) -> tuple[str, dict[str, float]]:
    from tenfold.contracts import resolve
    from tenfold.evaluation import record_evaluation
    from tenfold.workspace import current

    stores = current().stores
    found = judge(load_used(model), frame, label, **options)
    version = resolve(stores, model)
    kept = record_evaluation(
        stores, found, name=name or version.name, run_id=run.id, project=run.project, model_version=version
    )
    return kept.address, found.metrics
