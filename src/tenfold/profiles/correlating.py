"""How the columns of a table go together, gathered beside its columns: batches and finished correlations go in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.profiles.crosses import Crosses
from tenfold.profiles.kinds import column_type
from tenfold.profiles.products import Products
from tenfold.profiles.record import ColumnProfile, Correlations, Profile
from tenfold.profiles.sampling import Sample

if TYPE_CHECKING:
    import polars as pl

MOST_NUMBERS = 64


class Correlating:
    """Gathers the correlations of a table. Batches come from one thread at a time."""

    def __init__(self) -> None:
        self.products, self.sample, self.crosses = Products(), Sample(), Crosses()
        self.beyond: set[str] = set()
        self.is_known = True

    def add(self, columns: list[pl.Series]) -> None:
        """Add a batch of all the columns, of equal lengths."""
        import polars as pl

        kinds = [column_type(column.dtype) for column in columns]
        numbers = {c.name: c for c, kind in zip(columns, kinds, strict=True) if kind in ("int", "float")}
        self._track(list(numbers))
        names = self.products.names
        if names and columns and len(columns[0]):
            absent = np.full(len(columns[0]), np.nan)
            values = [numbers[name].cast(pl.Float64).to_numpy() if name in numbers else absent for name in names]
            self.products.add(values)
            self.sample.add(values)
        self.crosses.add([c for c, kind in zip(columns, kinds, strict=True) if kind in ("string", "bool")])

    def add_profile(self, part: Profile) -> None:
        """Add what the profile of other rows says."""
        known = part.correlations
        able = [name for name, column in part.columns.items() if column.type in _KINDS]
        if known is None:
            self.is_known &= len(able) < 2
            return
        self.beyond.update(n for n in able if part.columns[n].type in ("int", "float") and n not in known.numbers)
        if known.numbers:
            names = known.numbers
            self._track(names)
            kept = [name for name in names if name in self.products.names]
            self.products.merge(Products.unpack(names, known.state["products"]).chosen(kept))
            sample = Sample.unpack(names, part.columns, known.state["sample"])
            sample.rows = sample.rows[[names.index(name) for name in kept]]
            sample.names = kept
            self.sample.merge(sample)
        if "crosses" in known.state:
            self.crosses.merge(Crosses.unpack(known.state["crosses"]))

    def finish(self, columns: Mapping[str, ColumnProfile]) -> Correlations | None:
        """What was found, over columns that are of one kind in all rows; None when no two could be compared."""
        numbers = [
            name for name in columns
            if name in self.products.names and name not in self.beyond and columns[name].type in ("int", "float")
        ]  # fmt: skip
        for name, column in columns.items():
            if column.type == "empty":
                self.crosses.forget(name)
            elif name in self.crosses.categories and column.type not in ("string", "bool"):
                self.crosses.drop(name)
        categories = [name for name in columns if name in self.crosses.categories]
        left = sum(c.type in ("int", "float") for c in columns.values()) - len(numbers)
        if not self.is_known or (len(numbers) < 2 and len(categories) < 2 and not left and not self.crosses.dropped):
            return None
        state = {}
        if numbers:
            state["products"] = self.products.chosen(numbers).pack()
            state["sample"] = self.sample.pack(numbers, columns)
        if categories or self.crosses.dropped:
            state["crosses"] = self.crosses.pack()
        return Correlations(
            numbers=numbers,
            pearson=_below(self.products.chosen(numbers).pearson()),
            spearman=_below(self.sample.spearman(numbers)),
            sampled=self.sample.priorities.size,
            categories=categories,
            cramers_v=_below(self.crosses.cramers_v(categories)),
            left_out=left,
            state=state,
        )

    def _track(self, names: list[str]) -> None:
        new = [name for name in names if name not in self.products.names and name not in self.beyond]
        room = MOST_NUMBERS - len(self.products.names)
        self.beyond.update(new[room:])
        self.products.track(new[:room])
        self.sample.track(new[:room])


_KINDS = ("int", "float", "string", "bool")


def _below(matrix: np.ndarray[Any, Any]) -> list[list[float | None]]:
    """What stands below the diagonal, to ten places."""
    return [
        [round(value, 10) if math.isfinite(value) else None for value in row[:i]]
        for i, row in enumerate(matrix.tolist())
    ]
