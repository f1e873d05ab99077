"""A program as data: a command line that turns a folder of inputs into a folder of outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.resources import size_bytes


class Program(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """It is started without a shell, once for each datum, and sees its inputs in `/pfs/<name>/…` and `/pfs/out`."""

    cmd: list[str]
    stdin: list[str] = []
    """Lines that it reads."""
    env: dict[str, str] = {}
    err_cmd: list[str] = []
    """Run when all tries of a datum failed; when it ends with 0, the datum is 'recovered' and the run goes on."""
    err_stdin: list[str] = []
    accept_return_code: list[int] = []
    """Exit codes that are well, besides 0."""
    working_dir: str = "/pfs"
    image: str = ""
    """Container image it runs in, by Docker on the machine of the worker; '' for this machine's programs."""
    secrets: dict[str, str] = {}
    """Names of secrets by the variable that takes each."""
    memory_bytes: int = 0
    """At most; it fails when it wants more. 0 for no limit."""
    cpus: float = 0
    """At most, of an image."""
    names: str = "TENFOLD"
    """What the variables that tell it about its datum begin with."""


def program(
    cmd: Sequence[str],
    *,
    stdin: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    err_cmd: Sequence[str] = (),
    err_stdin: Iterable[str] = (),
    accept_return_code: Iterable[int] = (),
    working_dir: str = "/pfs",
    image: str = "",
    secrets: Mapping[str, str] | None = None,
    memory: int | str = 0,
) -> Program:
    """A program for `tenfold.incremental`: `program(["sh"], stdin=["wc -c /pfs/images/* > /pfs/out/$TENFOLD_DATUM_ID"])`.

    Besides this process's environment it has `<input>` (the path of its match, below /pfs), `<input>_COMMIT`,
    `TENFOLD_DATUM_ID` and `TENFOLD_JOB_ID`. Where /pfs cannot be made (see docs/incremental.md) it begins in a folder of
    that layout, and `TENFOLD_PFS` says where that is.

    Args:
        image: A container image to run it in: Docker must be on the machine that does.
        secrets: Secrets by the variable that takes each: {"AWS_SECRET_ACCESS_KEY": "BUCKET_KEY"}. See docs/secrets.md.
        memory: At most so much, like "4GiB".

    Raises:
        Invalid: There is no command.
    """
    if isinstance(cmd, str) or not cmd:
        raise Invalid('A program is a list of words: ["python3", "thumbs.py"]', field="cmd")
    return Program(
        cmd=list(cmd), stdin=list(stdin), env=dict(env or {}), err_cmd=list(err_cmd), err_stdin=list(err_stdin),
        accept_return_code=list(accept_return_code), working_dir=working_dir, image=image, secrets=dict(secrets or {}),
        memory_bytes=size_bytes(memory, what="The program"),
    )  # fmt: skip
