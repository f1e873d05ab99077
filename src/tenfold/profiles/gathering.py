"""What is known of one column so far: batches and finished profiles go in, a ColumnProfile comes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.profiles import distinct, sketch, texts
from tenfold.profiles.counters import Counters
from tenfold.profiles.kinds import as_milliseconds, clock_of, column_type, common_type
from tenfold.profiles.moments import Moments
from tenfold.profiles.record import Clock, ColumnProfile, ColumnType, ListContents, TextBasics, TextLengths

if TYPE_CHECKING:
    import polars as pl

ITEMS = 1 << 20
"""Items of lists that are unpacked at a time, about: lists of 1,000 numbers would be a large table."""


class Gathering:
    """Gathers one column. A column must be added from one thread at a time, and its parts in their order."""

    def __init__(self, name: str, *, nulls: int = 0) -> None:
        self.name = name
        self.type: ColumnType = "empty"
        self.clock: Clock | None = None
        self.rows = self.nulls = nulls
        self.nans = self.infinities = self.negative_infinities = self.zeros = self.count = 0
        self.min, self.max = math.inf, -math.inf
        self.numbers, self.bools = Moments(), Moments()
        self.sketch = sketch.Sketch()
        self.top = Counters()
        self.registers = distinct.new_registers()
        self.lengths: list[TextLengths] = []
        self.length_counts: list[int] = []
        self.text: TextBasics | None = None
        self.is_text_known = True
        self.lists = _Lists()

    def add(self, values: pl.Series) -> None:
        """Add a batch of the column."""
        import polars as pl

        self.rows += len(values)
        nulls = values.null_count()
        self.nulls += nulls
        if nulls == len(values):
            return
        kind = column_type(values.dtype)
        self.type = common_type(self.type, kind)
        present = values.drop_nulls() if nulls else values
        if kind in ("int", "float", "time"):
            if kind == "time":
                self._tell(clock_of(values.dtype))
                present = as_milliseconds(present)
            self._add_numbers(present.cast(pl.Float64).to_numpy())
        elif kind == "bool":
            true = int(present.sum())
            self._add_bools(len(present) - true, true)
        elif kind == "string":
            self._add_strings(present)
        else:
            self.count += len(present)
            if isinstance(values.dtype, pl.List | pl.Array):
                self.lists.add(present)

    def pad(self, rows: int) -> None:
        """Count the rows of tables that lack this column as nulls."""
        self.nulls += rows - self.rows
        self.rows = rows

    def add_profile(self, part: ColumnProfile) -> None:
        """Add the finished profile of other rows of this column."""
        self.type = common_type(self.type, part.type)
        if part.type == "time":
            self._tell(part.clock)
        self.rows += part.rows
        self.nulls += part.nulls
        self.nans += part.nans
        self.infinities += part.infinities
        self.negative_infinities += part.negative_infinities
        self.zeros += part.zeros
        self.count += part.count
        if part.mean is not None and part.m2 is not None:
            into, count = (self.bools, part.count) if part.quantiles is None else (self.numbers, part.quantiles.count)
            into.merge(count, part.mean, part.m2, part.m3, part.m4)
        elif part.quantiles is not None:  # moments too large for a number stay so
            self.numbers.merge(part.quantiles.count, math.nan, math.nan, None, None)
        if part.min is not None and part.max is not None:
            self.min, self.max = min(self.min, part.min), max(self.max, part.max)
        if part.quantiles is not None:
            self.sketch.add(part.quantiles)
        if part.top is not None:
            self.top.merge(part.top)
        np.maximum(self.registers, distinct.unpack(part.registers), out=self.registers)
        if part.lengths is not None:
            self.lengths.append(part.lengths)
            self.length_counts.append(_strings_of(part))
            self._add_text(part.text)
        self.lists.add_part(part.lists, part.count if part.type == "other" else 0)

    def finish(self) -> ColumnProfile:
        """The record of all rows so far."""
        numbers = self.sketch.count > 0
        moments = self.numbers if numbers else self.bools if self.type == "bool" else Moments()
        has = moments.count > 0
        top = self.top.finish() if self.type not in ("other", "empty") else None
        exact = top is None or top.error == 0
        quantiles = self.sketch.finish() if numbers else None
        return ColumnProfile(
            name=self.name, type=self.type, rows=self.rows, count=self.count, clock=self.clock or "", nulls=self.nulls, nans=self.nans,
            infinities=self.infinities, negative_infinities=self.negative_infinities, zeros=self.zeros,
            mean=_finite(moments.mean) if has else None, m2=_finite(moments.m2) if has else None,
            m3=_finite(moments.m3) if has else None, m4=_finite(moments.m4) if has else None,
            min=self.min if has else None, max=self.max if has else None,
            quantiles=quantiles,
            histogram=sketch.histogram(quantiles, self.min, self.max) if quantiles else None,
            top=top,
            distinct=(len(top.values) if top else 0) if exact else min(self.count, round(distinct.estimate(self.registers))),
            distinct_is_exact=exact and self.type != "other",
            registers=distinct.pack(self.registers) if self.registers.any() else b"",
            lengths=_lengths(self.lengths, self.length_counts),
            text=self.text if self.is_text_known else None,
            lists=self.lists.finish(),
        )  # fmt: skip

    def _tell(self, clock: Clock) -> None:
        self.clock = clock if self.clock in (None, clock) else ""

    def _add_numbers(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            nans = int(np.isnan(values).sum())
            self.nans += nans
            self.infinities += int(values.size - finite.sum()) - nans
            self.negative_infinities += int(np.isneginf(values).sum())
            values = values[finite]
        if values.size == 0:
            return
        values = np.sort(values)
        values += 0.0  # -0.0 is 0.0, in whichever part it comes first
        low, high = float(values[0]), float(values[-1])
        self.count += values.size
        self.min, self.max = min(self.min, low), max(self.max, high)
        self.zeros += int(np.searchsorted(values, 0.0, "right") - np.searchsorted(values, 0.0, "left"))
        self.numbers.add(values)
        self.sketch.add_sorted(values)
        starts = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
        unique = values[starts] if starts.size < values.size else values
        self.top.add(unique, np.diff(starts, append=values.size))
        distinct.observe(self.registers, distinct.hash_floats(unique))

    def _add_bools(self, false: int, true: int) -> None:
        count = false + true
        mean = true / count
        self.count += count
        self.zeros += false
        self.min, self.max = min(self.min, float(not false)), max(self.max, float(bool(true)))
        low, high = -mean, 1 - mean
        self.bools.merge(count, mean, *(true * high**power + false * low**power for power in (2, 3, 4)))
        seen = [(value, n) for value, n in ((False, false), (True, true)) if n]
        self.top.add([value for value, _ in seen], np.array([n for _, n in seen]))
        distinct.observe(self.registers, distinct.hash_floats(np.array([float(value) for value, _ in seen])))

    def _add_strings(self, present: pl.Series) -> None:
        import polars as pl

        counted = present.cast(pl.String).alias("value").value_counts(name="count")
        values, counts = counted.get_column("value"), counted.get_column("count").to_numpy().astype(np.int64)
        self.count += len(present)
        self.top.add(values, counts)
        places, data = _arrow_strings(values)
        distinct.observe(self.registers, distinct.hash_strings(places, data))
        lengths = values.str.len_chars().to_numpy().astype(np.int64)
        total = int((lengths * counts).sum())
        self.lengths.append(TextLengths(int(lengths.min()), int(lengths.max()), total / len(present)))
        self.length_counts.append(len(present))
        self._add_text(texts.basics(values, places, data, counts, lengths))

    def _add_text(self, part: TextBasics | None) -> None:
        """None: a profile of before they were counted, so those of the whole are not known."""
        if part is None:
            self.is_text_known = False
        else:
            self.text = part if self.text is None else texts.together(self.text, part)


class _Lists:
    """How long the lists of a column are, and what is in them."""

    def __init__(self) -> None:
        self.count = self.empty = self.total = 0
        self.min, self.max = 2**63, 0
        self.items: Gathering | None = None
        self.is_known = True

    def add(self, present: pl.Series) -> None:
        import polars as pl

        if isinstance(present.dtype, pl.Array):
            present = present.arr.to_list()
        lengths = present.list.len().to_numpy().astype(np.int64)
        self.count += lengths.size
        self.empty += int((lengths == 0).sum())
        self.total += int(lengths.sum())
        self.min, self.max = min(self.min, int(lengths.min())), max(self.max, int(lengths.max()))
        self.items = self.items or Gathering("items")
        step = max(1, ITEMS // max(1, int(lengths.max())))
        for start in range(0, lengths.size, step):
            part = present.slice(start, step)
            self.items.add(part.filter(part.list.len() > 0).explode())

    def add_part(self, part: ListContents | None, others: int) -> None:
        """`others`: values of no known kind; where there are some and no contents, it was a struct or an old profile."""
        if part is None:
            self.is_known &= others == 0
            return
        self.count += part.count
        self.empty += part.empty
        self.total += part.total
        self.min, self.max = min(self.min, part.min), max(self.max, part.max)
        self.items = self.items or Gathering("items")
        self.items.add_profile(part.items)

    def finish(self) -> ListContents | None:
        if self.items is None or not self.is_known:
            return None
        return ListContents(
            count=self.count, empty=self.empty, total=self.total, min=self.min, max=self.max, items=self.items.finish()
        )


def _arrow_strings(values: pl.Series) -> tuple[Any, Any]:
    import polars as pl

    array = values.to_arrow(compat_level=pl.CompatLevel.oldest())  # flat offsets and bytes, not string views
    _, offsets, data = array.buffers()
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return places, np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)


def _strings_of(part: ColumnProfile) -> int:
    """How many of its values are strings: all, but in a column of several types."""
    return max(1, part.count - (part.quantiles.count if part.quantiles is not None else 0))


def _lengths(parts: list[TextLengths], counts: list[int]) -> TextLengths | None:
    if not parts:
        return None
    mean = sum(part.mean * count for part, count in zip(parts, counts, strict=True)) / sum(counts)
    return TextLengths(min(part.min for part in parts), max(part.max for part in parts), mean)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
