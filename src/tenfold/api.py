"""What `import tenfold` gives. Every name here is public; nothing heavy is loaded before a function is called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tenfold.pipelines import RunSummary, always, fixed, on_failure, pipeline, step, when
from tenfold.workspace import Client, Used, Workspace, current, use
from tenfold.workspace.beginning import RunToBegin
from tenfold.workspace.engines import deployed_predictions as predictions
from tenfold.workspace.engines import provide_pipelines
from tenfold.workspace.runs import ActiveRun, active_run

if TYPE_CHECKING:
    from tenfold.data import Dataset
    from tenfold.data.transactions import Transaction
    from tenfold.evaluation import Evaluation, Rule, Verdict
    from tenfold.models import Model
    from tenfold.monitoring import Anomaly, CheckResult, DriftReport, Monitor, QualityRule, Schema
    from tenfold.pipelines.datums.incremental import incremental
    from tenfold.pipelines.datums.inputs import cross, files, group, join, union
    from tenfold.pipelines.datums.program import program
    from tenfold.pipelines.programs import command, container, notebook
    from tenfold.profiles import Profile
    from tenfold.records import Explanation, Graph, Run, Version
    from tenfold.reports import Snapshot
    from tenfold.serving import Server
    from tenfold.tracking.autolog.watching import Watch
    from tenfold.tuning import Choice, Float, Int, Space, Trial, Tuned
    from tenfold.workspace.media import (
        log_audio,
        log_confusion_matrix,
        log_curve,
        log_file,
        log_histogram,
        log_html,
        log_image,
        log_params,
        log_plot,
        log_reference,
        log_table,
        log_text,
        log_video,
    )
    from tenfold.workspace.registered import RegisteredModel
    from tenfold.workspace.worktrees import worktree

__all__ = [
    "ActiveRun", "Choice", "Client", "Evaluation", "Float", "Int", "Monitor", "QualityRule", "Rule", "RunSummary", "Used",
    "Workspace", "active_run", "always", "apply_monitor", "autolog", "check", "check_monitor", "command", "container", "cross", "current", "dataset", "drift", "evaluate", "files",
    "fixed", "gate", "group", "impact", "incremental", "infer_schema", "join", "load_evaluation", "load_model", "log",
    "log_audio", "log_confusion_matrix", "log_curve", "log_file", "log_histogram", "log_html", "log_image",
    "log_params", "log_plot", "log_reference", "log_table", "log_text", "log_video", "model", "notebook", "on_failure", "param", "pipeline",
    "predictions", "profile", "program", "record_check", "record_evaluation", "record_report", "report_html", "run", "schedule",
    "secret", "serve", "step", "tag", "transaction", "trigger", "tune", "union", "use", "validate", "watch", "when", "why",
    "worktree",
]  # fmt: skip

_DATUMS = ("cross", "files", "group", "incremental", "join", "program", "union")

_ELSEWHERE = {
    **dict.fromkeys(("command", "container", "notebook"), "tenfold.pipelines.programs"),
    **dict.fromkeys(_DATUMS, "tenfold.pipelines.datums"),
    **{name: "tenfold.workspace.media" for name in __all__ if name.startswith("log_")},
    "Choice": "tenfold.tuning", "Float": "tenfold.tuning", "Int": "tenfold.tuning",
    "Evaluation": "tenfold.evaluation", "Rule": "tenfold.evaluation",
    "Monitor": "tenfold.monitoring", "QualityRule": "tenfold.monitoring",
    "worktree": "tenfold.workspace.worktrees",
}  # fmt: skip

provide_pipelines()


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        from importlib import import_module

        return getattr(import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'tenfold.api' has no attribute {name!r}")


# Tracking


def run(
    project: str | None = None,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    group: str | None = None,
    parent: str | None = None,
    id: str | None = None,
    resume: Literal["must", "allow", "never"] = "never",
    kind: str = "training",
    capture: Collection[str] | None = None,
    capture_env: Collection[str] | None = None,
    arguments: bool = True,
) -> RunToBegin:
    """Start a run; use it as a context manager, as a decorator, or call `finish()` yourself.

    As a decorator (`@tenfold.run("project")`) each call of the function is a run: its arguments become params, and
    numbers in a mapping it returns become metrics. Else the run begins with its first use, or after a second.
    Nothing in the training loop waits for a store: what `log` returned from is in a local journal that survives
    `kill -9`, and is shipped from there.

    Args:
        project: Groups runs; TENFOLD_PROJECT or tenfold.toml when not given.
        params: A tree of JSON values, kept as it is.
        parent: Id of the run this one belongs to; the run that is active in this thread when not given.
        id: Id of a run to go on with, for `resume`.
        resume: 'must' go on with `id`, 'allow' it or start it, 'never' (an id in use is an error).
        capture: What is noted without being asked, of: git, packages, system, console. See the setting `capture`.
        capture_env: Environment variables to note, names or patterns such as `CUDA_*`. See the setting `capture_env`.
        arguments: Whether the arguments of a decorated function become params.
    """
    return RunToBegin(
        current(), project, name=name, params=params, tags=tags, group=group, parent=parent, id=id, resume=resume,
        kind=kind, capture=capture, capture_env=capture_env, arguments=arguments,
    )  # fmt: skip


def log(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Log metrics to the active run; starts one when there is none."""
    (active_run(start=True)).log(metrics, step=step)


def param(name: str, value: Any) -> None:
    """Set a parameter of the active run."""
    active_run().param(name, value)


def tag(name: str, value: str) -> None:
    """Set a tag of the active run."""
    active_run().tag(name, value)


def autolog(
    *,
    frameworks: Sequence[str] | None = None,
    disable: bool = False,
    models: bool = True,
    most_rows: int = 10_000,
    most_trials: int = 100,
) -> list[str]:
    """Let `fit` and `train` of libraries log themselves: parameters, metrics, importances, searches, the model.

    A fit goes to the active run; without one it gets a run of its own. Gives the libraries that are on now.

    Args:
        frameworks: Some of sklearn, xgboost, lightgbm, catboost, statsmodels, torch, lightning, keras, transformers; all
            when not given. None is imported for it.
        disable: Give the libraries their own functions back.
        models: Keep the fitted models.
        most_rows: Of the training data, that training metrics are computed on.
        most_trials: Candidates of a search that become runs.
    """
    from tenfold.workspace.automatic import autolog as switch

    return switch(frameworks, disable=disable, models=models, most_rows=most_rows, most_trials=most_trials)


def watch(
    module: Any, *, every: int = 100, histograms_every: int = 1000, gradients: bool = True, weights: bool = True
) -> Watch:
    """Watch a PyTorch module while the active run's own loop trains it: its layers and size now, later the lengths and
    histograms of its gradients and weights. It stops with the run, with `.stop()`, or with its block.

    Args:
        every: Of every so many-th forward pass in training the L2 norms are logged.
        histograms_every: The same of histograms; 0 for none.
    """
    from tenfold.tracking.autolog.watching import watch as look

    return look(
        active_run(), module, every=every, histograms_every=histograms_every, gradients=gradients, weights=weights
    )


# Data


def dataset(name: str) -> Dataset:
    """A dataset by name, to commit to or read from. Its versions' tables are profiled as they are committed."""
    from tenfold.workspace import datasets

    return datasets.dataset(name)


def transaction() -> Transaction:
    """Commits to several datasets at once: `with tenfold.transaction(): …`. All are seen at its end, or none.

    What follows from them (see docs/incremental.md) has one id, the transaction's. Each dataset is committed to once.
    """
    from tenfold.data.transactions import Transaction

    return Transaction(current().stores)


def profile(table: Any, columns: Iterable[str] | None = None) -> Profile:
    """One-pass statistics of a table: a data frame, an Arrow table, a CSV, Parquet or JSON-lines file, a folder of them or of
    images, a `tenfold.profiles.Query`, or a dataset ("data:flights@main/january.csv"), of which no data is read.

    Raises:
        Invalid: It is no table, a column is not there, or the dataset has several tables: say which.
        VersionNotFound: There is no such dataset.
    """
    from tenfold.profiles import profile as make

    if isinstance(table, str) and table.startswith("data:"):
        from tenfold.workspace.profiling import profile_of_address

        return profile_of_address(current().stores, table, columns)
    return make(table, columns=columns)


# Models


def model(name: str) -> RegisteredModel:
    """A registered model by name: its versions, aliases and their history."""
    from tenfold.workspace.registered import RegisteredModel

    return RegisteredModel(current().stores, name)


def load_model(address: str, *, allow_pickle: bool = False) -> Model:
    """Load a model version to predict with: `model:delay@champion`.

    Raises:
        Forbidden: It is kept as a pickle, which runs its author's code, and that was not allowed.
    """
    from tenfold.models import load

    return load(current().stores, address, allow_pickle=allow_pickle)


def serve(model: str, *, name: str | None = None, port: int = 0, **options: Any) -> Server:
    """Serve a model in a thread of this process: `with tenfold.serve("model:delay@champion") as server: server.url`.

    For a process of its own there is `tenfold serve`. When the address names an alias, the endpoint follows it.

    Args:
        name: Name of the deployment and of its prediction log; the model's when not given.
        port: 0 takes a free one.
        options: host, canary, shadow, sample, project, allow_pickle; as the options of `tenfold serve`.
    """
    from tenfold.base.addresses import parse
    from tenfold.workspace.deploying import server_of

    address = parse(model, default_kind="model")
    return cast("Server", server_of(current(), str(address), name=name or address.name, **options).start(port))


# Evaluation and monitoring


def evaluate(y_true: Any, y_pred: Any = None, y_score: Any = None, **options: Any) -> Evaluation:
    """Judge predictions, overall and by slice; see `tenfold.evaluation.evaluate` for the options."""
    from tenfold.evaluation import evaluate as judge

    return judge(y_true, y_pred, y_score, **options)


def record_evaluation(
    evaluation: Evaluation, name: str, *, model: str | None = None, data: str | None = None
) -> Version:
    """Keep an evaluation, with edges from the model and the data it judged; part of the active run when there is one."""
    from tenfold.contracts import resolve
    from tenfold.evaluation import record_evaluation as record

    stores, active = current().stores, active_run(required=False)
    return record(
        stores, evaluation, name=name, run_id=active.id if active else None,
        project=active.project if active else current().project,
        model_version=resolve(stores, model, default_kind="model") if model else None,
        data_version=resolve(stores, data, default_kind="data") if data else None,
    )  # fmt: skip


def load_evaluation(address: str) -> Evaluation:
    """An evaluation kept before, by address; part of the active run's inputs when there is one."""
    from tenfold.evaluation import load_evaluation as load

    active = active_run(required=False)
    version = active.use(address).version if active else Client().version(address)
    return load(current().stores, version)


def gate(candidate: Evaluation, champion: Evaluation | None, rules: Sequence[Rule]) -> Verdict:
    """May this candidate take the champion's place? What cannot be checked has not passed."""
    from tenfold.evaluation import gate as judge

    return judge(candidate, champion, rules)


def infer_schema(table: Any, **options: Any) -> Schema:
    """The schema that a table, or its profile, suggests; see `tenfold.monitoring.infer_schema` for the options."""
    from tenfold.monitoring import infer_schema as infer

    return infer(table, **options)


def validate(table: Any, schema: Schema | str | Path, **options: Any) -> list[Anomaly]:
    """The anomalies of a table, or its profile, against a schema; none when it is as it should be.

    Args:
        schema: A schema, the path of one as YAML or JSON, or the address of a kept one: `schema:flights@v2`.
        options: environment, previous, serving and more; see `tenfold.monitoring.validate`.
    """
    from tenfold.monitoring import validate as hold
    from tenfold.workspace.schemas import find_schema

    if isinstance(schema, (str, Path)):
        schema = find_schema(schema, lambda: current().stores)
    return hold(table, schema, **options)


def drift(reference: Any, current: Any, **options: Any) -> DriftReport:
    """Compare two tables column by column, with Evidently's choice of tests and thresholds."""
    from tenfold.monitoring import drift as compare

    return compare(reference, current, **options)


def report_html(found: DriftReport | CheckResult, path: str | Path) -> Path:
    """Write a drift report or a check as one self-contained page."""
    from tenfold.monitoring import to_html

    target = Path(path)
    target.write_text(to_html(found), "utf-8")
    return target


def check(monitor: Monitor, reference: Any, current: Any, **options: Any) -> CheckResult:
    """One look of a monitor at current data; records nothing."""
    from tenfold.monitoring import check as look

    return look(monitor, reference, current, **options)


def record_check(
    monitor: Monitor, result: CheckResult, *, used: Mapping[str, str] | None = None, **options: Any
) -> Run:
    """Keep a check as a run with its report.

    Args:
        used: What was compared, {role: address}.
    """
    from tenfold.monitoring import record_check as record

    versions = {role: Client().version(address) for role, address in (used or {}).items()}
    return record(current().stores, monitor, result, used=versions, **options)


def record_report(snapshot: Snapshot, name: str, *, used: Mapping[str, str] | None = None, **options: Any) -> Version:
    """Keep a report of `tenfold.reports` as the next version of `report:<name>`.

    Args:
        used: What was looked at, {role: address}.
    """
    from tenfold.reports.recording import record_report as record

    versions = {role: Client().version(address) for role, address in (used or {}).items()}
    return record(current().stores, snapshot, name, used=versions, **options)


def apply_monitor(monitor: Monitor | Mapping[str, Any]) -> Version:
    """Put a declared monitor in force, with the schedules that check it; the same again changes nothing.

    Raises:
        Invalid: It watches nothing, has no reference, or a window, test or action that cannot be read.
    """
    from tenfold.monitoring.declared import monitor_of
    from tenfold.workspace.monitors import apply

    return apply(current(), monitor_of(monitor) if isinstance(monitor, Mapping) else monitor)


def check_monitor(name: str) -> list[Run]:
    """Look at the windows of a declared monitor that are new, or that outcomes came for; gives the checks made."""
    from tenfold.workspace.monitors import check_monitor as look

    return look(current(), name)


def trigger(pipeline: Any, *, by: str, why: str, **params: Any) -> Any:
    """Run a pipeline because of something: the run remembers the cause, and the graph shows it.

    Args:
        by: Address of the cause: the report of a check, a dataset version, a model version.
        why: In words; kept as the run's tag 'trigger'.
    """
    from tenfold.workspace.engines import run_because

    return run_because(pipeline, by, why, params)


def schedule(
    name: str,
    pipeline: Any,
    *,
    cron: str = "",
    every: str = "",
    on: Sequence[str] = (),
    timezone: str = "UTC",
    params: Mapping[str, Any] | None = None,
    **options: Any,
) -> Version:
    """Start a pipeline by itself: at times, or when versions move. `tenfold up` does it; this only says what and when.

    Saving the same schedule again changes nothing; another of the same name takes its place.

    Args:
        pipeline: A `@pipeline` at the top of a file.
        cron: Five fields, or @hourly, @daily, @weekly, @monthly, @yearly; `L` as the day is the month's last. A job at a
            named hour runs once each local day, one of every hour each real hour, also when the clocks change.
        every: An interval of real time: '15m', '6h', '1d'.
        on: Refs, like 'data:flights@main': start when one moves. An incremental pipeline follows its inputs by itself.
        timezone: Of the times, like 'Europe/Zurich'.
        params: Texts may name the moment: '{start:%Y-%m-%d}', '{end}' and '{due}'.
        options: wait_for_all (with `on`: when each has moved), starts_at_ms, ends_at_ms (UTC milliseconds), catch_up
            (run every moment missed, not only the last), max_active (runs at a time, 1), priority, project; with `on`
            also grown_bytes, commits and rest ('15m' since the last run), which must be reached, or any_threshold of them.

    Raises:
        Invalid: Not one of cron, every and on, or one that cannot be read; a param the pipeline does not take.
    """
    from tenfold.workspace.scheduling import schedule as save

    return save(
        current(), name, pipeline, cron=cron, every=every, on=on, timezone=timezone, params=params, **options
    )  # fmt: skip


def secret(name: str) -> str:
    """What a secret is: inside a step one that it declares with `@step(secrets=[…])`, elsewhere any of this store.

    Raises:
        NotFound: It is not kept, or its key is not here.
        Invalid: The step does not declare it.
    """
    from tenfold.pipelines.secrets.keeping import secret_here

    return secret_here(name, lambda: current().stores)


# Tuning


def tune(
    objective: Callable[[Trial], float],
    space: Space,
    *,
    project: str | None = None,
    name: str = "tuning",
    trials: int = 20,
    direction: Literal["minimize", "maximize"] = "minimize",
    metric: str = "objective",
    **options: Any,
) -> Tuned:
    """Search parameters; each trial is a run of kind 'trial' inside one run of kind 'tuning'."""
    from tenfold.tuning import tune as search

    with run(project, name=name, kind="tuning", params={"trials": trials, "direction": direction}) as outer:
        found = search(
            objective,
            space,
            start=lambda number, params: run(project, name=f"{name} {number}", kind="trial", params=params, capture=()),
            trials=trials,
            direction=direction,
            metric=metric,
            **options,
        )
        outer.result({"best_params": found.best_params, "best_value": found.best_value, "best_run": found.best_run_id})
    return found


# Lineage


def why(address: str) -> Explanation:
    """Trace a prediction, model, file or run back to the data, code and files behind it."""
    return Client().why(address)


def impact(address: str) -> Graph:
    """Everything that was built on a thing."""
    return Client().impact(address)
