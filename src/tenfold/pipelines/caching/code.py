"""The digest of a step's code: its own syntax tree and that of everything of the project it reaches.

Followed: functions, classes and their bases, steps, modules' attributes, constants, closures, default values, the classes
its parameters are annotated with, imports inside the body. Not followed: the standard library, installed distributions,
Tenfold itself. Comments, formatting and docstrings do not count, nor the options of `@step`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base.hashing import canonical_json, digest
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.caching.project import is_own, own_sources
from tenfold.pipelines.caching.reach import Reach
from tenfold.pipelines.caching.source import definition_of, text_of
from tenfold.pipelines.programs.definition import program_digest, program_source

__all__ = ["Reached", "code_digest", "function_digest", "is_own", "own_sources", "reached", "step_source"]


class Reached(msgspec.Struct, frozen=True):
    """What running a step may reach."""

    digest: str
    """Content id of all of it."""
    pieces: dict[str, str]
    """What stands for each thing, in 16 characters, by "module:name"."""
    sources: dict[str, str]
    """The text of functions, classes and constants, by the same names."""
    blind: list[str]
    """What cannot be followed before it runs, in words: it does not count."""


def reached(step: Step[..., Any]) -> Reached:
    """All code that running the step may reach."""
    if step.program:
        return Reached(program_digest(step.program), {}, {}, [])
    return _reached(step.function)


def code_digest(step: Step[..., Any]) -> str:
    """Content id of all code that running the step may reach."""
    return reached(step).digest


def function_digest(function: Any) -> str:
    """Content id of all code that calling a function may reach."""
    return _reached(function).digest


def step_source(step: Step[..., Any]) -> str:
    """The step's own source as it stands in its file, or '' when there is none to read."""
    if step.program:
        return program_source(step.program)
    code = getattr(step.function, "__code__", None)
    node = definition_of(code) if code is not None else None
    return text_of(code.co_filename, node) if code is not None and node is not None else ""


def _reached(function: Any) -> Reached:
    found = Reach(function)
    pieces = {name: digest(text.encode("utf-8", "surrogatepass"))[:16] for name, text in found.pieces.items()}
    return Reached(digest(canonical_json(sorted(pieces.items()))), pieces, found.sources, sorted(set(found.blind)))
