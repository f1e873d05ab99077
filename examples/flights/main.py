"""The main job, from raw data to a deployed, monitored model. Run it twice: the second time everything is found."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import features
import httpx
import months as calendar
import polars as pl
import watch
from training import training

import tenfold

BEGAN = time.perf_counter()
FIRST = calendar.MONTHS[:3]
LATER = calendar.MONTHS[3:]
DATA = tenfold.dataset("flights")


def say(text: str) -> None:
    print(f"[{time.perf_counter() - BEGAN:5.1f} s] {text}", flush=True)


def say_all(lines: list[str]) -> None:
    for line in lines:
        say(f"          {line}")


def bar(label: str, done: int, total: int) -> None:
    """A progress bar, on a terminal only."""
    if sys.stderr.isatty():
        filled = 30 * done // max(total, 1)
        end = "\n" if done >= total else "\r"
        print(
            f"          {label} {'█' * filled}{'·' * (30 - filled)} {done:,}/{total:,}",
            end=end,
            file=sys.stderr,
            flush=True,
        )


def commit_months() -> dict[str, str]:
    """Each month a version of the dataset; gives {month: address of the version that ends with it}."""
    titles = {month: f"{name} {calendar.YEAR}" for name, month in zip(calendar.NAMES, calendar.MONTHS, strict=True)}
    known = {version.message: version.address for version in DATA.versions()}
    if not known.keys() >= set(titles.values()):
        for number, (month, files) in enumerate(calendar.month_files().items(), start=1):
            if titles[month] not in known:
                known[titles[month]] = DATA.commit(files, add=True, message=titles[month]).address
            bar("commits", number, 12)
    return {month: known[title] for month, title in titles.items()}


def raw(table: str, month: str) -> pl.DataFrame:
    """One month of a raw table, read from the dataset."""
    return pl.read_parquet(DATA.path(f"{table}/{month}.parquet"))


@cache
def month_table(month: str) -> pl.DataFrame:
    """One month as the model sees it."""
    return features.build(raw("flights", month), raw("weather", month), pl.read_parquet(DATA.path("planes.parquet")))


def table(months: list[str]) -> pl.DataFrame:
    return pl.concat([month_table(month) for month in months])


def keep_schema(data: dict[str, str]) -> None:
    """Infer a schema from January to March, validate each later month against it, and keep what was found."""
    if tenfold.Client().versions("schema", "flights"):
        return say("schema: kept before")
    schema = tenfold.infer_schema(pl.concat([raw("flights", month) for month in FIRST]))
    with tenfold.run(name="schema", kind="validation", capture=()) as run:
        run.use(data[FIRST[-1]], role="reference")
        run.save_schema(schema, "flights")
        for month in LATER:
            found = tenfold.validate(raw("flights", month), schema)
            run.log({"anomalies": len(found)}, step=int(month[-2:]))
            for one in found:
                say(f"  {month} {one.column or 'table'}: {one.short}")
    say(f"schema of {len(schema.features)} columns kept; {len(LATER)} months validated")
    return None


@contextmanager
def endpoint() -> Iterator[str]:
    """`tenfold serve model:delay@champion` in a process of its own, as in production; gives its URL."""
    command = [sys.executable, "-m", "tenfold", "serve", "model:delay@champion", "--name", "delay", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        found = re.search(r"http://[\w.:]+", server.stdout.readline())
        if found is None:
            raise SystemExit("tenfold serve did not start; its message is above")
        yield found[0]
    finally:
        server.terminate()
        if server.wait(timeout=30) != 0:
            raise SystemExit("tenfold serve did not end in order; its message is above")


def wait_for(url: str, model: str) -> None:
    """Wait until the endpoint, which follows the alias, serves this version."""
    number = model.rpartition("@v")[2]
    for _ in range(200):
        if number in httpx.get(f"{url}/v2/models/delay").json().get("versions", []):
            return
        time.sleep(0.1)
    raise SystemExit(f"The endpoint at {url} did not come to serve {model}")


def watch_months(data: dict[str, str], champion: watch.Champion) -> str | None:
    """Replay, check and, on an alarm, retrain, month by month; gives the last prediction's id when any was made."""
    last = None
    with serving() as url_of:
        for month in LATER:
            checked = watch.known_check(month, data[month], champion.model)
            if checked is None:
                url = url_of()
                wait_for(url, champion.model)
                since = time.time_ns() // 1_000_000
                rows = month_table(month)
                ids = watch.replay(url, rows, progress=partial(bar, f"{month} requests"))
                if month == LATER[1]:  # outcomes come late: until then the metrics are estimated
                    say_all(watch.look("answers"))
                watch.tell_outcomes(url, ids, rows[features.LABEL].to_list())
                served = tenfold.predictions("delay", since=since)
                checked = watch.check(month, table, champion, data[month], served)
                last = ids[-1]
            champion = after(month, checked, data, champion)
    return last


def after(month: str, checked: tenfold.Run, data: dict[str, str], champion: watch.Champion) -> watch.Champion:
    """What follows from a month's check: nothing, or a retraining behind the gate."""
    scores, alarms = checked.result["scores"], checked.result["alarms"]
    line = f"{month}  AUC {scores['quality.roc_auc']:.3f}  drifted columns {scores['drifted_columns']:.0f}"
    if not alarms:
        say(f"{line}  ok")
        return champion
    say(f"{line}  ALARM: {alarms[0]['text']}")
    newest = calendar.MONTHS[calendar.MONTHS.index(month) - 2 : calendar.MONTHS.index(month) + 1]
    _, verdict = watch.retrain(checked, data[month], newest, champion)
    say(
        f"          retrained on {newest[0]} to {newest[-1]}: {'promoted' if verdict['passed'] else 'refused'}, {verdict['reasons'][0]}"
    )
    if not verdict["passed"]:
        return champion
    return watch.Champion(verdict["model"], newest, verdict["metrics"])


@contextmanager
def serving() -> Iterator:
    """The endpoint, started when it is first needed."""
    opened: list = []
    with_endpoint = endpoint()

    def url() -> str:
        if not opened:
            opened.append(with_endpoint.__enter__())
            say(f"model:delay@champion is served at {opened[0]}/invocations")
        return opened[0]

    try:
        yield url
    finally:
        if opened:
            with_endpoint.__exit__(None, None, None)


def write_report() -> str:
    """What changed from January to December, as one self-contained page, and kept as report:january-december."""
    from tenfold.reports import DataDriftPreset, DataSummaryPreset, Report

    months = (raw("flights", LATER[-1]), raw("flights", FIRST[0]))
    found = Report([DataDriftPreset(), DataSummaryPreset()], title="December beside January").run(*months)
    found.save_html("january-december.html")
    return f"{tenfold.record_report(found, 'january-december').address}, january-december.html"


def explain(prediction: str | None) -> None:
    """Trace one served prediction back to its files."""
    prediction = prediction or tenfold.predictions("delay")["prediction_id"][-1]
    answer = tenfold.why(f"prediction:{prediction}")
    print(f"\ntenfold why prediction:{prediction}\n")
    for reason in answer.reasons:
        print(f"  {reason.what:<14} {reason.says}")
        for detail in reason.details[:4]:
            print(f"  {'':<14} {detail}")
        print(f"  {'':<14} {reason.page}")


def main() -> None:
    data = commit_months()
    say(f"12 months of flights are versions of data:flights, the last is {data[LATER[-1]]}")
    keep_schema(data)
    run = training.run(data=data[FIRST[-1]], months=FIRST)
    verdict = run.outputs()
    counts = run.graph.counts
    say(
        f"trained on {FIRST[0]} to {FIRST[-1]} ({counts.get('cached', 0)} of {sum(counts.values())} steps from the cache): {verdict['model']}, {verdict['reasons'][0]}"
    )
    watch.declare()
    last = watch_months(data, watch.Champion(verdict["model"], FIRST, verdict["metrics"]))
    if last is not None:
        say_all(watch.look("answers") + watch.look("emergency") + watch.look("arrivals"))
        say(f"January beside December: {write_report()}")
    explain(last)
    say("done")


if __name__ == "__main__":
    main()
