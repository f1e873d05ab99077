"""Installed packages: name, version and where each came from, and the lock that installs them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from tenfold.tracking.secrets import masked

PACKAGES, SOURCES = "packages", "package_sources"


@cache
def installed() -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Versions by name, sorted, and of those that came from no index the source: `url`, `commit`, `editable`.

    Read once a process; of two of one name the first on the path, which is the one imported.
    """
    from importlib.metadata import distributions

    versions: dict[str, str] = {}
    sources: dict[str, dict[str, Any]] = {}
    for each in distributions():
        name = each.metadata["Name"]
        if name and name not in versions:
            versions[name] = each.version
            source = _source(each.read_text("direct_url.json"))
            if source:
                sources[name] = source
    return dict(sorted(versions.items(), key=lambda item: item[0].lower())), dict(sorted(sources.items()))


def lock_text(environment: Mapping[str, Any]) -> str:
    """The packages of a run's environment as a requirements file: every version pinned, and where it came from.

    >>> print(lock_text({"packages": {"a": "1.0", "b": "2"}, "package_sources": {"b": {"url": "https://x/b.git", "commit": "c0"}}}))
    a==1.0
    b @ git+https://x/b.git@c0
    """
    sources = environment.get(SOURCES) or {}
    lines = []
    for name, version in sorted((environment.get(PACKAGES) or {}).items(), key=lambda item: str(item[0]).lower()):
        source = sources.get(name)
        if not source:
            lines.append(f"{name}=={version}")
        elif source.get("editable"):
            lines.append(f"-e {source['url']}")
        elif source.get("commit"):
            lines.append(f"{name} @ git+{source['url']}@{source['commit']}")
        else:
            lines.append(f"{name} @ {source['url']}")
    return "\n".join(lines)


def _source(text: str | None) -> dict[str, Any]:
    """What an installer noted of a package that came from an address: https://peps.python.org/pep-0610/."""
    try:
        noted = json.loads(text or "{}")
        found: dict[str, Any] = {"url": masked(str(noted["url"]))}
        if commit := noted.get("vcs_info", {}).get("commit_id"):
            found["commit"] = str(commit)
        if noted.get("dir_info", {}).get("editable"):
            found["editable"] = True
        return found
    except (ValueError, KeyError, AttributeError):
        return {}
