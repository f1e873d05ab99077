"""`tenfold evaluate`: how good a model or a table of predictions is, over slices, and whether that is good enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.evaluation import Evaluation, Plan
    from tenfold.workspace.evaluating import Judged

SHOWN_SLICES = 20
TASKS = ("auto", "binary", "multiclass", "multilabel", "regression", "forecasting", "ranking", "clustering", "text")
_EXAMPLE = (
    'tenfold evaluate model:delay@12 --data data:flights@main --target late --slice carrier --threshold "auc >= 0.8"'
)


@click.command(epilog=f"Example: {_EXAMPLE}\n\n{EXIT_CODES}")
@click.argument("what", required=False, metavar="MODEL_OR_FILE")
@click.option("--data", help="Rows to judge a model on: data:flights@main, or a file")
@click.option("--target", multiple=True, help="Column with the truth; once for each label of several, or one of lists")
@click.option("--prediction", multiple=True, help="Column with predictions, in a file of them; as --target")
@click.option("--score", multiple=True, help="Column with scores; once for each class, named as the class, of several")
@click.option("--task", type=click.Choice(TASKS), help="What the predictions are; found in the data when not given")
@click.option("--positive", help="The positive class")
@click.option("--cut", type=float, help="Score from which a row counts as positive; 0.5")
@click.option("--weight", help="Column with weights of rows")
@click.option("--query", help="Column that says which list a row is of, for a ranking")
@click.option("--k", type=click.IntRange(min=1), help="Where lists are cut off; 10")
@click.option(
    "--slice", "slices", multiple=True, help="carrier, 'carrier*origin', 'distance:4', 'where distance > 1000'"
)
@click.option("--fairness", multiple=True, help="Column whose groups are compared")
@click.option("--min-slice", type=click.IntRange(min=1), help="Slices with fewer rows are not judged; 50")
@click.option("--threshold", "thresholds", multiple=True, help="'auc >= 0.8', 'auc >= baseline - 0.01 on carrier'")
@click.option("--baseline", help="Alias or address of a model, or a file of its predictions")
@click.option("--first", is_flag=True, help="Let thresholds against the baseline pass while there is none")
@click.option("--train", help="What it was trained on, to look for rows in both")
@click.option("--bootstrap", type=click.IntRange(min=0), help="Draws for 95 % intervals; 200, 0 for none")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="All of it as a YAML file")
@click.option("--drop-missing", is_flag=True, help="Leave out rows without a truth")
@click.option("--allow-pickle", is_flag=True, help="Load a model whose loading runs code; only if you trust it")
@click.option("--dry-run", is_flag=True, help="Keep nothing: no evaluation, no verdict")
@json_option
@click.pass_context
def command(
    ctx: click.Context, /, what: str | None, config: Path | None, drop_missing: bool, allow_pickle: bool, dry_run: bool,
    as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Judge a model, or a table of its predictions, and bless it when it meets every threshold.

    Options stand over what the file of --config says. The verdict is written on the model's version; champion and
    Production take no version that failed. Exit code 3 when it did not pass.
    """
    from tenfold.evaluation import Plan, read_plan
    from tenfold.workspace.evaluating import carry_out

    place = workspace()
    plan = _plan(read_plan(config) if config else Plan(), what, given)
    done = carry_out(
        place.stores, plan, project=place.project, keep=not dry_run, drop_missing=drop_missing,
        allow_pickle=allow_pickle,
    )  # fmt: skip
    if as_json:
        emit_json({
            "evaluation": done.evaluation, "verdict": done.verdict,
            "address": done.version.address if done.version else None,
            "model": done.model.address if done.model else None,
            "baseline": done.baseline.address if done.baseline else None,
        })  # fmt: skip
    else:
        _print(done)
    if done.verdict is not None and not done.verdict.passed:
        ctx.exit(3)


def _plan(plan: Plan, what: str | None, given: dict[str, Any]) -> Plan:
    """The plan with what was typed in place of what the file says."""
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    changes["threshold"] = changes.pop("cut")
    changes["first_may_pass"] = changes.pop("first") or None
    for name in ("score", "target", "prediction"):
        columns = changes[name]
        changes[name] = columns[0] if len(columns) == 1 else columns
    if what is not None:
        is_file = not what.startswith("model:") and (Path(what).exists() or what.endswith((".csv", ".parquet")))
        changes |= {"predictions": what if is_file else None, "model": None if is_file else what}
        plan = msgspec.structs.replace(plan, predictions=None, model=None)
    changes = {name: value for name, value in changes.items() if value not in (None, [], "")}
    positive: Any = changes.get("positive")
    if isinstance(positive, str):
        changes["positive"] = _value(positive)
    return msgspec.structs.replace(plan, **changes)


def _value(text: str) -> Any:
    return int(text) if text.lstrip("-").isdigit() else {"true": True, "false": False}.get(text.lower(), text)


def _print(done: Judged) -> None:
    found = done.evaluation
    _print_metrics(found)
    _print_slices(found)
    for fair in found.fairness:
        click.echo()
        gaps = [(gap.rate, gap.difference, gap.lowest, gap.highest, gap.furthest, gap.to_overall) for gap in fair.gaps]
        table(gaps, (f"{fair.column}: rate", "gap", "lowest", "highest", "furthest", "from overall"), empty=fair.reason)
    if found.weak:
        click.echo(f"\nWeaker than the whole, beyond chance: {', '.join(found.weak[:5])}")
    for note in found.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo()
    if done.verdict is None:
        click.echo("Not judged: no thresholds. Give one with: --threshold 'auc >= 0.8'")
    else:
        for check in done.verdict.checks:
            click.echo(f"{'ok  ' if check.passed else 'FAIL'}  {check.reason}")
        word = "passed" if done.verdict.passed else "did not pass"
        click.echo(f"{done.model.address if done.model else 'The predictions'} {word}.")
    if done.version is not None:
        click.echo(f"Kept as {done.version.address}. {_next(done)}")


def _next(done: Judged) -> str:
    model = done.model
    if model is not None and done.verdict is not None and done.verdict.passed:
        return f"Move an alias with: tenfold models alias {model.name} champion {model.number} --why '…'"
    return f"See it with: tenfold why {done.version.address}" if done.version else ""


def _print_metrics(found: Evaluation) -> None:
    click.echo(f"{found.task}, {found.rows:,} rows")
    rows = []
    for name, value in found.metrics.items():
        low, high = found.intervals.get(name, (None, None))
        old, gap = found.baseline.get(name), found.differences.get(name)
        rows.append((name, value, low, high, old, gap.value if gap else None))
    with_baseline = bool(found.baseline)
    headers = ("metric", "value", "low", "high", "baseline", "difference")
    table([row if with_baseline else row[:4] for row in rows], headers if with_baseline else headers[:4], empty="")


def _print_slices(found: Evaluation) -> None:
    from tenfold.evaluation.hints import leading_metric

    metric = leading_metric(found)
    if metric is None or not (found.slices or found.skipped):
        return
    parts = found.slices[:SHOWN_SLICES]
    rows = [
        (p.name, p.rows, p.metrics.get(metric), *p.intervals.get(metric, (None, None)), p.baseline.get(metric))
        for p in parts
    ]
    click.echo()
    table(rows, ("slice", "rows", metric, "low", "high", "baseline"), empty="No slice has enough rows")
    if len(found.slices) > len(parts):
        click.echo(f"… and {len(found.slices) - len(parts)} more; all of them with --json")
    if found.skipped:
        named = ", ".join(f"{name} ({rows})" for name, rows in list(found.skipped.items())[:5])
        click.echo(f"{len(found.skipped)} slices have too few rows: {named}", err=True)
