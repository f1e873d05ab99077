"""Steps that are no Python function: command lines, here and in containers, and notebooks. Their definition travels with the work, so the process
that runs one imports nothing of the user's.

`definition` says what there is, `process` starts a program and ends it with all it started, `spelling` turns values into
words, `command` and `notebook` run one. Programs over the files of a dataset are in `datums/`.
"""

from __future__ import annotations

from typing import Any

from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.programs.command import Command, command, container
from tenfold.pipelines.programs.definition import CommandProgram, program_of
from tenfold.pipelines.programs.notebook import Notebook, notebook

__all__ = ["Command", "Notebook", "command", "container", "notebook", "program_step"]


def program_step(given: dict[str, Any]) -> Step[..., Any]:
    """The step that runs a program, from what a task says of it."""
    found = program_of(given)
    return Command(found) if isinstance(found, CommandProgram) else Notebook(found)
