"""Flows of Metaflow run from their files, without Metaflow; what is not taken over is refused by its name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.base.errors import Invalid
from tenfold.doors.metaflow import artifacts, resume, run
from tenfold.workspace import Workspace, open_workspace

FLOW = """
from metaflow import Config, FlowSpec, Parameter, catch, current, retry, step

class OddFlow(FlowSpec):
    settings = Config("settings", default_value='{"times": 1}')
    most = Parameter("most", default=2)

    @retry(times=settings.times, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            raise RuntimeError("again")
        self.count, self.items = 0, [3, 0, 8]
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.more = self.count < self.most
        self.next({True: self.loop, False: self.spread}, condition="more")

    @step
    def spread(self):
        self.next(self.look, foreach="items")

    @step
    def look(self):
        self.kind = "odd" if self.input % 2 else "even"
        self.next({"odd": self.odd, "even": self.even}, condition="kind")

    @step
    def odd(self):
        self.out = self.input
        self.next(self.join)

    @catch(var="trouble", print_exception=False)
    @step
    def even(self):
        self.out = -self.input
        self.share = 8 // self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.outs = [(one.kind, one.out, bool(getattr(one, "trouble", None))) for one in inputs]
        with open("joined", "a") as file:
            file.write("x")
        self.merge_artifacts(inputs, include=["count"])
        self.next(self.end)

    @step
    def end(self):
        print(self.outs, self.count)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield open_workspace(str(tmp_path / ".tenfold"))
    sys.modules.pop("odd_flow", None)


def test_a_flow_with_a_loop_a_foreach_a_switch_and_a_caught_error_runs_and_goes_on_from_a_step(
    place: Workspace,
) -> None:
    Path("odd_flow.py").write_text(FLOW)
    done = run(place, "odd_flow.py", {"most": "3"}, executor="inline")
    left = {(one.step, one.stack): one.artifacts for one in artifacts(done)}
    assert left["end", ()]["outs"] == [("odd", 3, False), ("even", 0, True), ("even", -8, False)]
    assert left["end", ()]["count"] == 3 and left["even", (2,)]["share"] == 1
    assert resume(place, "odd_flow.py", "join").state == "finished" and Path("joined").read_text() == "xx"
    assert "metaflow" not in sys.modules


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("import Config", "import S3, Config", "metaflow.S3 is not taken over by Tenfold (line 2 of odd_flow.py)"),
        ("@retry(times", "@retry(count", "@retry has no option 'count'"),
        ("self.next(self.end)", "pass", "does not end with self.next"),
        ("self.next(self.loop)", "self.next(self.nowhere)", "leads to 'nowhere', which is no step"),
        ("def join(self, inputs)", "def join(self)", "comes before the split of 'spread' was joined"),
    ],
)
def test_what_is_not_taken_over_is_refused_by_its_name(was: str, now: str, said: str, place: Workspace) -> None:
    Path("odd_flow.py").write_text(FLOW.replace(was, now))
    with pytest.raises(Invalid) as caught:
        run(place, "odd_flow.py")
    assert said in str(caught.value)


def test_an_artifact_without_a_format_is_named(place: Workspace) -> None:
    text = FLOW.replace("self.count, self.items = 0, [3, 0, 8]", "self.handle, self.items = object(), []")
    Path("odd_flow.py").write_text(text)
    done = run(place, "odd_flow.py", executor="inline", raises=False)
    assert done.state == "failed" and "self.handle of step 'start' is or holds a object" in str(done.record.error)
