"""Packages of a step's own, as `@step(env=…)` declares them. Making them is in `making_environments`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.hashing import json_digest

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(.*)", re.DOTALL)
_PYTHON = re.compile(r"3(\.\d+){1,2}")


class Environment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Requirements as pip takes them, sorted, and Python's version ('' is that of the process that runs the pipeline)."""

    packages: list[str] = []
    python: str = ""


def environment_of(given: Mapping[str, Any] | None, *, what: str) -> Environment | None:
    """Checked: {"packages": ["polars==1.2"], "python": "3.11"}.

    Raises:
        Invalid: Another key, or a value of another type.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping) or (unknown := sorted(given.keys() - {"packages", "python"})):
        said = f"not {unknown[0]!r}" if isinstance(given, Mapping) else f"not {given!r}"
        raise Invalid(
            f'{what}: env is {{"packages": ["polars==1.2"], "python": "3.11"}}, {said}. Variables go into environ=',
            field="env",
        )
    packages, python = given.get("packages", []), str(given.get("python", ""))
    if isinstance(packages, str) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in packages):
        raise Invalid(f'{what}: packages is a list like ["polars==1.2"], not {packages!r}', field="env")
    if python and not _PYTHON.fullmatch(python):
        raise Invalid(f"{what}: python is a version like '3.11', not {python!r}", field="env")
    return Environment(sorted({one.strip() for one in packages}), python)


def route_of(environment: Environment | None) -> str:
    """The name of the executor that runs what has this environment; '' without one."""
    return "" if environment is None else f"env-{json_digest(msgspec.to_builtins(environment))[:16]}"


def declared(environment: Environment) -> dict[str, str]:
    """Its parts by name, as they count for a cache key."""
    parts = {"python": environment.python} if environment.python else {}
    for one in environment.packages:
        found = _NAME.fullmatch(one)
        assert found is not None, "checked when it was declared"
        parts[f"package {found[1].lower()}"] = found[2].strip() or "any"
    return parts
