"""A plan carried out: a model or its predictions judged on a dataset, beside a baseline, and the verdict written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid, NotFound
from tenfold.contracts import Stores, resolve
from tenfold.evaluation import Evaluation, Plan, Verdict, evaluate, gate, record_evaluation
from tenfold.evaluation.hints import leaks, overlap
from tenfold.models import load, set_verdict
from tenfold.records import Version

if TYPE_CHECKING:
    import polars as pl

    from tenfold.models import Model

BATCH_ROWS = 65_536
MOST_NOTES = 50


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `verdict` is None when there were no thresholds; `version` when nothing was to be kept."""

    evaluation: Evaluation
    verdict: Verdict | None
    version: Version | None
    model: Version | None
    baseline: Version | None


def carry_out(
    stores: Stores, plan: Plan, *, project: str = "default", keep: bool = True, drop_missing: bool = False,
    allow_pickle: bool = False,
) -> Judged:  # fmt: skip
    """Evaluate, gate, record; a model's verdict becomes the blessing of its version.

    Args:
        keep: Record the evaluation, and the verdict on the model's version.
        drop_missing: Leave out rows without a truth; else they are an error.

    Raises:
        Invalid: The plan names no model, predictions, data or target, or they do not fit each other.
        NotFound: A file, dataset or model is not there. A baseline that is not there is no error: what needs it fails.
    """
    rules = plan.rules()  # what is written wrongly is said before a model is loaded
    if (plan.model is None) == (plan.predictions is None):
        raise Invalid("Name either a model, like model:delay@12, or a table of predictions", field="model")
    if not plan.targets:
        raise Invalid("Say which column is the truth: --target late", field="target")
    model = resolve(stores, plan.model, default_kind="model") if plan.model else None
    told, notes = _judge(stores, plan, model, drop_missing=drop_missing, allow_pickle=allow_pickle)
    evaluation, holdout, baseline = told
    evaluation = msgspec.structs.replace(evaluation, notes=[*evaluation.notes, *notes][:MOST_NOTES])
    verdict = gate(evaluation, None, rules) if rules else None
    version = None
    if keep:
        name = plan.name or (model.name if model else Path(plan.predictions or "").stem)
        version = record_evaluation(
            stores, evaluation, name=name, model_version=model, data_version=holdout, baseline_version=baseline,
            project=project, verdict=verdict,
        )  # fmt: skip
        if verdict is not None and model is not None:
            said = {"passed": verdict.passed, "reasons": verdict.reasons, "evaluation": version.id}
            set_verdict(stores, model.id, said)
    return Judged(evaluation=evaluation, verdict=verdict, version=version, model=model, baseline=baseline)


def table_at(stores: Stores, place: str, columns: set[str] | None = None) -> tuple[pl.DataFrame, Version | None]:
    """A table by path or by a dataset's address, only these columns of those it has; with the dataset's version.

    Raises:
        NotFound: There is neither such a file nor such a dataset.
    """
    from tenfold.data.part import scan_entries, tables_below
    from tenfold.data.referenced import blobs_of
    from tenfold.profiles.tables import scan

    if Path(place).exists() and not place.startswith("data:"):
        lazy = scan(Path(place))
        names = lazy.collect_schema().names()
        return lazy.select([name for name in names if columns is None or name in columns]).collect(), None
    if "/" in place.split("@")[0] or place.lower().endswith((".csv", ".parquet")):
        raise NotFound(f"There is no file {place}. Name a table, or a dataset like data:flights@main", field="data")
    address = parse(place, default_kind="data")
    version = resolve(stores, place, default_kind="data")
    lazy = scan_entries(blobs_of(stores, version), tables_below(stores, version, address.path or ""))
    names = lazy.collect_schema().names()
    return lazy.select([name for name in names if columns is None or name in columns]).collect(), version


def _judge(
    stores: Stores, plan: Plan, model: Version | None, *, drop_missing: bool, allow_pickle: bool
) -> tuple[tuple[Evaluation, Version | None, Version | None], list[str]]:
    loaded = load(stores, model, allow_pickle=allow_pickle) if model else None
    source = plan.predictions if model is None else plan.data
    if source is None:
        raise Invalid("Name the rows to judge it on: --data data:flights@main, or a file", field="data")
    frame, holdout = table_at(stores, source, _needed(plan, loaded))
    for name in [*plan.targets, plan.weight, plan.query]:
        _column(frame, name, source)
    frame, notes = _with_truth(frame, plan.targets, source, drop_missing=drop_missing)
    options: dict[str, Any] = {
        "task": plan.task, "positive": plan.positive, "threshold": plan.threshold, "slices": frame, "by": plan.slices,
        "min_slice": plan.min_slice, "bootstrap": plan.bootstrap, "seed": plan.seed, "fairness": plan.fairness,
        "k": plan.k, "weights": frame[plan.weight].to_numpy() if plan.weight else None,
        "query": frame[plan.query].to_numpy() if plan.query else None,
    }  # fmt: skip
    if len(plan.targets) > 1 or frame[plan.targets[0]].dtype.is_nested():
        options |= {"task": "multilabel", "labels": _labels(frame, plan)}
    before, baseline, said = _baseline(stores, plan, model, frame, options, allow_pickle=allow_pickle)
    answers = _answers_of(loaded, frame, options) if loaded else _answers_in(frame, plan, source, options)
    truth = _values(frame, plan.targets, options)
    found = evaluate(truth, **answers, baseline=before, **options)
    return (found, holdout, baseline), [*notes, *said, *_hints(stores, plan, frame, loaded)]


def _needed(plan: Plan, model: Model | None) -> set[str] | None:
    """The columns a plan reads; None for all, when an expression cannot say which it needs."""
    scores = [plan.score] if isinstance(plan.score, str) else plan.score or []
    named = {*plan.targets, *plan.predictions_in, plan.weight, plan.query, *scores}
    named |= {column.name for column in model.signature.inputs} if model else set()
    for spec in [*plan.slices, *plan.fairness]:
        if spec.lower().startswith("where "):
            return None
        named |= {spec, *(part.strip() for part in spec.split("*"))}
        named |= {part.strip().rpartition(":")[0] for part in spec.split("*")}
    return {name for name in named if name} if not (model and model.signature.positional) else None


def _column(frame: pl.DataFrame, name: str | None, source: str) -> None:
    if name is not None and name not in frame.columns:
        there = ", ".join(frame.columns[:12]) or "none that the plan names"
        raise Invalid(f"{source} has no column {name!r}. Columns: {there}", field="target")


def _with_truth(
    frame: pl.DataFrame, targets: list[str], source: str, *, drop_missing: bool
) -> tuple[pl.DataFrame, list[str]]:
    known = frame[targets[0]].is_not_null()
    for name in targets:
        known &= frame[name].is_not_null() & (frame[name].is_not_nan() if frame[name].dtype.is_float() else True)
    missing = int(frame.height - known.sum())
    if not missing:
        return frame, []
    named = ", ".join(targets)
    if not drop_missing:
        raise Invalid(
            f"{named!r} is missing in {missing:,} of {frame.height:,} rows of {source}. Leave them out with: "
            "--drop-missing",
            field="target",
        )
    return frame.filter(known), [f"{missing:,} of {frame.height:,} rows have no {named} and were left out"]


def _labels(frame: pl.DataFrame, plan: Plan) -> list[str]:
    """The labels that a row may have: those of the scores, else of the columns, else those that occur in the lists."""
    if isinstance(plan.score, list):
        return plan.score
    if len(plan.targets) > 1:
        return plan.targets
    columns = [name for name in [*plan.targets, *plan.predictions_in] if name in frame.columns]
    return sorted({str(label) for name in columns for label in frame[name].explode().drop_nulls().unique()})


def _values(frame: pl.DataFrame, columns: list[str], options: dict[str, Any]) -> Any:
    """The truth or the predictions: a value a row, or of several labels whether the row has each, (rows, labels)."""
    if len(columns) > 1:
        return frame.select(columns).to_numpy()
    values = frame[columns[0]]
    if values.dtype.is_nested():
        told = [{str(label) for label in labels} for labels in values.to_list()]
        if strangers := {label for labels in told for label in labels} - set(options["labels"]):
            raise Invalid(f"{columns[0]!r} has the label {min(strangers)!r}, which has no score", field="score")
        return np.array([[label in labels for label in options["labels"]] for labels in told], dtype=np.int8)
    return values.to_numpy().tolist() if options["task"] == "text" else values.to_numpy()


def _answers_of(model: Model, frame: pl.DataFrame, options: dict[str, Any]) -> dict[str, Any]:
    """A model's answers, asked in batches; says in `options` which task and labels they are of."""
    names = [column.name for column in model.signature.inputs]
    if model.signature.positional:
        rows = frame
    else:
        for name in names:
            if name not in frame.columns:
                raise Invalid(f"{model.version.address} takes {name!r}, which the data do not have", field="data")
        rows = frame.select(names)
    parts = [
        model.run(model.check_data(_plain(rows.slice(start, BATCH_ROWS), model)))
        for start in range(0, rows.height, BATCH_ROWS)
    ]
    if not parts:
        raise Invalid("The data have no rows. There is nothing to judge", field="data")
    predicted = np.concatenate([part.prediction for part in parts])
    classes = model.signature.classes
    if classes is None:
        options["task"] = "regression" if options["task"] == "auto" else options["task"]
        return {"y_pred": predicted}
    options["labels"] = classes
    if options["task"] == "auto":
        options["task"] = "binary" if len(classes) == 2 else "multiclass"
    if parts[0].probability is None:
        return {"y_pred": predicted}
    scores = np.concatenate([part.probability for part in parts if part.probability is not None])
    return {"y_score": scores}


def _plain(rows: pl.DataFrame, model: Model) -> Any:
    return rows.to_numpy() if model.signature.positional else rows


def _answers_in(frame: pl.DataFrame, plan: Plan, source: str, options: dict[str, Any]) -> dict[str, Any]:
    if not plan.predictions_in and plan.score is None:
        raise Invalid("Say which column holds the predictions: --prediction or --score", field="prediction")
    several = plan.score if isinstance(plan.score, list) else None
    for name in [*plan.predictions_in, *(several or ([plan.score] if isinstance(plan.score, str) else []))]:
        _column(frame, name, source)
    found: dict[str, Any] = {}
    if plan.predictions_in:
        found["y_pred"] = _values(frame, plan.predictions_in, options)
    if several:
        found["y_score"] = frame.select(several).to_numpy()
        if plan.task in ("auto", "multiclass"):
            options["labels"] = several
    elif plan.score:
        found["y_score"] = frame[str(plan.score)].to_numpy()
    return found


def _baseline(
    stores: Stores, plan: Plan, model: Version | None, frame: pl.DataFrame, options: dict[str, Any], *,
    allow_pickle: bool,
) -> tuple[dict[str, Any] | None, Version | None, list[str]]:  # fmt: skip
    if plan.baseline is None:
        return None, None, []
    if model is None:
        other, _ = table_at(stores, plan.baseline, _needed(plan, None))
        for name in plan.targets:
            _column(other, name, plan.baseline)
        if other.height != frame.height or not _same(other.select(plan.targets), frame.select(plan.targets)):
            raise Invalid(
                f"{plan.baseline} does not hold the same truth, row by row. Predict both on the same rows",
                field="baseline",
            )
        return _answers_in(other, plan, plan.baseline, dict(options)), None, []
    try:
        address = (
            plan.baseline if ":" in plan.baseline or "@" in plan.baseline else f"model:{model.name}@{plan.baseline}"
        )
        version = resolve(stores, address, default_kind="model")
    except NotFound:
        return None, None, [f"There is no baseline {plan.baseline}: what compares with it is not a pass"]
    notes = ["The baseline is the same version as the candidate"] if version.id == model.id else []
    return _answers_of(load(stores, version, allow_pickle=allow_pickle), frame, dict(options)), version, notes


def _same(ours: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    """Whether two tables of the same columns hold the same, however their numbers are kept."""
    return all(
        [str(value) for value in ours[name].to_list()] == [str(value) for value in theirs[name].to_list()]
        if ours[name].dtype.is_nested()
        else bool((ours[name].cast(str) == theirs[name].cast(str)).all())
        for name in ours.columns
    )


def _hints(stores: Stores, plan: Plan, frame: pl.DataFrame, model: Model | None) -> list[str]:
    notes = []
    if model is not None and not model.signature.positional:
        inputs = [column.name for column in model.signature.inputs]
        for target in plan.targets:
            columns = inputs if target in inputs else [*inputs, target]
            notes += [
                f"Leak? {one.column} {one.reason} ({one.score:.3f})" for one in leaks(frame.select(columns), target)[:5]
            ]
    if plan.train:
        train, _ = table_at(stores, plan.train)
        seen = overlap(frame, train)
        if seen.rows:
            notes.append(f"{seen.rows:,} rows ({seen.share:.1%}) also occur in {plan.train}: the metrics flatter")
    return notes
