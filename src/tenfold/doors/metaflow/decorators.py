"""Decorators of flows and steps, noted on what they stand on: what counts, with Metaflow's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.metaflow.parameters import Delayed

OF_STEPS: dict[str, dict[str, Any]] = {
    "retry": {"times": 3, "minutes_between_retries": 2},
    "catch": {"var": None, "print_exception": True},
    "timeout": {"seconds": 0, "minutes": 0, "hours": 0},
    "environment": {"vars": {}},
    "secrets": {"sources": [], "role": None, "allow_override": False},
    "parallel": {},
    "card": {"type": "default", "id": None, "options": {}, "scope": "task", "timeout": 45, "save_errors": True,
             "customize": False, "refresh_interval": 5, "attributes": {}},
    "pypi": {"packages": {}, "python": None, "disabled": None},
    "conda": {"packages": {}, "libraries": {}, "python": None, "disabled": None},
    "resources": {"cpu": None, "gpu": None, "disk": None, "memory": None, "shared_memory": None},
}  # fmt: skip
OF_FLOWS: dict[str, dict[str, Any]] = {
    "pypi_base": {"packages": {}, "python": None, "disabled": None},
    "conda_base": {"packages": {}, "libraries": {}, "python": None, "disabled": None},
    "project": {"name": None, "branch": None, "production": False},
}
PASSED_OVER = ("schedule", "trigger", "trigger_on_finish", "batch", "kubernetes", "exit_hook")
"""They count where Metaflow deploys a flow, or say where a step runs: that is `--executor` here."""


def step(function: Any = None, *, start: bool = False, end: bool = False) -> Any:
    """Mark a method as a step."""

    def marked(method: Any) -> Any:
        method.is_step, method.is_start, method.is_end = True, start, end
        return method

    return marked if function is None else marked(function)


def marker(name: str) -> Callable[..., Any]:
    """The decorator of this name, with or without options."""
    known = {**OF_STEPS, **OF_FLOWS}.get(name)

    def decorator(function: Any = None, **options: Any) -> Any:
        if function is None:
            return lambda target: decorator(target, **options)
        if isinstance(function, type):
            options = {key: one.value(function) if isinstance(one, Delayed) else one for key, one in options.items()}
        if known is not None:
            if unknown := options.keys() - known.keys():
                raise Invalid(f"@{name} has no option {min(unknown)!r}. It takes {', '.join(known)}", field=name)
            before = vars(function).get("_decorators", {})
            function._decorators = {**before, name: {**known, **options}}
        return function

    decorator.__name__ = name
    return decorator


def of_words(words: str) -> tuple[str, dict[str, Any]]:
    """A decorator as `--with` says it: "retry:times=2,minutes_between_retries=0"."""
    name, _, rest = words.partition(":")
    if name in PASSED_OVER:
        return name, {}
    if name not in OF_STEPS:
        raise Invalid(f"--with {name} is not taken over. There are: {', '.join(OF_STEPS)}", field="with")
    options: dict[str, Any] = dict(OF_STEPS[name])
    for pair in filter(None, rest.split(",")):
        option, equals, value = pair.partition("=")
        if option not in options or not equals:
            raise Invalid(f"--with {name} has no option {option!r}. It takes {', '.join(options)}", field="with")
        try:
            options[option] = int(value)
        except ValueError:
            options[option] = {"True": True, "False": False}.get(value, value)
    return name, options
