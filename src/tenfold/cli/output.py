"""Printers: text for people and JSON for programs, twins of one another. Results go to stdout, talk to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import click
import msgspec

from tenfold.base.clock import now_ms

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs")


def emit_json(value: Any) -> None:
    """One JSON document on stdout; NaN and infinities become null."""
    text = msgspec.json.encode(_plain(value))
    click.echo(msgspec.json.format(text, indent=2).decode())


def _plain(value: Any) -> Any:
    import math

    def as_text(item: Any) -> str:
        if isinstance(item, PurePath):
            return str(item)
        raise TypeError(f"A {type(item).__name__} cannot be shown as JSON")

    built = msgspec.to_builtins(value, enc_hook=as_text)

    def clean(item: Any) -> Any:
        if isinstance(item, float) and not math.isfinite(item):
            return None
        if isinstance(item, dict):
            return {key: clean(inner) for key, inner in item.items()}
        if isinstance(item, (list, tuple)):
            return [clean(inner) for inner in item]
        return item

    return clean(built)


def table(rows: Sequence[Sequence[object]], headers: Sequence[str], *, empty: str) -> None:
    """Columns aligned to what they hold, numbers to the right; `empty` says what to type when there is nothing."""
    if not rows:
        click.echo(empty, err=True)
        return
    cells = [[_cell(value) for value in row] for row in rows]
    right = [all(isinstance(row[i], (int, float)) or row[i] is None for row in rows) for i in range(len(headers))]
    widths = [max(len(header), *(len(row[i]) for row in cells)) for i, header in enumerate(headers)]

    def line(values: Sequence[str]) -> str:
        return "  ".join(
            value.rjust(width) if is_right else value.ljust(width)
            for value, width, is_right in zip(values, widths, right, strict=True)
        ).rstrip()

    click.secho(line([header.upper() for header in headers]), dim=True)
    for row in cells:
        click.echo(line(row))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
    return str(value)


def ago(at_ms: int | None) -> str:
    """'3 min ago' for a moment in the past."""
    if not at_ms:
        return ""
    seconds = max(0, now_ms() - at_ms) / 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def size(size_bytes: int) -> str:
    """'12.3 MB' for a number of bytes."""
    number = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


@contextmanager
def progress(label: str, *, rate: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, only on a terminal: call it with (done, in all or 0).

    Args:
        rate: What is counted are bytes on their way: also show how many a second, and the time left.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()]
    columns += [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()] if rate else [TimeElapsedColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
