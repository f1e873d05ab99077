"""What a curve is drawn from: the coarsest rollups that are fine enough, and points where there are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from tenfold.stores.series import blocks, rollups
from tenfold.stores.sql.keys import known_keys
from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.series_tables import series_blocks, series_rollups
from tenfold.stores.sql.tables import runs


def entries(
    connection: Connection, run_ids: list[str], key: str, buckets: int, min_step: int | None, max_step: int | None
) -> dict[str, rollups.Buckets]:
    """What to draw each run's curve from: the coarsest rollups that are fine enough, and points where there are none."""
    import numpy as np

    number = known_keys(connection, [key]).get(key)
    held: dict[str, list[Any]] = defaultdict(list)
    for some in parts(run_ids if number is not None else []):
        question = (
            select(
                runs.c.id.label("run_id"),
                series_blocks.c.n,
                series_blocks.c.count,
                series_blocks.c.first_step,
                series_blocks.c.last_step,
            )
            .join_from(runs, series_blocks, series_blocks.c.run_n == runs.c.n)
            .where(runs.c.id.in_(some), series_blocks.c.key_n == number, *overlapping(min_step, max_step))
            .order_by(series_blocks.c.n)
        )
        for row in connection.execute(question):
            held[row.run_id].append(row)
    wanted: dict[int, list[int]] = defaultdict(list)
    for rows in held.values():
        width = rollups.best_width(sum(_inside(row, min_step, max_step) for row in rows), buckets)
        for row in rows:
            wanted[max((w for w in rollups.widths(row.count) if w <= width), default=1)].append(row.n)
    loaded = {number: part for width, numbers in wanted.items() for number, part in _load(connection, width, numbers)}
    return {run_id: np.concatenate([loaded[row.n] for row in rows]) for run_id, rows in held.items()}


def _load(connection: Connection, width: int, numbers: list[int]) -> Iterable[tuple[int, rollups.Buckets]]:
    for some in parts(numbers):
        if width == 1:
            points_of = select(series_blocks.c.n, series_blocks.c.data).where(series_blocks.c.n.in_(some))
            for row in connection.execute(points_of):
                yield row.n, rollups.from_points(blocks.decode(row.data))
        else:
            of_width = (series_rollups.c.width == width) & series_rollups.c.block_n.in_(some)
            for row in connection.execute(select(series_rollups.c.block_n, series_rollups.c.data).where(of_width)):
                yield row.block_n, rollups.decode(row.data)


def _inside(row: Any, min_step: int | None, max_step: int | None) -> int:
    """About how many of a block's points lie within the steps."""
    low = row.first_step if min_step is None else max(row.first_step, min_step)
    high = row.last_step if max_step is None else min(row.last_step, max_step)
    return int(row.count * (high - low + 1) / (row.last_step - row.first_step + 1))


def overlapping(min_step: int | None, max_step: int | None) -> list[Any]:
    """That a block has points within the steps."""
    terms = []
    if min_step is not None:
        terms.append(series_blocks.c.last_step >= min_step)
    if max_step is not None:
        terms.append(series_blocks.c.first_step <= max_step)
    return terms
