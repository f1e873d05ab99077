"""Pachyderm's specs: read as Pachyderm reads them, refused by name where they cannot be honoured."""

from __future__ import annotations

import json
import re
from pathlib import Path

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
        "15m",
        True,
        1772323200000,
    )
    assert (trigger.size_bytes, trigger.commits, trigger.all) == (1_000_000, 0, False)
    assert found.pipeline.reads == ["data:edges_tick@main", "data:a@in"]


PFS_FIELDS = {
    "repo": "a", "name": "n", "branch": "b", "glob": "/*", "join_on": "x", "outer_join": True, "group_by": "x", "lazy": True,
    "empty_files": True, "s3": True, "reference": True, "propagation_spec": {"never": True}, "repo_type": "meta",
    "project": "p",
    "trigger": {"branch": "b"},
}  # fmt: skip
VALUES = {
    "pipeline.name": "edges", "pipeline.project": "p", "description": "d", "metadata.labels": {"a": "b"},
    "metadata.annotations": {"a": "b"}, "input.cross": [PFS], "input.union": [PFS],
    "input.join": [{"pfs": {"repo": "a", "glob": "/(*)", "join_on": "$1"}}],
    "input.group": [{"pfs": {"repo": "a", "glob": "/(*)", "group_by": "$1"}}],
    "input.cron.name": "n", "input.cron.spec": "@daily", "input.cron.repo": "r", "input.cron.overwrite": True,
    "input.cron.start": "2026-03-01T00:00:00Z", "transform.cmd": ["x"], "transform.stdin": ["x"],
    "transform.env": {"A": "b"}, "transform.err_cmd": ["x"], "transform.err_stdin": ["x"],
    "transform.accept_return_code": [1], "transform.working_dir": "/pfs", "transform.image": "i",
    "transform.secrets": [{"name": "aws", "key": "token", "env_var": "TOKEN"}],
    "transform.secrets[0].mount_path": [{"name": "aws", "mount_path": "/x"}], "transform.image_pull_secrets": ["x"],
    "transform.debug": True, "transform.user": "u", "transform.dockerfile": "d", "transform.build": {"path": "."},
    "transform.memory_volume": True, "transform.datum_batching": True, "parallelism_spec.constant": 2,
    "parallelism_spec.coefficient": 2.0, "resource_requests.cpu": "500m", "resource_requests.memory": "1G",
    "resource_requests.gpu": {"type": "nvidia.com/gpu", "number": 1}, "resource_requests.disk": "1G",
    "resource_limits.memory": "1G", "resource_limits.cpu": 1, "resource_limits.gpu": {"number": 1},
    "resource_limits.disk": "1G", "sidecar_resource_requests": {"cpu": 1}, "sidecar_resource_limits": {"cpu": 1},
    "datum_set_spec.number": 3, "datum_set_spec.size_bytes": 3, "datum_set_spec.per_worker": 3, "datum_timeout": "5m",
    "job_timeout": "1h", "datum_tries": 4, "reprocess_spec": "every_job", "salt": "s", "output_branch": "o",
    "egress.URL": "s3://b/p", "egress.object_storage.url": "s3://b/p", "egress.sql_database": {"url": "x"},
    "s3_out": True, "update": True, "reprocess": True, "service": {"internal_port": 1}, "spout": {},
    "autoscaling": True, "scheduling_spec": {"node_selector": {"a": "b"}}, "pod_spec": "{}", "pod_patch": "[]",
    "tolerations": [{"key": "a"}], "tf_job": {"tf_job": "x"}, "determined": {"workspaces": ["a"]},
    "input.pfs.trigger.branch": {"branch": "b"}, "input.pfs.trigger.size": {"size": "1MB"},
    "input.pfs.trigger.commits": {"commits": 2}, "input.pfs.trigger.all": {"all": True},
    "input.pfs.trigger.rate_limit_spec": {"rate_limit_spec": "@every 15m"},
    "input.pfs.trigger.cron_spec": {"cron_spec": "0 6 * * *"},
    **{f"input.pfs.{name}": value for name, value in PFS_FIELDS.items()},
}  # fmt: skip
"""Each field of Pachyderm's reference, with a value that says something."""


def with_field(name: str) -> dict:
    value, path = VALUES[name], name.split("[")[0].split(".")
    if name.startswith("input.pfs.trigger."):
        path = ["input", "pfs", "trigger"]
    given: dict = {"pipeline": {"name": "edges"}, "transform": {"cmd": ["true"]}, "input": {"pfs": dict(PFS["pfs"])}}
    if path[:2] == ["input", "cron"]:
        given["input"] = {"cron": {"name": "tick", "spec": "@daily"}}
    elif path[0] == "input" and path[1] != "pfs":
        given["input"] = {}
    here = given
    for key in path[:-1]:
        here = here.setdefault(key, {})
    here[path[-1]] = value
    return given


def table() -> dict[str, str]:
    """The fields in docs/from-pachyderm.md, each with what becomes of it."""
    text = (Path(__file__).parents[3] / "docs" / "from-pachyderm.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^|]*)` \| (honoured|refused|with Docker) \|", text, re.MULTILINE)
    return {name: said for names, said in rows for name in names.split("`, `")}


def test_every_field_of_the_reference_stands_in_the_docs_and_is_honoured_or_refused_as_they_say(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")  # no docker
    said = table()
    assert set(said) == set(VALUES)
    for name, becomes in said.items():
        if becomes == "honoured":
            spec_of(with_field(name))
            continue
        with pytest.raises(Invalid, match=rf"{re.escape(name)} cannot be honoured: .*--ignore {re.escape(name)}"):
            spec_of(with_field(name))
        if "[" not in name:
            assert spec_of(with_field(name), ignore=[name])
    with pytest.raises(Invalid, match="something_new cannot be honoured"):
        spec(somethingNew=1)


def test_secrets_limits_and_requests_reach_the_program() -> None:
    found = spec(
        resource_requests={"cpu": "500m", "memory": "2Gi", "gpu": {"type": "any", "number": 1}},
        resource_limits={"memory": "64M"},
        transform={"cmd": ["x"], "secrets": [{"name": "aws", "key": "secret-key", "env_var": "KEY"}]},
    ).pipeline
    assert found.given.resources == {"cpu": 0.5, "memory": 2 << 30, "gpu": 1}
    assert found.given.program is not None
    assert (found.given.program.memory_bytes, found.given.program.secrets) == (64_000_000, {"KEY": "AWS_SECRET_KEY"})
    assert found.datum_step.options.secrets == ["AWS_SECRET_KEY"]


def test_a_field_may_be_passed_over_when_the_user_says_so() -> None:
    given = {"pipeline": {"name": "e"}, "transform": {"cmd": ["x"], "image": "i"}, "input": PFS, "service": {"a": 1}}
    assert spec_of(given, ignore=("transform.image", "service")).pipeline.name == "e"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input": {"pfs": {"repo": "a"}}}, "has no glob"),
        ({"input": {**PFS, "cron": {"name": "x"}}}, "must be one of"),
        ({"input": {"join": [PFS]}}, "has no join_on"),
        ({"input": {"join": [{"cross": [PFS]}]}}, "has no join_on"),
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
