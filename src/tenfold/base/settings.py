"""Settings: each has a command-line flag, an environment variable and a line in tenfold.toml, in that order of strength.

The table below is the whole list; docs/settings.md shows it and a test holds the two together.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in tenfold.toml, its environment variable, its default, what it does."""

    key: str
    variable: str
    default: str | None
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("store", "TENFOLD_STORE", None, "Where runs and versions live: a folder, postgresql://… or http://server"),
    Setting(
        "blobs", "TENFOLD_BLOBS", None, "Where bytes live when the store is PostgreSQL: a folder or s3://bucket/prefix"
    ),
    Setting("token", "TENFOLD_TOKEN", None, "Token for a Tenfold server"),
    Setting("project", "TENFOLD_PROJECT", "default", "Project of a run that names none"),
    Setting("host", "TENFOLD_HOST", "127.0.0.1", "Address `tenfold up` listens on"),
    Setting("port", "TENFOLD_PORT", "7410", "Port `tenfold up` listens on"),
    Setting(
        "link", "TENFOLD_LINK", "copy", "How a checkout places files, best first: reflink, hardlink, symlink, copy"
    ),
    Setting("remote", "TENFOLD_REMOTE", None, "The remote that push, pull and fetch mean when none is named"),
    Setting("workers", "TENFOLD_WORKERS", None, "Warm processes for pipeline steps (default: one a core)"),
    Setting(
        "executor", "TENFOLD_EXECUTOR", None, "Where steps run when nothing else says: local, inline, or an engine"
    ),
    Setting("capture", "TENFOLD_CAPTURE", "git,packages,system,console", "What a run captures without being asked"),
    Setting("capture_env", "TENFOLD_CAPTURE_ENV", None, "Environment variables a run notes, such as CUDA_*,OMP_*"),
)

REMOTES = "remotes"
"""The table of tenfold.toml that names remotes; see `remotes`."""

_PLACES = ("store", "blobs")
_TABLES = ("executors", REMOTES)
"""Tables of tenfold.toml: [executors.slurm] and the like, read with `section`, and [remotes]."""
_BY_KEY = {setting.key: setting for setting in SETTINGS}


def get(
    key: str, flag: str | None = None, *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> str | None:
    """The value in force: flag, else environment variable, else the nearest tenfold.toml upwards, else the default."""
    setting = _BY_KEY[key]
    if flag is not None:
        return flag
    value = (os.environ if environ is None else environ).get(setting.variable)
    if value:
        return value
    from_file = project_file(folder).get(key)
    if from_file is None:
        return setting.default
    if key in _PLACES and "://" not in str(from_file):  # a folder is meant from where the file lies
        top = find_upwards("tenfold.toml", folder)
        assert top is not None, "a value came from it"
        return str(top.parent / Path(str(from_file)).expanduser())
    return ",".join(str(each) for each in from_file) if isinstance(from_file, list) else str(from_file)


def words(key: str) -> list[str]:
    """The value in force of a setting that is a list: in tenfold.toml a list too, elsewhere words with commas."""
    return [word.strip() for word in (get(key) or "").split(",") if word.strip()]


def section(table: str, name: str) -> dict[str, Any]:
    """The lines of [table.name] in the nearest tenfold.toml; empty when there are none."""
    found = project_file().get(table, {}).get(name, {})
    if not isinstance(found, dict):
        raise Invalid(f"{table}.{name} in tenfold.toml is no section. Write it as [{table}.{name}]", field=table)
    return found


def project_file(folder: Path | None = None) -> dict[str, Any]:
    """The nearest tenfold.toml upwards from a folder, as a dict; empty when there is none."""
    path = find_upwards("tenfold.toml", folder)
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path} is not valid TOML: {error}. Correct that line", field="tenfold.toml") from error
    for key in found.keys() - _BY_KEY.keys() - set(_TABLES):
        near = difflib.get_close_matches(key, _BY_KEY, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(_BY_KEY)}"
        raise Invalid(f"{path} has a line for {key!r}, which is no setting. {hint}", field=key)
    return found


def remotes(folder: Path | None = None) -> dict[str, str]:
    """{name: URL or folder} of the remotes that the nearest tenfold.toml names; a folder is meant from where the file lies."""
    named = project_file(folder).get(REMOTES, {})
    top = find_upwards("tenfold.toml", folder)
    if not isinstance(named, dict) or not all(isinstance(url, str) for url in named.values()):
        raise Invalid(f'{top} has a table [{REMOTES}] that is no list of name = "URL". Correct it', field=REMOTES)
    return {
        name: url if "://" in url or top is None else str(top.parent / Path(url).expanduser())
        for name, url in sorted(named.items())
    }


def find_upwards(name: str, folder: Path | None = None) -> Path | None:
    """The path of `name` in this folder or the nearest one above it, or None."""
    start = (folder or Path.cwd()).resolve()
    for place in (start, *start.parents):
        if (place / name).exists():
            return place / name
    return None
