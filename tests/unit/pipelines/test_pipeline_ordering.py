"""Steps that run whatever happened, or only then; hooks; order without data; retries; lists with failures in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenfold.base.errors import Invalid, StepFailed
from tenfold.pipelines import (
    Host,
    RunSummary,
    always,
    on_failure,
    pipeline,
    resume,
    step,
    when,
)
from tenfold.pipelines.control import reopen
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.retrying import Backoff, delay_s, is_worth_it
from tenfold.records import RunQuery
from tenfold.testing.stores import memory_stores


class Notes(list):
    """A list of a class of its own: what is in it is no part of the code of the steps that write to it."""


RAN = Notes()
BROKEN = Notes()


@pytest.fixture
def host(tmp_path):
    RAN.clear()
    BROKEN.clear()
    return Host(memory_stores(), tmp_path)


@step(cache=False)
def note(text: str, value: object = None) -> str:
    RAN.append((text, value))
    if text in BROKEN:
        raise RuntimeError(f"{text} is broken")
    return text


def tell_good(run: RunSummary) -> None:
    RAN.append(("good", run.says.split(":")[0], dict(run.steps)))


def tell_bad(run: RunSummary) -> None:
    RAN.append(("bad", run.failed, run.error, run.params))
    raise RuntimeError("nobody listens")


@pipeline(on_success=tell_good, on_failure=tell_bad)
def guarded(name: str = "x"):
    made = note("make")
    used = note("use", made)
    always(note("clean", used))
    on_failure(note, "alarm", name)
    return used


def states(run) -> dict[str, str]:
    return {key: one.state for key, one in run.steps.items()}


def test_what_always_runs_and_what_runs_only_on_failure(host):
    assert guarded("x") == "use" and [one[0] for one in RAN] == ["make", "use", "clean"]
    RAN.clear()
    run = guarded.with_options(host=host).run()
    assert states(run) == {
        "note": "finished", "note-2": "finished", "note-3": "finished", "note-4": "skipped",
        "on_success": "finished", "on_failure": "skipped",
    }  # fmt: skip
    assert run.state == "finished" and [one[0] for one in RAN] == ["make", "use", "clean", "good"]
    assert RAN[-1][1] == "guarded finished" and RAN[-1][2]["note-4"] == "skipped"

    RAN.clear()
    BROKEN.append("make")
    with pytest.raises(StepFailed, match="make is broken"):
        guarded.with_options(host=host).run("y")
    assert [one[0] for one in RAN] == ["make", "clean", "alarm", "bad"]
    assert RAN[1] == ("clean", None), "what a failed step would have given is None"
    assert RAN[2] == ("alarm", "y")
    assert RAN[3] == ("bad", ["note"], "RuntimeError: make is broken", {"name": "y"})


def test_a_hook_that_fails_does_not_count_and_a_resumed_run_tells_of_its_success(host):
    BROKEN.append("use")
    run = guarded.with_options(host=host, raises=False).run()
    assert run.state == "failed" and states(run)["on_failure"] == "failed"
    BROKEN.clear()
    RAN.clear()
    again = resume(run.id, host=host, pipeline=guarded, raises=False)
    assert again.state == "finished" and [one[0] for one in RAN if one[0] != "bad"] == ["use", "good"]


@pipeline(on_failure=tell_bad)
def inner(text: str):
    made = note(text)
    always(note, f"clean {text}")
    return made


@pipeline
def outer():
    note("before")
    return inner("one"), inner("two")


def test_a_pipeline_in_another_looks_after_its_own_steps(host):
    BROKEN.extend(["before", "two"])
    run = outer.with_options(host=host, raises=False).run()
    assert {one.why for one in run.steps.values() if one.state == "skipped"} == {"nothing before it failed"}
    assert [one[1] for one in RAN if one[0] == "bad"] == [["note-4"]]
    assert run.steps["note-3"].inputs["after"] == ["note-2"] and run.steps["note-5"].inputs["after"] == ["note-4"]


@pipeline
def ordered(taken: bool = True):
    first = note("first")
    chosen = when(first == ("first" if taken else "other"), lambda: note("branch"), lambda: note("else"))
    last = note.after(chosen)("last")
    return last if isinstance(last, str) else last.after(first)


def test_order_without_data_waits_and_fails_with_what_failed_but_not_with_a_branch_not_taken(host):
    for taken in (True, False):
        RAN.clear()
        assert ordered.with_options(host=host).run(taken=taken).outputs() == "last"
        assert [one[0] for one in RAN] == ["first", "branch" if taken else "else", "last"]
    assert ordered() == "last"
    BROKEN.append("branch")
    run = ordered.with_options(host=host, raises=False).run()
    assert states(run)["note-4"] == "skipped" and "note-2" in run.steps["note-4"].inputs["after"]


@pipeline
def placed():
    return step(image="team/train:3", name="imaged")(lambda_free)()


def test_an_image_where_it_cannot_be_had_is_refused_by_name(tmp_path):
    from pipeline_samples import host_at

    whole = placed.with_options(host=host_at(tmp_path))
    with pytest.raises(Invalid, match=r"'imaged' has an image, and 'local' runs none"):
        whole.run()


@step(allow_failures=0.5, cache=False)
def inverse(x: int) -> float:
    return 1 / x


@step
def gather(*given) -> list:
    return list(given)


@pipeline
def tolerant(numbers: list[int]):
    some = inverse.map(numbers)
    return gather(some, double.map(some))


@step
def double(x: float | None) -> float | None:
    return None if x is None else 2 * x


def test_a_list_may_have_failures_in_it_up_to_what_is_allowed_and_keeps_its_order(host):
    run = tolerant.with_options(host=host).run([4, 0, 2])
    assert run.state == "finished" and run.outputs() == [[0.25, None, 0.5], [0.5, None, 1.0]]
    assert states(run)["inverse[1]"] == "failed" and states(run)["inverse"] == "finished"
    assert tolerant.with_options(host=host).run([]).outputs() == [[], []]
    assert tolerant.with_options(host=host, raises=False).run([0, 0, 1]).state == "failed"


@step(retries=4, retry_delay_s=0.001, retry_on=(ConnectionError, "KeyError"), retry_unless="ConnectionRefusedError",
      resources={"memory": "1KiB"}, resources_growth=2.0, cache=False)  # fmt: skip
def flaky(kind: str) -> int:
    RAN.append(kind)
    if len(RAN) < 3:
        raise {"reset": ConnectionResetError, "refused": ConnectionRefusedError, "key": KeyError, "value": ValueError}[
            kind
        ]
    return len(RAN)


def test_only_the_errors_worth_it_are_tried_again_and_each_attempt_asks_for_more(host):
    @pipeline
    def tries(kind: str):
        return flaky(kind)

    for kind, tried in {"reset": 3, "key": 3, "refused": 1, "value": 1}.items():
        RAN.clear()
        run = tries.with_options(host=host, raises=False).run(kind)
        assert (len(RAN), run.state) == (tried, "finished" if tried == 3 else "failed")
        (task,) = host.stores.tasks.of_root(run.id)
        asked = [one["resources"]["memory_bytes"] for one in task.outcome["attempts"]]
        assert asked == [1024, 2048][: max(1, tried - 1)]
        assert run.steps["flaky"].resources == ({"memory_bytes": 4096} if tried == 3 else {})


def test_waits_grow_to_their_cap_and_jitter_follows_from_the_attempt():
    rule = Backoff(3.0, 10.0, True, ["ConnectionError"])
    waits = [delay_s(rule, 1.0, n, seed="a") for n in range(5)]
    assert (
        waits
        == [delay_s(rule, 1.0, n, seed="a") for n in range(5)]
        != [delay_s(rule, 1.0, n, seed="b") for n in range(5)]
    )
    assert all(whole / 2 <= wait <= whole for whole, wait in zip([1, 3, 9, 10, 10], waits, strict=True))
    assert is_worth_it(rule, []) and is_worth_it(rule, ["ConnectionResetError", "ConnectionError"])
    assert not is_worth_it(rule, ["ValueError", "Exception"])
    assert delay_s(Backoff(10.0), 1.0, 400, seed="") < 1e9


def test_a_retrys_wait_goes_on_when_another_scheduler_takes_over(host):
    @step(retries=2, retry_delay_s=3600, cache=False)
    def later() -> None:
        RAN.append("tried")
        raise ConnectionError

    @pipeline
    def waiting():
        later()
        note("second")

    class Stopped(Exception):
        pass

    def stop_at_second(progress):
        if progress.key == "note" and progress.state == "finished":
            raise Stopped

    with pytest.raises(Stopped):
        waiting.with_options(host=host, on_event=stop_at_second).run()
    (root,) = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items
    board = Board(host.stores, root, "waiting")
    board.load()
    reopen(board, lambda spec: spec.code)
    board.settle()
    task = board.places["later"].task
    written = board.changes[task.id]
    assert (written.to, task.state, len(RAN)) == ("ready", "ready", 2)
    assert written.not_before_ms == task.not_before_ms > root.created_at_ms + 3_500_000


def test_a_version_stands_in_for_the_code_and_variables_and_folder_are_the_steps_own(host, tmp_path):
    def made(text: str, version: str):
        @step(cache=version, name="made", environ={"MODE": "fast"}, cwd=tmp_path, priority=3)
        def versioned() -> tuple[str, str, str]:
            return text, os.environ["MODE"], str(Path.cwd())

        @pipeline(name="versions")
        def whole():
            return versioned()

        return whole.with_options(host=host)

    first = made("a", "1").run()
    assert first.outputs() == ("a", "fast", str(tmp_path)) and "MODE" not in os.environ
    assert made("b", "1").run().outputs()[0] == "a" and made("b", "2").run().outputs()[0] == "b"
    (task,) = host.stores.tasks.of_root(first.id)
    assert task.priority == 3


def test_what_an_option_does_not_take_is_said():
    for options, said in [
        ({"backoff": 0.5}, "backoff is 1 or more"),
        ({"retry_on": 3}, "takes error classes"),
        ({"resources_growth": 2.0}, "needs resources to grow"),
        ({"cache": ""}, "text of a version"),
        ({"environ": {"A": 1}}, "names with texts"),
        ({"env": ["polars"]}, "Variables go into environ"),
        ({"colour": 1}, "has no option 'colour'"),
    ]:
        with pytest.raises(Invalid, match=said):
            step(**options)(lambda_free)
    with pytest.raises(Invalid, match="a function with a name"):
        pipeline(on_failure=lambda run: None)(lambda_free)


def lambda_free() -> None:
    """Nothing."""
