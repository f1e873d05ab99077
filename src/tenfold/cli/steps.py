"""Prints a pipeline run as it goes: one line a step, on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import click

_MARKS = {
    "finished": ("✓", "green"),
    "cached": ("≡", "blue"),
    "failed": ("✗", "red"),
    "skipped": ("-", "yellow"),
    "cancelled": ("-", "yellow"),
}


class StepPrinter:
    """Called with each `Progress` of a run. Prints nothing when quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.colour = sys.stderr.isatty()

    def __call__(self, progress: Any) -> None:
        mark = _MARKS.get(progress.state)
        if self.quiet or mark is None:
            return
        took = f" {progress.seconds:.1f} s" if progress.seconds is not None else ""
        note = f"  {progress.error.splitlines()[0]}" if progress.error else ""
        sign = click.style(mark[0], fg=mark[1]) if self.colour else mark[0]
        click.echo(f"  {sign} {progress.key} {progress.state}{took}{note}", err=True)

    def __enter__(self) -> StepPrinter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
