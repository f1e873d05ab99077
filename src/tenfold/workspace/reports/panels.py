"""The panels of a report: what a fenced block says, and the runs it means now.

```tenfold
{"runs": "params.lr < 0.1 and state = 'finished'", "project": "flights", "metric": "val/auc"}
```
"""

from __future__ import annotations

from typing import Literal

import msgspec
from markdown_it.token import Token

from tenfold.base.errors import Invalid, NotFound, TenfoldError
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Or, Run, RunQuery
from tenfold.records.search import Expression
from tenfold.tracking import parse_order, parse_search
from tenfold.workspace.markdown import blocks_of as tokens_of
from tenfold.workspace.markdown import tokens_to_html

FENCE = "tenfold"
MOST_RUNS = 50
Show = Literal["chart", "runs", "media", "params"]


class Panel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a panel shows of which runs. Without `show`: a chart when there is a metric, media when there is a key of
    media, else a table of runs."""

    runs: str | list[str] = ""
    """A search, or ids of runs in their order. A chart draws of what is found those that have its metric."""
    project: str | None = None
    show: Show | None = None
    metric: str | list[str] | None = None
    media: str | None = None
    columns: list[str] = []
    """Of a table: state, params.lr, metrics.acc, summary.acc.max, tags.team."""
    order: str = ""
    limit: int = 10
    title: str = ""
    x: Literal["step", "time", "elapsed"] = "step"
    log: bool = False
    smooth: float = 0.0

    @property
    def kind(self) -> Show:
        return self.show or ("chart" if self.metric else "media" if self.media else "runs")

    @property
    def metrics(self) -> list[str]:
        return [self.metric] if isinstance(self.metric, str) else self.metric or []


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a report, in order: text as HTML that is safe to show, or a panel. `problem` says what is wrong with one."""

    html: str = ""
    panel: Panel | None = None
    problem: str = ""
    source: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A panel with the runs it means."""

    panel: Panel
    runs: list[Run]
    total: int


def blocks_of(text: str) -> list[Block]:
    """A report in pieces. A panel that cannot be read is a piece with a problem, and the rest is shown."""
    found: list[Block] = []
    waiting: list[Token] = []
    for token in tokens_of(text):
        if token.type == "fence" and token.level == 0 and token.info.split(None, 1)[:1] == [FENCE]:
            if waiting:
                found.append(Block(html=tokens_to_html(waiting)))
                waiting = []
            source = token.info.strip()[len(FENCE) :].strip() + token.content
            found.append(_panel(source.strip()))
        else:
            waiting.append(token)
    if waiting:
        found.append(Block(html=tokens_to_html(waiting)))
    return found


def panels_of(text: str) -> list[Panel]:
    """The panels of a report. Raises Invalid naming the first that cannot be read."""
    found = []
    for block in blocks_of(text):
        if block.problem:
            raise Invalid(f"A panel of the report cannot be read: {block.problem}. It says: {block.source[:200]}", field="text")  # fmt: skip
        if block.panel is not None:
            found.append(block.panel)
    return found


def resolve(stores: Stores, panel: Panel) -> Shown:
    """The runs that a panel means now, in its order: those named, or the first that its search finds.

    Raises:
        Invalid: The search cannot be read.
        RunNotFound: A run named is not there.
    """
    limit = max(1, min(panel.limit, MOST_RUNS))
    if isinstance(panel.runs, list):
        runs = stores.runs.get(panel.runs[:MOST_RUNS])
        return Shown(panel=panel, runs=runs, total=len(panel.runs))
    query = RunQuery(
        projects=[panel.project] if panel.project else None,
        where=_where(panel, panel.runs),
        order=parse_order(panel.order),
        limit=limit,
    )
    page = stores.runs.search(query)
    return Shown(panel=panel, runs=page.items, total=page.total)


def _where(panel: Panel, text: str) -> Expression | None:
    """What a search finds; without one, no steps and other runs inside runs; of a chart, those it can draw."""
    found = parse_search(text)
    terms: list[Expression] = [found if found is not None else Compare("parent_id", "is null")]
    if panel.kind == "chart":
        drawn: list[Expression] = [Compare(f"metrics.{metric}", "is not null") for metric in panel.metrics]
        terms.append(drawn[0] if len(drawn) == 1 else Or(drawn))
    return terms[0] if len(terms) == 1 else And(terms)


def resolved(stores: Stores, panel: Panel) -> Shown | str:
    """As `resolve`, or in words why not: a run that was purged since must not hide the rest of a report."""
    try:
        return resolve(stores, panel)
    except (Invalid, NotFound) as error:
        return error.message


def _panel(source: str) -> Block:
    try:
        panel = msgspec.json.decode(source.encode() or b"{}", type=Panel)
        if isinstance(panel.runs, str):
            parse_search(panel.runs)
        parse_order(panel.order)
        if panel.kind == "chart" and not panel.metrics:
            raise Invalid('a chart says its metric, as in "metric": "loss"')
        if panel.kind == "media" and not panel.media:
            raise Invalid('a media panel says its key, as in "media": "samples"')
    except TenfoldError as error:
        return Block(problem=error.message, source=source)
    except msgspec.DecodeError as error:
        return Block(problem=str(error), source=source)
    return Block(panel=panel, source=source)
