"""Pipelines run in this process: graphs, maps, retries, caching, addresses, lineage, resuming."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tenfold.base import ids
from tenfold.base.errors import Invalid, StepFailed
from tenfold.pipelines import Host, fixed, graph, pipeline, plan, read_log, registered, resume, step, why_ran
from tenfold.records import Draft, Move
from tenfold.testing.stores import memory_stores


class Notes(list):
    """A list of a class of its own: what is in it is no part of the code of the steps that write to it."""


RAN = Notes()


@pytest.fixture
def host(tmp_path):
    RAN.clear()
    return Host(memory_stores(), tmp_path)


@step(outputs=("train", "test"))
def split(numbers: list[int], at: int = 2):
    RAN.append("split")
    return numbers[:at], numbers[at:]


@step
def numbers(count: int) -> list[int]:
    RAN.append("numbers")
    return list(range(count))


@step
def double(x: int, note: str = "") -> int:
    RAN.append(f"double {x}")
    return 2 * x


@step(outputs=("low", "high"))
def around(x: int):
    return x - 1, x + 1


@step
def gather(*lists, **named) -> list:
    RAN.append("gather")
    return [lists, named]


@step
def size(parts) -> int:
    RAN.append("size")
    return len(parts["train"]) * 10 + len(parts[1])


@pipeline
def everything(count: int = 5, at: int = 2):
    made = numbers(count)
    train, test = split(made, at)
    doubled = double.map(made, note=fixed("x"))
    pairs = around.map([1, 2])
    return {"out": gather(train, doubled, [test, pairs["low"]], last=pairs), "size": size(split(made, at))}


def test_a_run_gives_what_the_body_gives_as_plain_python(host):
    run = everything.with_options(host=host).run(count=4)
    assert run.outputs() == everything(4)
    assert run.state == "finished"


def test_mapping_over_nothing_gives_an_empty_list(host):
    @pipeline
    def empty(count: int):
        return gather(double.map(numbers(count)))

    run = empty.with_options(host=host).run(count=0)
    assert run.outputs() == [([],), {}]
    assert run.steps["double"].items == {}


def test_mapped_lists_must_be_equally_long(host):
    @pipeline
    def uneven(count: int):
        return around.map(numbers(count)), gather.map(numbers(count)), add.map([1, 2], numbers(count))

    @step
    def add(x, y):
        return x + y

    with pytest.raises(StepFailed, match="x has 2, y has 3"):
        uneven.with_options(host=host).run(count=3)


def test_a_second_run_finds_everything_in_the_cache(host):
    everything.with_options(host=host).run()
    RAN.clear()
    run = everything.with_options(host=host).run()
    assert RAN == []
    assert {node.state for node in run.graph.nodes if node.items is None} == {"cached"}
    assert run.outputs() == everything()


def test_a_changed_param_runs_only_what_it_reaches_and_says_why(host):
    everything.with_options(host=host).run(at=2)
    RAN.clear()
    run = everything.with_options(host=host).run(at=3)
    assert sorted(RAN) == ["gather", "size", "split", "split"]
    reasons = why_ran(host.stores, run.id)
    assert reasons["split"] == ["param at changed"]
    assert reasons["gather"] == ["input lists changed"]
    assert reasons["double[0]"] == []


def test_a_plan_says_what_would_run_and_records_nothing(host):
    first = plan(everything, {"count": 3}, host=host)
    assert [(item.key, item.hit) for item in first[:2]] == [("numbers", False), ("split", False)]
    assert first[0].why == "first run" and first[1].why == "takes what numbers makes again"
    everything.with_options(host=host).run(count=3)
    assert all(item.hit for item in plan(everything, {"count": 3}, host=host))
    changed = {item.key: item.why for item in plan(everything, {"count": 3, "at": 1}, host=host) if not item.hit}
    assert changed["split"] == "param at changed"
    assert "double[0]" not in changed
    assert host.stores.tasks.open_roots() == []


def test_a_step_without_cache_runs_every_time(host):
    @step(cache=False)
    def always():
        RAN.append("always")
        return 1

    @pipeline
    def p():
        return always()

    for _ in range(2):
        p.with_options(host=host).run()
    assert RAN == ["always", "always"]


def test_an_output_in_the_bin_is_made_again(host):
    run = everything.with_options(host=host).run()
    version = host.stores.versions.find("output", "everything.numbers.output")
    host.stores.versions.set_deleted([version.id], at_ms=1)
    RAN.clear()
    run = everything.with_options(host=host).run()
    assert RAN == ["numbers"]
    assert why_ran(host.stores, run.id)["numbers"] == ["its stored output is gone or damaged"]


def test_retries_wait_and_keep_a_ledger_of_attempts(host):
    failures = iter([ValueError("once"), ValueError("twice")])

    @step(retries=2, retry_delay_s=0.01)
    def flaky():
        for error in failures:
            raise error
        return "well"

    @pipeline
    def p():
        return flaky()

    heard = []
    began = time.monotonic()
    run = p.with_options(host=host, on_event=lambda progress: heard.append(progress.state)).run()
    assert run.outputs() == "well"
    assert time.monotonic() - began >= 0.03
    assert heard == ["running", "retrying", "running", "retrying", "running", "finished"]
    ledger = host.stores.tasks.of_root(run.id)[0].outcome["attempts"]
    assert [(one["attempt"], one["error"]) for one in ledger] == [(1, "ValueError: once"), (2, "ValueError: twice")]


def test_a_failed_step_skips_what_needs_it_and_nothing_else(host):
    @step
    def broken(x):
        raise ZeroDivisionError("no")

    @pipeline
    def p():
        return gather(broken(1)), double(21)

    with pytest.raises(StepFailed, match="Step 'broken' failed: ZeroDivisionError: no"):
        p.with_options(host=host).run()
    run = p.with_options(host=host, raises=False).run()
    assert {key: node.state for key, node in run.steps.items()} == {
        "broken": "failed", "gather": "skipped", "double": "cached",
    }  # fmt: skip
    record = host.stores.runs.get([run.steps["broken"].run_id])[0]
    assert record.state == "failed"
    assert record.error.splitlines()[0] == "ZeroDivisionError: no"
    assert "in broken" in record.error and "perform" not in record.error


def test_an_inline_timeout_ends_the_step(host):
    @step(timeout_s=0.05)
    def slow():
        while True:
            time.sleep(0.01)

    @pipeline
    def p():
        return slow()

    with pytest.raises(StepFailed, match=r"longer than 0\.05 s"):
        p.with_options(host=host).run()


def test_resume_runs_what_failed_and_nothing_that_finished(host):
    healed = []

    @step
    def brittle(x: int):
        RAN.append(f"brittle {x}")
        if x == 2 and not healed:
            raise ValueError("not yet")
        return x

    @pipeline
    def p():
        return gather(brittle.map(numbers(4)))

    options = p.with_options(host=host, raises=False)
    run = options.run()
    assert run.state == "failed" and len(RAN) == 5
    RAN.clear()
    healed.append(True)
    done = resume(run.id, host=host, pipeline=options)
    assert RAN == ["brittle 2", "gather"]
    assert done.state == "finished" and done.outputs() == [([0, 1, 2, 3],), {}]


def publish_data(stores, content: bytes, message: str) -> None:
    tree = stores.blobs.put_tree({"a.txt": content, "b.txt": b"same"})
    draft = Draft(
        id=ids.new_id(), kind="data", name="flights", digest=tree.digest, message=message, moves=[Move(ref="main")]
    )
    stores.versions.publish([draft])


@step
def read(data: str) -> str:
    RAN.append("read")
    return data


@pipeline
def reading(data: str = "data:flights@main"):
    return read(data)


def test_an_address_is_fixed_to_its_version_and_a_new_commit_misses_the_cache(host):
    publish_data(host.stores, b"1", "first")
    run = reading.with_options(host=host).run()
    assert run.outputs() == "data:flights@v1"
    assert run.record.params == {"data": "data:flights@v1"}
    reading.with_options(host=host).run()
    assert RAN == ["read"]
    publish_data(host.stores, b"2", "second")
    run = reading.with_options(host=host).run()
    assert run.outputs() == "data:flights@v2" and RAN == ["read", "read"]
    assert why_ran(host.stores, run.id)["read"] == ["input data changed"]


def test_a_path_inside_a_dataset_counts_alone(host):
    publish_data(host.stores, b"1", "first")
    reading.with_options(host=host).run(data="data:flights@main/b.txt")
    publish_data(host.stores, b"2", "second")
    run = reading.with_options(host=host).run(data="data:flights@main/b.txt")
    assert run.steps["read"].state == "cached"


def test_lineage_joins_data_steps_outputs_and_the_pipeline(host):
    publish_data(host.stores, b"1", "first")

    @pipeline
    def p(data: str = "data:flights@main"):
        return gather(read(data))

    run = p.with_options(host=host).run()
    data = host.stores.versions.find("data", "flights")
    made = host.stores.versions.find("output", "p.read.output")
    read_run, gather_run = run.steps["read"].run_id, run.steps["gather"].run_id
    edges = {(e.run_id, e.version_id, e.direction, e.role) for e in host.stores.lineage.of_runs([read_run, gather_run])}
    assert {
        (read_run, data.id, "used", "data"), (read_run, made.id, "produced", "output"),
        (gather_run, made.id, "used", "lists"),
    } <= edges  # fmt: skip
    (version,) = registered(host.stores)
    roots = {(e.version_id, e.role) for e in host.stores.lineage.of_runs([run.id])}
    assert roots == {(version.id, "pipeline"), (data.id, "data")}


def test_the_published_pipeline_is_one_version_until_its_graph_changes(host):
    everything.with_options(host=host).run(count=2)
    everything.with_options(host=host).run(count=3)
    (version,) = registered(host.stores)
    assert version.number == 1
    assert b"def split" in (version.inline or b"")


def test_the_graph_view_shows_dependencies_and_fan_outs(host):
    run = everything.with_options(host=host).run(count=3)
    view = graph(host.stores, run.id)
    nodes = {node.key: node for node in view.nodes}
    assert nodes["split"].inputs == {"numbers": ["numbers"]}
    assert nodes["double"].items == {"finished": 3}
    assert [node.key for node in view.nodes if node.item_of == "double"] == ["double[0]", "double[1]", "double[2]"]
    assert nodes["gather"].inputs == {"lists": ["around", "double", "split"], "named": ["around"]}
    assert view.state == "finished" and sum(view.counts.values()) == len([n for n in view.nodes if n.items is None])


def test_what_a_step_prints_is_its_log(host, capsys):
    @step
    def loud():
        print("shouting")  # noqa: T201
        return 1

    @pipeline
    def p():
        return loud()

    run = p.with_options(host=host).run()
    assert read_log(host.stores, run.steps["loud"].run_id, host.folder) == "shouting\n"
    assert read_log(host.stores, p.with_options(host=host).run().steps["loud"].run_id) == "shouting\n"
    assert "shouting" in capsys.readouterr().out


def test_params_are_recorded_on_the_runs(host):
    run = everything.with_options(host=host).run(count=3)
    assert run.record.params == {"count": 3, "at": 2}
    step_run = host.stores.runs.get([run.steps["double[1]"].run_id])[0]
    assert step_run.params == {"x": 1, "note": "x"}
    assert step_run.parent_id == run.steps["double"].run_id and step_run.root_id == run.id


def test_a_value_without_a_format_fails_the_step_with_a_cure(host):
    @step
    def odd():
        return object()

    @pipeline
    def p():
        return odd()

    with pytest.raises(StepFailed, match=r"builtins.object"):
        p.with_options(host=host).run()


@pytest.mark.parametrize(
    ("misuse", "says"),
    [
        (lambda: bool(numbers(1)), "Decide on it with tenfold.when"),
        (lambda: list(numbers(1)), "another step's .map"),
        (lambda: numbers(1)["x"], "has no output 'x'"),
        (lambda: len(numbers(1)), "Count it inside a step"),
        (lambda: double.map(3), "at least one list"),
    ],
)
def test_misuse_of_a_handle_says_what_to_do(host, misuse, says):
    @pipeline
    def p():
        return misuse()

    with pytest.raises(Invalid, match=says):
        p.with_options(host=host).run()


def test_a_param_that_does_not_exist_is_refused_by_name(host):
    with pytest.raises(Invalid, match=r"'counts'.*count, at"):
        everything.with_options(host=host).run(counts=3)


def test_steps_inside_functions_cannot_be_asked_to_run_elsewhere(host):
    with pytest.raises(Invalid, match="executor='inline'"):
        everything.with_options(host=host, executor="local").run()


def test_a_folder_given_as_a_constant_crosses_by_content(host, tmp_path):
    @step
    def look(folder: Path) -> list[str]:
        RAN.append("look")
        return sorted(path.name for path in folder.iterdir())

    @pipeline
    def p(folder: Path):
        return look(folder)

    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("1")
    assert p.with_options(host=host).run(folder=source).outputs() == ["a"]
    (source / "b").write_text("2")
    assert p.with_options(host=host).run(folder=source).outputs() == ["a", "b"]
    assert RAN == ["look", "look"]
