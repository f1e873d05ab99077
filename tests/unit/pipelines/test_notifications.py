"""Somebody is told: once in the notices, at least once on the wire, whatever fails in between."""

from __future__ import annotations

import email
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, Unavailable
from tenfold.pipelines import pipeline, step
from tenfold.pipelines.notices.notifiers import Notifier, remove_notifier, save_notifier
from tenfold.pipelines.notices.sending import Message as Told
from tenfold.pipelines.notices.sending import send
from tenfold.pipelines.notices.telling import KIND, note_ends
from tenfold.pipelines.secrets.keeping import set_secret
from tenfold.pipelines.starting.schedules import Schedule, save
from tenfold.pipelines.work import Target
from tenfold.records import Run, RunChange, RunQuery
from tenfold.workspace import Workspace, open_workspace, pipeline_host
from tenfold.workspace.messenger import Messenger

HOUR = 3_600_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return open_workspace(str(tmp_path / ".tenfold"))


class Hooked(ThreadingHTTPServer):
    """Takes what is posted; answers with the next of `answers`, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, str, Any]] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Taking(BaseHTTPRequestHandler):
    server: Hooked

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == 200:
            self.server.taken.append((self.path, self.headers["webhook-id"], body))
        self.send_response(answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Mailing(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand over a mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                data = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.append(email.message_from_bytes(data))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            if word == b"QUIT":
                return


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hooked() -> Iterator[Hooked]:
    server = Hooked()
    with running(server):
        yield server


def ended(place: Workspace, state: str = "failed", **fields: Any) -> Run:
    given = {"kind": "pipeline", "name": "training", "error": "Step 'fit' failed: no luck\nTraceback", **fields}
    error = RunChange(error=given.pop("error"))
    run = Run(id=ids.new_id(), project="p", created_at_ms=now_ms(), **given)
    place.stores.runs.create([run])
    place.stores.runs.transition(run.id, "running", expect=["created"], at_ms=now_ms())
    place.stores.runs.transition(run.id, state, expect=["running"], at_ms=now_ms(), change=error)  # type: ignore[arg-type]
    return place.stores.runs.get([run.id])[0]


def notices(place: Workspace) -> list[Run]:
    return place.stores.runs.search(RunQuery(kinds=[KIND])).items


def test_a_failure_an_alarm_and_a_success_are_told_once_however_many_see_them(place: Workspace, hooked: Hooked) -> None:
    set_secret(place.stores, "TEAM_URL", f"{hooked.url}/secret-path")
    save_notifier(place.stores, Notifier(name="team", way="slack", url_secret="TEAM_URL"))
    save_notifier(place.stores, Notifier(name="all", way="webhook", url=f"{hooked.url}/all", on=["success", "failure"]))
    save_notifier(place.stores, Notifier(name="other", way="webhook", url=hooked.url, pipelines=["nightly-*"]))
    messengers = [Messenger(place), Messenger(place)]
    failed, won = ended(place), ended(place, "finished", error=None)
    alarm = {"status": "alarm", "alarms": [{"text": "drift <of> age"}]}
    ended(place, "finished", kind="check", name="drift", error=None, result=alarm)
    ended(place, "finished", kind="check", name="drift", error=None, result={"status": "ok"})
    for messenger in (*messengers, *messengers, Messenger(place)):
        messenger.tend()
    posted = sorted((path, body.get("text", ""), body.get("run_id", "")) for path, _, body in hooked.taken)
    assert posted == [
        ("/all", "Pipeline training failed: Step 'fit' failed: no luck", failed.id),
        ("/all", "Pipeline training finished", won.id),
        ("/secret-path", ":rotating_light: Monitor drift raised an alarm: drift &lt;of&gt; age", ""),
        ("/secret-path", ":x: Pipeline training failed: Step 'fit' failed: no luck", ""),
    ]
    assert {run.state for run in notices(place)} == {"finished"}
    assert sorted(id_ for _, id_, _ in hooked.taken) == sorted(run.id for run in notices(place))


def test_what_is_not_delivered_is_tried_again_later_and_taken_over_from_the_dead(
    place: Workspace, hooked: Hooked
) -> None:
    set_secret(place.stores, "TEAM_URL", f"{hooked.url}/secret-path")
    save_notifier(place.stores, Notifier(name="team", way="webhook", url_secret="TEAM_URL"))
    hooked.answers = [500, 503]
    ended(place)
    skip = [0]
    messenger = Messenger(place, clock=lambda: now_ms() + skip[0])
    messenger.tend(), messenger.tend()
    (waits,) = notices(place)
    assert (waits.state, waits.result["tries"]) == ("created", 1) and "500" in (waits.error or "")
    assert "secret-path" not in str(waits)
    skip[0] = 2_100
    messenger.tend()
    skip[0] = 4_300  # the second wait is twice the first
    messenger.tend()
    assert notices(place)[0].result["tries"] == 2 and not hooked.taken
    place.stores.runs.transition(waits.id, "running", expect=["created"], at_ms=now_ms())  # and its process dies
    skip[0] = 30_000
    Messenger(place, clock=lambda: now_ms() + skip[0]).tend()
    assert not hooked.taken
    skip[0] = 90_000
    Messenger(place, clock=lambda: now_ms() + skip[0]).tend()
    assert len(hooked.taken) == 1 and notices(place)[0].state == "finished"
    ended(place)
    remove_notifier(place.stores, "team")
    assert note_ends(place.stores, [ended(place)]) == []


def test_a_moment_whose_run_has_not_ended_in_time_is_told_once(place: Workspace, hooked: Hooked) -> None:
    save_notifier(place.stores, Notifier(name="team", way="webhook", url=hooked.url), clock=lambda: now_ms() - HOUR)
    start = now_ms() // HOUR * HOUR
    hourly = Schedule(name="hourly", pipeline="training", target=Target("x"), cron="@hourly", late_after="20m")
    save(place.stores, hourly, clock=lambda: start - 60_000)
    at = [start + 19 * 60_000]
    messenger = Messenger(place, clock=lambda: at[0])
    messenger.tend()
    assert not hooked.taken
    at[0] = start + 21 * 60_000
    messenger.tend()
    Messenger(place, clock=lambda: at[0]).tend()
    assert [(body["on"], body["name"]) for _, _, body in hooked.taken] == [("late", "training")]
    assert hooked.taken[0][2]["text"].startswith("hourly is late")


def test_a_mail_goes_out_with_what_happened(place: Workspace) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailing) as server:
        server.mails = []  # type: ignore[attr-defined]
        with running(server):
            smtp = f"127.0.0.1:{server.server_address[1]}"
            save_notifier(place.stores, Notifier(name="ops", way="email", to=["a@x.org", "b@x.org"], smtp=smtp))
            failed = ended(place, error="Schöne Grüße\nTraceback")
            Messenger(place).tend()
        (mail,) = server.mails  # type: ignore[attr-defined]
    assert isinstance(mail, Message) and mail["To"] == "a@x.org, b@x.org"
    assert failed.id in str(mail.get_payload(decode=True), "utf-8") and "Schöne" in str(
        mail.get_payload(decode=True), "utf-8"
    )
    message = Told(id="1", on="late", text="", name="", run_id="", state="", project="")
    for sender in ("", "ops@x.org\r\nBcc: all@x.org"):  # nobody listens any more; a header that would be two
        with pytest.raises(Unavailable, match="email to"):
            send(place.stores, Notifier(name="ops", way="email", to=["a@x.org"], smtp=smtp, sender=sender), message)
    for wrong in (
        {"way": "email"},
        {"way": "slack"},
        {"way": "webhook", "url": "ftp://x"},
        {"way": "slack", "url": "http://x", "on": []},
    ):
        with pytest.raises(Invalid):
            save_notifier(place.stores, Notifier(name="x", **wrong))  # type: ignore[arg-type]


def test_a_pipeline_names_who_is_told_and_its_own_process_tells(place: Workspace, hooked: Hooked) -> None:
    @step
    def breaks() -> None:
        raise ValueError("no luck")

    @pipeline(notify="team", max_parallel=1)
    def broken():
        return breaks()

    @pipeline
    def silent():
        return breaks()

    save_notifier(place.stores, Notifier(name="team", way="webhook", url=hooked.url, named_only=True))
    for one in (broken, silent):
        one.with_options(host=pipeline_host(place), executor="inline", raises=False).run()
    Messenger(place).tend()
    assert [body["name"] for _, _, body in hooked.taken] == ["broken"]


def test_no_more_runs_of_a_pipeline_go_at_once_than_it_allows(place: Workspace) -> None:
    going: list[int] = []
    most: list[int] = []
    two = threading.Barrier(2)

    @step(cache=False)
    def works(number: int) -> int:
        going.append(number)
        most.append(len(going))
        two.wait(timeout=60)  # as many as may go do so at once, however slow the machine
        time.sleep(0.1)
        going.remove(number)
        return number

    @pipeline(max_active=2)
    def limited(number: int):
        return works(number)

    def run(number: int) -> None:
        limited.with_options(host=pipeline_host(place), executor="inline").run(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = place.stores.runs.search(RunQuery(kinds=["pipeline"])).items
    assert max(most) == 2 and len(most) == 4 and {one.state for one in runs} == {"finished"}
