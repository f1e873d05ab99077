"""Reading a pipeline spec, in JSON or YAML, into an incremental pipeline."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.pachyderm.fields import Fields
from tenfold.doors.pachyderm.inputs import Inputs, Tick, Trigger, branch_of, check_project, read_input
from tenfold.pipelines.datums import Incremental, Program, incremental

TRIES = 3
SALT = "pachyderm"
"""Where a spec has none: a changed command alone makes no datum run again, as in Pachyderm."""

_WHY = {
    "transform.image": "commands run with this machine's programs, not in containers",
    "service": "services are not run", "spout": "spouts are not run", "s3_out": "there is no S3 gateway",
    "reprocess": "change the salt instead", "resource_requests": "datums share this machine",
    "resource_limits": "datums share this machine", "autoscaling": "there are no workers to scale",
}  # fmt: skip


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A spec as Tenfold runs it."""

    pipeline: Incremental
    ticks: list[Tick]
    triggers: list[Trigger]
    workers: int | None
    tags: dict[str, str]
    """What its metadata says."""


def read_spec(path: str | Path, *, ignore: Collection[str] = ()) -> Spec:
    """The spec in a file.

    Args:
        ignore: Fields, by dotted name, that may be passed over although they cannot be honoured.

    Raises:
        NotFound: There is no such file.
        Invalid: It cannot be read, or a field cannot be honoured; the message names it.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"There is no file {path}. Name a pipeline spec in JSON or YAML", field="spec")
    return spec_of(_decoded(file), ignore=ignore)


def _decoded(file: Path) -> Any:
    if file.suffix in (".yaml", ".yml"):
        import yaml

        try:
            return yaml.safe_load(file.read_text("utf-8"))
        except yaml.YAMLError as error:
            raise Invalid(f"{file} is no YAML: {error}", field="spec") from error
    try:
        return msgspec.json.decode(file.read_bytes())
    except msgspec.DecodeError as error:
        raise Invalid(f"{file} is no JSON: {error}", field="spec") from error


def spec_of(given: Any, *, ignore: Collection[str] = ()) -> Spec:
    """The spec that decoded JSON or YAML says. Raises Invalid."""
    top = Fields(given, "", ignore)
    named = top.inner("pipeline")
    if named is None:
        raise Invalid("The spec has no pipeline with a name", field="pipeline")
    check_project(named)
    name = named.text("name")
    named.finish()
    found = Inputs(pipeline=name, ticks=[], triggers=[])
    over = top.inner("input")
    if over is None:
        raise Invalid("The spec has no input", field="input")
    workers = top.inner("parallelism_spec")
    metadata = top.inner("metadata")
    sets = top.inner("datum_set_spec")
    reprocess = top.text("reprocess_spec", "until_success")
    if reprocess not in ("until_success", "every_job"):
        raise top.wrong("reprocess_spec", reprocess, "until_success or every_job")
    tries = top.number("datum_tries", TRIES)
    if tries < 1:
        raise top.wrong("datum_tries", tries, "1 or more")
    pipeline = incremental(
        read_input(over, found),
        into=f"data:{name}@{branch_of(top.text('output_branch'))}",
        program=_transform(top),
        name=name,
        retries=tries - 1,
        timeout_s=top.seconds("datum_timeout"),
        job_timeout_s=top.seconds("job_timeout"),
        salt=top.text("salt") or SALT,
        every_job=reprocess == "every_job",
        batch=None if sets is None else sets.number("number", 0) or None,
        egress=_egress(top.inner("egress")),
    )
    tags = {**metadata.mapping("labels"), **metadata.mapping("annotations")} if metadata is not None else {}
    if description := top.text("description"):
        tags["description"] = description
    top.flag("update")  # a spec always takes the place of the one before
    count = workers.number("constant", 0) if workers is not None else 0
    for inner in (workers, metadata, sets):
        if inner is not None:
            inner.finish()
    top.finish(_WHY)
    if len(found.triggers) > 1:
        raise Invalid("Two inputs have a trigger, and one start cannot follow both. Leave one", field="input")
    return Spec(pipeline=pipeline, ticks=found.ticks, triggers=found.triggers, workers=count or None, tags=tags)


def _transform(top: Fields) -> Program:
    given = top.inner("transform")
    if given is None:
        raise Invalid("The spec has no transform", field="transform")
    cmd = given.texts("cmd")
    if not cmd:
        raise Invalid(
            'transform.cmd is empty. Say what runs, like ["python3", "/pfs/code/main.py"]', field="transform.cmd"
        )
    made = Program(
        cmd=cmd, stdin=given.texts("stdin"), env=given.mapping("env"), err_cmd=given.texts("err_cmd"),
        err_stdin=given.texts("err_stdin"), accept_return_code=given.numbers("accept_return_code"),
        working_dir=given.text("working_dir") or "/pfs", names="PACH",
    )  # fmt: skip
    given.finish({"image": _WHY["transform.image"], "secrets": "there is no store of secrets here"})
    return made


def _egress(given: Fields | None) -> str:
    if given is None:
        return ""
    bucket = given.inner("object_storage")
    url = given.text("egress_url") or (bucket.text("url") if bucket is not None else "")
    if bucket is not None:
        bucket.finish()
    given.finish({"sql_database": "output goes to folders and S3 buckets"})
    return url
