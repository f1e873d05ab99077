"""Branches decided at run time."""

from __future__ import annotations

import pytest

from tenfold.base.errors import Invalid, StepFailed
from tenfold.pipelines import Host, fixed, graph, pipeline, resume, step, when
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


@step(outputs=("score", "kind"))
def judge(score: float):
    return score, "good" if score > 0.5 else "bad"


@step(cache=False)
def note(text: str, value: object = None) -> str:
    RAN.append(text)
    if text in BROKEN:
        raise RuntimeError(f"{text} is broken")
    return f"{text} {value}"


@step
def items(count: int) -> list[int]:
    return list(range(count))


@pipeline
def gate(score: float = 0.9):
    found = judge(score)
    taken = when(
        (found["score"] > 0.8) & (found["kind"] == "good"),
        lambda: note("deploy", note("package")),
        lambda: note("alarm", found["score"]),
    )
    return note("end", taken)


@pytest.mark.parametrize("score", [0.0, 0.5, 0.8, 0.80001, 1.0, float("inf")])
def test_a_run_takes_the_branch_that_plain_python_takes(host, score):
    assert gate.with_options(host=host).run(score).outputs() == gate(score)


def test_the_other_branch_is_skipped_with_all_that_needs_it_and_the_run_is_well(host):
    run = gate.with_options(host=host).run(0.3)
    states = {key: one.state for key, one in run.steps.items()}
    assert run.state == "finished" and RAN == ["alarm", "end"]
    assert states == {
        "judge": "finished",
        "note": "skipped",
        "note-2": "skipped",
        "note-3": "finished",
        "note-4": "finished",
    }
    assert run.steps["note"].why == "not so: judge.score > 0.8 and judge.kind == 'good'"
    assert run.steps["note"].inputs == {"condition": ["judge"]}


def test_without_an_otherwise_nothing_is_given(host):
    @pipeline
    def p(score: float):
        return note("end", when(judge(score)["score"] >= 0.5, lambda: note("yes")))

    assert p.with_options(host=host).run(0.1).outputs() == p(0.1) == "end None"


def test_branches_hold_branches_and_maps(host):
    @pipeline
    def p(count: int):
        many = items(count)
        return when(
            many != [],
            lambda: when(many == [0], lambda: note("one"), lambda: note.map(many, value=fixed("v"))),
            lambda: note("none"),
        )

    for count in (0, 1, 3):
        assert p.with_options(host=host).run(count).outputs() == p(count)


def test_a_step_of_a_branch_not_taken_skips_what_is_behind_it_and_nothing_failed(host):
    @pipeline
    def p(score: float):
        maybe = []
        when(judge(score)["score"] > 0.5, lambda: maybe.append(note("yes")))
        note("behind", maybe[0])

    run = p.with_options(host=host).run(0.1)
    assert run.state == "finished" and run.steps["note-2"].state == "skipped" and RAN == []


def test_a_condition_on_a_step_that_failed_is_no_choice(host):
    BROKEN.append("source")

    @pipeline
    def p():
        return when(note("source") == "source None", lambda: note("yes"), lambda: note("no"))

    with pytest.raises(StepFailed):
        p.with_options(host=host).run()
    assert RAN == ["source"]


def test_a_resumed_run_goes_on_in_the_branch_it_took(host):
    BROKEN.append("alarm")
    with pytest.raises(StepFailed) as failed:
        gate.with_options(host=host).run(0.3)
    BROKEN.clear()
    run = resume(str(failed.value).split("Pipeline run ")[1].split(":")[0], host=host, pipeline=gate)
    assert run.state == "finished" and run.outputs() == "end alarm 0.3" and RAN == ["alarm", "alarm", "end"]


def test_what_cannot_be_compared_fails_that_place_and_says_so(host):
    @pipeline
    def p():
        return when(judge(0.5)["kind"] > 3, lambda: note("yes"))

    run = p.with_options(host=host, raises=False).run()
    assert run.state == "failed" and "'bad' > 3" in (run.steps["note"].error or "")


def test_a_choice_known_when_the_body_runs_draws_one_branch(host):
    @pipeline
    def p(big: bool):
        return when(big, lambda: note("big"), lambda: note("small"))

    run = p.with_options(host=host).run(True)
    assert list(run.steps) == ["note"] and run.outputs() == "big None"


def test_an_output_of_a_choice_is_taken_by_name(host):
    @pipeline
    def p(score: float):
        taken = when(judge(score)["score"] > 0.5, lambda: judge(0.9), lambda: judge(0.1))
        return note("end", taken["kind"])

    assert p.with_options(host=host).run(0.7).outputs() == "end good"


def test_the_truth_of_a_handle_is_refused_with_the_cure(host):
    @pipeline
    def p():
        return note("a") if judge(0.1)["score"] > 0.5 else note("b")

    with pytest.raises(Invalid, match=r"judge.score > 0.5 is known only at run time. Decide on it with tenfold.when"):
        p.with_options(host=host).run()


def test_the_graph_knows_the_conditions(host):
    run = gate.with_options(host=host).run(0.9)
    assert graph(host.stores, run.id).counts == {"finished": 4, "skipped": 1}
