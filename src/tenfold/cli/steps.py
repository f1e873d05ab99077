"""Prints a pipeline run as it goes, on stderr: a line a step and, on a terminal, how far it is."""

from __future__ import annotations

import sys
import time
from collections import Counter
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


SHOWN_ITEMS = 20
"""Of a mapped step, so many items get a line of their own; of the others only those that failed or are tried again."""
_EVERY_S = 0.1


class StepPrinter:
    """Called with each `Progress` of a run. Prints nothing when quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.terminal = sys.stderr.isatty()
        self._shown: Counter[str] = Counter()
        self._folded: dict[str, Counter[str]] = {}
        self._bar_at = 0.0
        self._bar = False

    def __call__(self, progress: Any) -> None:
        if self.quiet:
            return
        mark = _MARKS.get(progress.state)
        if mark is not None:
            step = progress.key.rpartition("[")[0] if progress.key.endswith("]") else ""
            counted = bool(step) and progress.state in ("finished", "cached")
            if counted and self._shown[step] >= SHOWN_ITEMS:
                self._folded.setdefault(step, Counter())[progress.state] += 1
            else:
                self._shown[step] += counted
                self._unfold(progress.key)
                took = f" {progress.seconds:.1f} s" if progress.seconds is not None else ""
                note = f"  {progress.error.splitlines()[0]}" if progress.error else ""
                self._line(progress.state, f"{progress.key} {progress.state}{took}{note}")
        if self.terminal and time.monotonic() - self._bar_at >= _EVERY_S:
            self._bar_at, self._bar = time.monotonic(), True
            click.echo(f"\r\033[K  {progress.done:,} of {progress.total:,} steps ended", nl=False, err=True)

    def __enter__(self) -> StepPrinter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for step in list(self._folded):
            self._unfold(step)
        self._clear()

    def _unfold(self, step: str) -> None:
        """How many more items of a mapped step came into which state."""
        for state, count in self._folded.pop(step, Counter()).items():
            self._line(state, f"{step}[…] {count:,} more {'item' if count == 1 else 'items'} {state}")

    def _line(self, state: str, text: str) -> None:
        self._clear()
        sign, colour = _MARKS[state]
        click.echo(f"  {click.style(sign, fg=colour) if self.terminal else sign} {text}", err=True)

    def _clear(self) -> None:
        if self._bar:
            self._bar = False
            click.echo("\r\033[K", nl=False, err=True)
