"""What a step finds around it: its variables and its working folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tenfold.base.errors import Invalid


@contextlib.contextmanager
def surroundings(cwd: str = "", environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """Set this process's variables and working folder for the time inside; afterwards they are as they were.

    Raises:
        Invalid: There is no such folder.
    """
    before = {name: os.environ.get(name) for name in environ or ()}
    folder = Path.cwd() if cwd else None
    os.environ.update(environ or {})
    try:
        if cwd:
            _enter(cwd)
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if folder is not None:
            os.chdir(folder)


def _enter(cwd: str) -> None:
    wanted = Path(cwd).expanduser()
    if not wanted.is_dir():
        raise Invalid(
            f"There is no folder {wanted.absolute()} to work in. Make it, or change the step's cwd", field="cwd"
        )
    os.chdir(wanted)
