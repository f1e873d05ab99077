"""The Python of a lightweight component: this one when it has what the component installs, else one made with uv, once."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tenfold.base.errors import StepFailed
from tenfold.base.files import locked
from tenfold.pipelines.making_environments import clean_environ, uv_command

LOCK_TIMEOUT_S = 3600.0
_PLAIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\s*==\s*([\w.+!-]+))?")
_BEFORE = re.compile(r"python_version\s*<\s*['\"]3\.(\d+)['\"]")


def python_for(installs: list[list[str]], cache: Path) -> str:
    """The interpreter for a component, with the words of each of its `pip install` done.

    Raises:
        StepFailed: uv could not install them: with what it said.
        MissingExtra: There is no uv, and something is to be installed.
    """
    if all(_is_here(word) for words in installs for word in words):
        return sys.executable
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = cache / sha256(json.dumps([version, installs]).encode()).hexdigest()[:24]
    interpreter, whole = place / "bin" / "python", place / "whole"
    if not whole.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.with_suffix(".lock"), timeout_s=LOCK_TIMEOUT_S, purpose="make a component's environment"):
            if not whole.exists():
                _uv("venv", "--quiet", "--clear", "--seed", "--python", sys.executable, str(place))
                for words in installs:
                    _uv("pip", "install", "--quiet", "--python", str(interpreter), *map(_for_uv, words))
                whole.write_text("")
    return str(interpreter)


def _is_here(word: str) -> bool:
    """Whether a requirement needs no install; what is not `name` or `name==version` is left to uv."""
    if word == "--no-deps":
        return True
    wanted, _, marker = (one.strip() for one in word.partition(";"))
    if before := _BEFORE.fullmatch(marker):
        if sys.version_info[:2] >= (3, int(before[1])):
            return True
        marker = ""
    found = _PLAIN.fullmatch(wanted)
    if found is None or marker:
        return False
    try:
        version = importlib.metadata.version(found[1])
    except importlib.metadata.PackageNotFoundError:
        return False
    return found[2] is None or found[2] == version


def _for_uv(word: str) -> str:
    return {"--trusted-host": "--allow-insecure-host"}.get(word, word)


def _uv(*words: str) -> None:
    done = subprocess.run([*uv_command(), *words], capture_output=True, text=True, env=clean_environ(os.environ))
    if done.returncode:
        raise StepFailed(
            f"What the component installs could not be installed. uv said: {' '.join(done.stderr.split())}"
        )
