"""A program as data: a command line that turns a folder of inputs into a folder of outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tenfold.base.errors import Invalid


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
) -> Program:
    """A program for `tenfold.incremental`: `program(["sh"], stdin=["wc -c /pfs/images/* > /pfs/out/$TENFOLD_DATUM_ID"])`.

    Besides this process's environment it has `<input>` (the path of its match, below /pfs), `<input>_COMMIT`,
    `TENFOLD_DATUM_ID` and `TENFOLD_JOB_ID`. Where /pfs cannot be made (see docs/incremental.md) it begins in a folder of
    that layout, and `TENFOLD_PFS` says where that is.

    Raises:
        Invalid: There is no command.
    """
    if isinstance(cmd, str) or not cmd:
        raise Invalid('A program is a list of words: ["python3", "thumbs.py"]', field="cmd")
    return Program(
        cmd=list(cmd), stdin=list(stdin), env=dict(env or {}), err_cmd=list(err_cmd), err_stdin=list(err_stdin),
        accept_return_code=list(accept_return_code), working_dir=working_dir,
    )  # fmt: skip
