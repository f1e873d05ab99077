"""A spec's transform and resources, as an incremental pipeline's program."""

from __future__ import annotations

import re

from tenfold.base.errors import Invalid
from tenfold.doors.pachyderm.fields import Fields
from tenfold.pipelines.datums import Program
from tenfold.pipelines.datums.container import docker_is_missing

_WHY = {
    "image_pull_secrets": "log in to the registry with docker login", "debug": "what a datum prints is always kept",
    "user": "programs run as you", "dockerfile": "images are not built. Build it, and name the image",
    "memory_volume": "there are no volumes", "datum_batching": "a program is started for each datum",
    "build": "images are not built. Build it, and name the image",
}  # fmt: skip


def read_transform(top: Fields) -> Program:
    """The program of a spec, with what `resource_limits` says. Raises Invalid."""
    given = top.inner("transform")
    if given is None:
        raise Invalid("The spec has no transform", field="transform")
    cmd = given.texts("cmd")
    if not cmd:
        raise Invalid(
            'transform.cmd is empty. Say what runs, like ["python3", "/pfs/code/main.py"]', field="transform.cmd"
        )
    image = _image(given)
    limits = top.inner("resource_limits")
    memory, cpus = (0, 0.0) if limits is None else _limits(limits, image)
    made = Program(
        cmd=cmd, stdin=given.texts("stdin"), env=given.mapping("env"), err_cmd=given.texts("err_cmd"),
        err_stdin=given.texts("err_stdin"), accept_return_code=given.numbers("accept_return_code"),
        working_dir=given.text("working_dir") or "/pfs", image=image, secrets=_secrets(given), memory_bytes=memory,
        cpus=cpus, names="PACH",
    )  # fmt: skip
    given.finish(_WHY)
    return made


def read_resources(given: Fields | None) -> dict[str, float | str]:
    """What a worker asks of an engine: cpu, memory, gpu. Raises Invalid."""
    if given is None:
        return {}
    made: dict[str, float | str] = {}
    if cpu := _cpus(given):
        made["cpu"] = cpu
    if memory := given.bytes_("memory"):
        made["memory"] = memory
    if gpu := _gpus(given):
        made["gpu"] = gpu
    given.finish({"disk": "scratch folders are not measured"})
    return made


def _image(given: Fields) -> str:
    image = given.text("image")
    if not image or given.is_ignored("image"):
        return ""
    if why := docker_is_missing():
        raise given.refuse("image", f"it needs Docker, and {why}")
    return image


def _limits(given: Fields, image: str) -> tuple[int, float]:
    memory, cpus = given.bytes_("memory"), _cpus(given)
    if cpus and not image and not given.is_ignored("cpu"):
        raise given.refuse("cpu", "only a program in an image can be held to it")
    given.finish({"disk": "scratch folders are not measured", "gpu": "ask for GPUs with resource_requests"})
    return memory, cpus


def _cpus(given: Fields) -> float:
    value = given.take("cpu", 0)
    milli = re.fullmatch(r"(\d+)m", str(value))
    if milli is None and not re.fullmatch(r"\d+(\.\d+)?", str(value)):
        raise given.wrong("cpu", value, "a number of cores like 0.5 or 500m")
    return int(milli[1]) / 1000 if milli is not None else float(value)


def _gpus(given: Fields) -> int:
    gpu = given.inner("gpu")
    if gpu is None:
        return 0
    gpu.text("type")
    count = gpu.number("number", 0)
    gpu.finish()
    return count


def _secrets(given: Fields) -> dict[str, str]:
    """The secret of a name and key is Tenfold's `<name>_<key>`, in capitals: `aws` and `secret-key` are AWS_SECRET_KEY."""
    made: dict[str, str] = {}
    for one in given.items("secrets"):
        name, key, variable = one.text("name"), one.text("key"), one.text("env_var")
        if not name:
            raise Invalid(f"{one.where} has no name", field=one.name("name"))
        one.finish({"mount_path": "secrets are given as variables. Write env_var and key"})
        if not variable or not key:
            raise one.refuse("name", "secrets are given as variables. Write env_var and key")
        made[variable] = re.sub(r"\W", "_", f"{name}_{key}").upper()
    return made
