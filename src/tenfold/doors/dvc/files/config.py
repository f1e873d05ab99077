"""DVC's settings: four files of sections, the nearest to the repository's user wins."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid, NotFound

Section = dict[str, str]

_SECTION = re.compile(r"""^\[\s*(?P<quote>['"]?)(?P<name>.*?)(?P=quote)\s*\]$""")
_NAMED = re.compile(r"""^(?P<kind>remote|db)\s+["'](?P<name>.*)["']$""")
_PATHS = frozenset({"url", "dir", "credentialpath", "configpath", "keyfile", "cert_path", "key_path"})


class Config:
    """What DVC's config files say together: plain sections (`core`, `cache`) and the remotes by name."""

    def __init__(self, sections: dict[str, Section], remotes: dict[str, Section]) -> None:
        self.sections = sections
        self.remotes = remotes

    def get(self, section: str, key: str, default: str = "") -> str:
        """One setting as text."""
        return self.sections.get(section, {}).get(key, default)

    def is_on(self, section: str, key: str, *, default: bool = False) -> bool:
        """One setting that is on or off."""
        text = self.get(section, key).lower()
        return default if not text else text in ("true", "yes", "1", "on")

    def remote(self, name: str = "") -> tuple[str, Section]:
        """The remote of that name, or the default one, with its settings.

        Raises:
            NotFound: There is no such remote, or none is the default.
        """
        chosen = name or self.get("core", "remote")
        if not chosen:
            raise NotFound(
                "No remote is the default here. Set one with: dvc remote add -d store URL, or name one with -r"
            )
        if chosen not in self.remotes:
            there = ", ".join(sorted(self.remotes)) or "none"
            raise NotFound(f"No remote {chosen!r} in .dvc/config. There are: {there}")
        return chosen, self.remotes[chosen]


def read_config(dvc_folder: Path) -> Config:
    """The settings of a repository: system, global, `.dvc/config`, then `.dvc/config.local`, each over the one before.

    Relative paths are taken from the folder of the file they stand in.

    Raises:
        Invalid: A line is neither a section nor `key = value`; names file and line.
    """
    config = Config({}, {})
    for path in (*_outer_files(), dvc_folder / "config", dvc_folder / "config.local"):
        if path.is_file():
            _merge(config, path)
    return config


def _outer_files() -> list[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        places = [Path("/Library/Application Support"), home / "Library/Application Support"]
    else:
        system = os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)[0]
        places = [Path(system), Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")]
    found = [place / "dvc" / "config" for place in places]
    for number, variable in enumerate(("DVC_SYSTEM_CONFIG_DIR", "DVC_GLOBAL_CONFIG_DIR")):
        if given := os.environ.get(variable):
            found[number] = Path(given) / "config"
    return found


def _merge(config: Config, path: Path) -> None:
    into: Section | None = None
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if (header := _SECTION.match(line)) is not None:
            into = _section(config, header["name"])
            continue
        key, equals, value = line.partition("=")
        if not equals or into is None:
            raise Invalid(
                f"{path}, line {number}: {line!r} is neither a section nor key = value. Mend it and try again"
            )
        into[key.strip().lower()] = _value(key.strip().lower(), value, path.parent)


def _section(config: Config, name: str) -> Section:
    named = _NAMED.match(name.strip())
    if named is None:
        return config.sections.setdefault(name.lower(), {})
    if named["kind"] == "remote":
        return config.remotes.setdefault(named["name"].lower(), {})
    return config.sections.setdefault(name.lower(), {})


def _value(key: str, raw: str, folder: Path) -> str:
    text = raw.strip()
    if text[:1] in ("'", '"') and (end := text.find(text[0], 1)) > 0:
        text = text[1:end]
    else:
        text = re.sub(r"\s+#.*$", "", text)
    if key in _PATHS and text and "://" not in text:
        path = Path(text).expanduser()
        return str(path) if path.is_absolute() else os.path.normpath(folder / path)
    return text


def as_environ(section: Section) -> dict[str, Any]:
    """The keys an S3 remote was given, as `stores.blobs.bucket` reads them from an environment, over the process's own."""
    given = {
        "AWS_ENDPOINT_URL_S3": section.get("endpointurl"),
        "AWS_REGION": section.get("region"),
        "AWS_ACCESS_KEY_ID": section.get("access_key_id"),
        "AWS_SECRET_ACCESS_KEY": section.get("secret_access_key"),
        "AWS_SESSION_TOKEN": section.get("session_token"),
    }
    return {**os.environ, **{key: value for key, value in given.items() if value}}
