"""How the difference of a table is printed: counts, columns, then rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tenfold.cli.output import table

if TYPE_CHECKING:
    from tenfold.data.tables_diff import ColumnDiff, RowDiff, TableDiff

_CELL_CHARACTERS = 40


def echo_table(found: TableDiff) -> None:
    """Print one table's difference; what a whole-row comparison cannot say, how to ask for it."""
    by = f" by {', '.join(found.key)}" if found.key else ""
    click.secho(f"{found.path}{by}", bold=True)
    counts = f"{found.added:,} added, {found.removed:,} removed, "
    counts += f"{found.changed:,} changed, " if found.key else ""
    click.echo(f"{found.rows_before:,} rows to {found.rows_after:,}: {counts}{found.unchanged:,} unchanged")
    if found.repeated_before or found.repeated_after:
        click.echo(
            f"note: rows whose key stands in an earlier row: {found.repeated_before:,} before, "
            f"{found.repeated_after:,} after",
            err=True,
        )
    _echo_columns(found)
    for row in found.rows:
        _echo_row(found, row)
    if not found.key and (found.added or found.removed):
        click.echo("Name the columns that identify a row to see changed cells: --key COLUMN", err=True)


def _echo_columns(found: TableDiff) -> None:
    rows = [_column_row(column) for column in found.columns if _is_worth_a_line(column)]
    if rows:
        table(rows, ("column", "type", "cells", "missing", "distinct", "mean", "min", "max"), empty="")


def _is_worth_a_line(column: ColumnDiff) -> bool:
    return column.change != "same" or column.changed_cells > 0 or column.before != column.after


def _column_row(column: ColumnDiff) -> tuple[object, ...]:
    one, two = column.before, column.after
    type_ = _to(column.type_before, column.type_after)
    figures = [(getattr(one, name, None), getattr(two, name, None)) for name in _FIGURES]
    return (column.name, type_, column.changed_cells or "", *(_to(*pair) for pair in figures))


_FIGURES = ("missing", "distinct", "mean", "min", "max")


def _to(before: Any, after: Any) -> str:
    if before == after:
        return _text(before)
    return f"{_text(before) or 'none'} → {_text(after) or 'none'}"


def _echo_row(found: TableDiff, row: RowDiff) -> None:
    if row.before is not None and row.after is not None:
        named = [f"{name}={_text(row.after[found.names.index(name)])}" for name in found.key]
        cells = [
            f"{name}: {_text(one)} → {_text(two)}"
            for name, one, two in zip(found.names, row.before, row.after, strict=True)
            if one != two and name not in found.key and not (one != one and two != two)
        ]
        click.secho(f"~ {', '.join(named)}  {', '.join(cells)}", fg="yellow")
        return
    mark, colour, values = ("+", "green", row.after) if row.after is not None else ("-", "red", row.before)
    cells = [
        f"{name}={_text(value)}" for name, value in zip(found.names, values or [], strict=True) if value is not None
    ]
    click.secho(f"{mark} {', '.join(cells)}", fg=colour)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - 1] + "…"
