"""Who is told of failures and late runs, what was told; and the names of the secrets."""

from __future__ import annotations

from tenfold.pipelines.notices.notifiers import notifiers
from tenfold.pipelines.notices.telling import KIND
from tenfold.records import Order, Run, RunQuery
from tenfold.server.place import Place
from tenfold.server.rows import first_line
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import NoticeList, NoticeRow, NotifierRow, SecretList, SecretRow

SHOWN = 200


def listing(place: Place, params: Nothing) -> NoticeList:
    stores = place.stores
    query = RunQuery(kinds=[KIND], order=[Order("created_at_ms", True)], limit=SHOWN, count=False)
    known = notifiers(stores)
    return NoticeList(
        notifiers=[
            NotifierRow(name=name, says=one.says, on=list(one.on), pipelines=one.pipelines, since_ms=since)
            for name, (one, since) in sorted(known.items())
        ],
        notices=[_row(run) for run in stores.runs.search(query).items],
    )


def _row(run: Run) -> NoticeRow:
    message = run.result.get("message", {})
    about = run.tags.get("notify.about", "")
    on = run.tags.get("notify.on", "")
    return NoticeRow(
        id=run.id,
        notifier=run.name,
        on=on,
        text=str(message.get("text", "")),
        state=run.state,
        tries=int(run.result.get("tries", 0)),
        error=first_line(run.error),
        at_ms=run.created_at_ms,
        about=about,
        page=f"/runs/{about}" if on == "alarm" else f"/pipelines/runs/{about}",
    )


def secrets(place: Place, params: Nothing) -> SecretList:
    from tenfold.pipelines.secrets.keeping import all_secrets

    return SecretList(
        [
            SecretRow(
                name=one.name, kept=one.kept, version=one.version, changed_at_ms=one.changed_at_ms, author=one.author
            )
            for one in all_secrets(place.stores)
        ]
    )


ROUTES = [
    Route("GET", "/notices", listing, NoticeList, "Who is told of what, and what was told"),
    Route("GET", "/secrets", secrets, SecretList, "Names of secrets, without what they are"),
]
