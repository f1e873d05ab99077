"""Pachyderm's specs: read as Pachyderm reads them, refused by name where they cannot be honoured."""

from __future__ import annotations

import json

import pytest

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.pachyderm import read_spec
from tenfold.doors.pachyderm.spec import Spec, spec_of
from tenfold.pipelines.datums import Cross, Files, Group, Join, Union

PFS = {"pfs": {"repo": "images", "glob": "/*"}}


def spec(**changes: object) -> Spec:
    given = {"pipeline": {"name": "edges"}, "transform": {"cmd": ["true"]}, "input": PFS}
    return spec_of({**given, **changes}, ignore=())


def test_a_small_spec_has_pachyderm_s_defaults() -> None:
    given = spec().pipeline.given
    assert (given.name, given.into, given.branch, given.retries, given.every_job) == (
        "edges",
        "edges",
        "main",
        2,
        False,
    )
    assert given.input == Files(address="data:images@main", glob="/*", name="images")
    assert given.timeout_s is given.job_timeout_s is None


def test_all_that_can_be_honoured_is_and_both_spellings_are_taken() -> None:
    found = spec(
        description="d", metadata={"labels": {"team": "a"}}, outputBranch="results", datumTries="5", datum_timeout="1m30s",
        jobTimeout="2h", reprocessSpec="every_job", salt="x", parallelism_spec={"constant": "3"},
        datumSetSpec={"number": 7}, egress={"URL": "s3://bucket/prefix"}, update=True,
        transform={
            "cmd": ["sh"], "stdin": ["a", "b"], "env": {"camelCase": "kept"}, "errCmd": ["e"], "err_stdin": ["f"],
            "acceptReturnCode": [3, "4"], "workingDir": "/pfs/out",
        },
    )  # fmt: skip
    given = found.pipeline.given
    assert (given.branch, given.retries, given.timeout_s, given.job_timeout_s) == ("results", 4, 90.0, 7200.0)
    assert (given.every_job, given.salt, given.batch, given.egress) == (True, "x", 7, "s3://bucket/prefix")
    assert found.workers == 3
    assert found.tags == {"team": "a", "description": "d"}
    program = given.program
    assert program is not None
    assert (program.cmd, program.stdin, program.env) == (["sh"], ["a", "b"], {"camelCase": "kept"})
    assert (program.err_cmd, program.err_stdin, program.accept_return_code) == (["e"], ["f"], [3, 4])
    assert program.working_dir == "/pfs/out"


def test_inputs_nest_and_keep_their_options() -> None:
    keyed = {"pfs": {"repo": "a", "glob": "/(*)", "joinOn": "$1", "outerJoin": True, "groupBy": "$1", "lazy": True}}
    other = {
        "pfs": {"repo": "b-c", "branch": "dev", "glob": "/(*)", "join_on": "$1", "group_by": "$1", "emptyFiles": True}
    }
    crossed = spec(input={"cross": [PFS, {"union": [keyed, other]}]}).pipeline.given.input
    assert isinstance(crossed, Cross)
    assert isinstance(crossed.inputs[1], Union)
    joined = spec(input={"join": [keyed, other]}).pipeline.given.input
    assert isinstance(joined, Join)
    assert [(one.address, one.name, one.outer_join, one.lazy, one.empty_files) for one in joined.inputs] == [
        ("data:a@main", "a", True, True, False), ("data:b-c@dev", "b-c", False, False, True),
    ]  # fmt: skip
    assert isinstance(spec(input={"group": [keyed, other]}).pipeline.given.input, Group)


def test_a_cron_input_is_a_dataset_of_ticks_and_a_trigger_says_how_much_must_move() -> None:
    cron = {"cron": {"name": "tick", "spec": "@every 15m", "overwrite": True, "start": "2026-03-01T00:00:00Z"}}
    found = spec(
        input={"cross": [cron, {"pfs": {"repo": "a", "glob": "/", "trigger": {"branch": "in", "size": "1MB"}}}]}
    )
    tick, trigger = found.ticks[0], found.triggers[0]
    assert (tick.dataset, tick.spec, tick.overwrite, tick.starts_at_ms) == (
        "edges_tick",
        "every 15m",
        True,
        1772323200000,
    )
    assert (trigger.size_bytes, trigger.commits, trigger.all) == (1_000_000, 0, False)
    assert found.pipeline.reads == ["data:edges_tick@main", "data:a@in"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"transform": {"cmd": ["x"], "image": "python:3"}}, "transform.image"),
        ({"transform": {"cmd": ["x"], "secrets": [{"name": "s"}]}}, "transform.secrets"),
        ({"transform": {"cmd": ["x"], "datumBatching": True}}, "transform.datum_batching"),
        ({"service": {"internal_port": 1}}, "service"),
        ({"spout": {}, "resourceLimits": {"memory": "1G"}}, "resource_limits"),
        ({"s3Out": True}, "s3_out"),
        ({"egress": {"sql_database": {"url": "x"}}}, "egress.sql_database"),
        ({"input": {"pfs": {"repo": "a", "glob": "/*", "s3": True}}}, "input.pfs.s3"),
        (
            {"input": {"cross": [PFS, {"pfs": {"repo": "b", "glob": "/", "project": "p"}}]}},
            r"input.cross\[1\].pfs.project",
        ),
        ({"somethingNew": 1}, "something_new"),
    ],
)
def test_a_field_that_cannot_be_honoured_is_refused_by_name(changes: dict, name: str) -> None:
    with pytest.raises(Invalid, match=rf"{name} cannot be honoured: .*--ignore {name}"):
        spec(**changes)


def test_a_field_may_be_passed_over_when_the_user_says_so() -> None:
    given = {"pipeline": {"name": "e"}, "transform": {"cmd": ["x"], "image": "i"}, "input": PFS, "service": {"a": 1}}
    assert spec_of(given, ignore=("transform.image", "service")).pipeline.name == "e"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input": {"pfs": {"repo": "a"}}}, "has no glob"),
        ({"input": {**PFS, "cron": {"name": "x"}}}, "must be one of"),
        ({"input": {"join": [PFS]}}, "has no join_on"),
        ({"input": {"join": [{"cross": [PFS]}]}}, "takes pfs inputs only"),
        ({"transform": {"cmd": []}}, "transform.cmd is empty"),
        ({"transform": {"cmd": "ls"}}, "must be a list"),
        ({"datum_timeout": "soon"}, "a duration like"),
        ({"datum_tries": 0}, "1 or more"),
        ({"pipeline": {}}, "name"),
        ({"reprocess_spec": "never"}, "until_success or every_job"),
        ({"input": []}, "must be an object"),
    ],
)
def test_what_cannot_be_read_is_said(changes: dict, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        spec(**changes)


def test_json_and_yaml_are_the_same(tmp_path) -> None:
    given = {"pipeline": {"name": "edges"}, "transform": {"cmd": ["true"]}, "input": PFS}
    (tmp_path / "spec.json").write_text(json.dumps(given))
    (tmp_path / "spec.yaml").write_text(
        "pipeline: {name: edges}\ntransform: {cmd: ['true']}\ninput: {pfs: {repo: images, glob: /*}}\n"
    )
    assert read_spec(tmp_path / "spec.json").pipeline.given == read_spec(tmp_path / "spec.yaml").pipeline.given
    (tmp_path / "spec.json").write_text("{")
    with pytest.raises(Invalid, match="is no JSON"):
        read_spec(tmp_path / "spec.json")
    with pytest.raises(NotFound):
        read_spec(tmp_path / "none.json")
