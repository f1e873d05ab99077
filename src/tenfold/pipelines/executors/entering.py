"""An attempt whose step has packages of its own, on an engine's machine: the environment is made there, with uv, and the
attempt's process becomes one of it. Nodes that see the store's folder share what they make; others keep it for themselves."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import msgspec

from tenfold.base.hashing import json_digest
from tenfold.pipelines.executors.job import Job, encode_job
from tenfold.pipelines.making_environments import clean_environ, ensure_environment, own_path


def enter_environment(job: Job, options: list[str]) -> None:
    """Replace this process by the same attempt in its environment; does not return. Twice is never: the job there has none.

    Args:
        options: Those of the attempt's command line, besides where its job lies.

    Raises:
        StepFailed: uv could not make it: with what it said.
        MissingExtra: There is no uv here.
    """
    assert job.work.env is not None
    os.environ.update(job.environ)  # where uv finds packages may be among them
    python = ensure_environment(job.work.env, _cache(job))
    setup = job.setup
    if not job.code:  # else its sources come along, and it is imported from there alone
        setup = msgspec.structs.replace(
            setup, target=msgspec.structs.replace(setup.target, path=own_path(setup.target.path))
        )
    inside = msgspec.structs.replace(job, setup=setup, work=msgspec.structs.replace(job.work, env=None))
    told = os.memfd_create("job")  # it holds variables, tokens among them: they are not written to disk
    with os.fdopen(os.dup(told), "wb") as file:
        file.write(encode_job(inside))
    os.set_inheritable(told, True)
    words = [str(python), "-P", "-m", "tenfold.pipelines.executors.attempt", f"/proc/self/fd/{told}", *options]
    os.execve(python, words, clean_environ(os.environ))


def _cache(job: Job) -> Path:
    """By image and interpreter: an environment links to the Python it was made from."""
    made_from = json_digest([job.work.image, sys.base_prefix, platform.machine(), platform.python_version()])[:12]
    if Path(job.place).is_dir():
        return Path(job.place).parent.parent / "cache" / f"engine-{made_from}"
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(home) / "tenfold" / f"engine-{made_from}"
