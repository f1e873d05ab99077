"""Virtual environments for steps that declare packages of their own: made with uv once, kept in the store's cache folder.

An environment is named by what it is made of, made under a lock, and marked when it is whole: two makers at once make it
once, and one that was killed in the middle is begun anew. Tenfold itself comes in as a link to where this process has it,
so that a checkout works as an installed wheel does.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tenfold.base.errors import MissingExtra, StepFailed
from tenfold.base.files import locked
from tenfold.base.hashing import json_digest
from tenfold.base.package import PACKAGE
from tenfold.pipelines.environments import Environment
from tenfold.pipelines.executors.processes import die_with_parent

FOLDER = "environments"
CANNOT = "The step's environment could not be made"
LOCK_TIMEOUT_S = 3600.0
STORES = ("psycopg", "psycopg-binary", "opendal")
"""What opens stores that are no folder: comes along when it is installed here."""


def ensure_environment(environment: Environment, cache: Path) -> Path:
    """The interpreter of an environment, made now when it is not there yet.

    Raises:
        StepFailed: uv could not make it: with what it said.
        MissingExtra: There is no uv.
    """
    needs = [*environment.packages, *_tenfold_needs()]
    home = PACKAGE
    python = environment.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    name = json_digest([msgspec.to_builtins(environment), sorted(needs), str(home), python])[:24]
    place = (cache / FOLDER / name).absolute()
    interpreter, whole = place / "bin" / "python", place / "whole"
    if whole.exists():
        return interpreter
    with locked(place.with_suffix(".lock"), timeout_s=LOCK_TIMEOUT_S, purpose="make a step's environment"):
        if not whole.exists():
            shutil.rmtree(place, ignore_errors=True)
            _uv(["venv", "--quiet", "--python", python, str(place)], environment)
            _uv(["pip", "install", "--quiet", "--python", str(interpreter), *needs], environment)
            _link_tenfold(interpreter, home)
            whole.write_text("")
    return interpreter


def _tenfold_needs() -> list[str]:
    """What Tenfold itself needs there: its own requirements, and what opens this store, as it is installed here."""
    wanted = [line for line in importlib.metadata.requires("tenfold") or () if "extra ==" not in line]
    for name in STORES:
        try:
            wanted.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return wanted


def _link_tenfold(interpreter: Path, home: Path) -> None:
    said = subprocess.run(
        [str(interpreter), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True, text=True, check=True, env=clean_environ(os.environ),
    )  # fmt: skip
    link = Path(said.stdout.strip()) / "tenfold"
    if not link.exists():
        link.symlink_to(home, target_is_directory=True)


def _uv(words: list[str], environment: Environment) -> None:
    maker = os.getpid()
    done = subprocess.run(
        [*uv_command(), *words],
        capture_output=True,
        text=True,
        env=clean_environ(os.environ),
        preexec_fn=lambda: die_with_parent(maker),
        check=False,
    )
    if done.returncode:
        asked = ", ".join(environment.packages) or "no packages"
        raise StepFailed(
            f"{CANNOT} ({asked}; Python {environment.python or 'as here'}). uv said: {' '.join(done.stderr.split())}"
        )


def uv_command() -> list[str]:
    """How uv is started here. Raises MissingExtra without it."""
    found = shutil.which("uv")
    if found is not None:
        return [found]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    raise MissingExtra("A step's own environment is made with uv, which is not here. Install it with: pip install uv")


def clean_environ(environ: Iterable[tuple[str, str]] | os._Environ[str]) -> dict[str, str]:
    """Variables without those that point at this process's own packages."""
    given = dict(environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
        given.pop(name, None)
    return given


def own_path(path: Iterable[str]) -> list[str]:
    """Of sys.path, what is the user's: neither the interpreter's nor that of installed packages."""
    installed = {os.path.realpath(one) for one in sysconfig.get_paths().values()}
    prefixes = tuple(
        os.path.realpath(one) + os.sep for one in (sys.prefix, sys.base_prefix) if os.path.realpath(one) != os.sep
    )
    found = []
    for one in path:
        real = os.path.realpath(one)
        python = real.startswith(prefixes) and ("/lib/python" in real or real.endswith(".zip"))
        if real not in installed and not python and "site-packages" not in real and "dist-packages" not in real:
            found.append(one)
    return found


def become(fd: int, python: Path, boot: str, arguments: list[str]) -> None:
    """Replace this process by the environment's interpreter, which goes on at the same socket. Does not return."""
    os.set_inheritable(fd, True)
    os.execve(python, [str(python), "-c", boot, str(fd), *arguments], clean_environ(os.environ))
