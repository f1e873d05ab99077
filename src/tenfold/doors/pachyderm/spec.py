"""Reading a pipeline spec, in JSON or YAML, into an incremental pipeline."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.pachyderm.fields import Fields
from tenfold.doors.pachyderm.inputs import Inputs, Tick, Trigger, branch_of, check_project, read_input
from tenfold.doors.pachyderm.transform import read_resources, read_transform
from tenfold.pipelines.datums import Incremental, incremental

TRIES = 3
SALT = "pachyderm"
"""Where a spec has none: a changed command alone makes no datum run again, as in Pachyderm."""

_CLUSTER = "there is no Kubernetes cluster here that it could be said to"
_WHY = {
    "service": "services are not run. Serve models with tenfold serve",
    "s3_out": "there is no S3 gateway. Write to /pfs/out, and give egress a bucket",
    "reprocess": "change the salt instead", "autoscaling": "there are no workers to scale",
    "sidecar_resource_requests": "there are no sidecars", "sidecar_resource_limits": "there are no sidecars",
    "scheduling_spec": _CLUSTER, "pod_spec": _CLUSTER, "pod_patch": _CLUSTER, "tolerations": _CLUSTER,
    "tf_job": _CLUSTER, "determined": "no Determined cluster is known here",
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
    if sets is not None and sets.take("size_bytes") is not None and not sets.is_ignored("size_bytes"):
        raise sets.refuse("size_bytes", "batches are cut by number, and at 256 MiB")
    if top.take("spout") is not None and not top.is_ignored("spout"):  # {} means a spout, too
        raise top.refuse("spout", "spouts are not run. Commit to a dataset as data comes, or use a cron input")
    tries = top.number("datum_tries", TRIES)
    if tries < 1:
        raise top.wrong("datum_tries", tries, "1 or more")
    pipeline = incremental(
        read_input(over, found),
        into=f"data:{name}@{branch_of(top.text('output_branch'))}",
        program=read_transform(top),
        resources=read_resources(top.inner("resource_requests")),
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


def _egress(given: Fields | None) -> str:
    if given is None:
        return ""
    bucket = given.inner("object_storage")
    url = given.text("egress_url") or (bucket.text("url") if bucket is not None else "")
    if bucket is not None:
        bucket.finish()
    given.finish({"sql_database": "output goes to folders and S3 buckets"})
    return url
