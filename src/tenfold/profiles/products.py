"""Sums of products of every pair of columns, over the rows that have both: Pearson's correlation, exact and mergeable.

Kept as count, mean, sum of squares and of products about the pair's own means, and merged pairwise (Chan, Golub & LeVeque
1979; Pébay 2008), so numbers far from zero lose nothing.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
BLOCK = 16_384
"""Rows multiplied at a time: what is worked on stays in the processor's cache."""

_ALONE = 1 << 17
"""Multiplications of one matrix product that OpenBLAS does in one thread, with room to spare."""


class Products:
    """Of named columns. All four matrices are (columns, columns); `means` and `squares` are of the row's column."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.counts, self.means, self.squares, self.products = (np.zeros((0, 0)) for _ in range(4))

    def track(self, names: list[str]) -> None:
        """Also these columns; rows so far lack them."""
        if not names:
            return
        self.names += names
        size = (0, len(names))
        self.counts, self.means, self.squares, self.products = (
            np.pad(one, (size, size)) for one in (self.counts, self.means, self.squares, self.products)
        )

    def add(self, columns: list[Floats]) -> None:
        """Add columns of equal lengths, as in `names`; NaN where a row lacks one."""
        rows = len(columns[0])
        block = np.empty((len(columns), min(BLOCK, rows)))
        for start in range(0, rows, BLOCK):
            size = min(BLOCK, rows - start)
            for into, values in zip(block, columns, strict=True):
                into[:size] = values[start : start + size]
            with np.errstate(all="ignore"):
                self._merge(*_of_block(block[:, :size]))

    def merge(self, other: Products) -> None:
        """Add those of other rows."""
        self.track([name for name in other.names if name not in self.names])
        at = np.ix_(places := [self.names.index(name) for name in other.names], places)
        wide = [np.zeros_like(self.counts) for _ in range(4)]
        for into, part in zip(wide, (other.counts, other.means, other.squares, other.products), strict=True):
            into[at] = part
        with np.errstate(all="ignore"):
            self._merge(*wide)

    def chosen(self, names: list[str]) -> Products:
        """Those of fewer columns, in this order."""
        found = Products()
        found.names = list(names)
        at = np.ix_(places := [self.names.index(name) for name in names], places)
        found.counts, found.means, found.squares, found.products = (
            one[at].copy() for one in (self.counts, self.means, self.squares, self.products)
        )
        return found

    def pearson(self) -> Floats:
        """(columns, columns), NaN where a pair has none."""
        with np.errstate(all="ignore"):
            deviations = np.sqrt(self.squares)
            found = self.products / deviations / deviations.T
            # what is left of a constant far from zero is rounding
            still = deviations <= 1e-13 * np.abs(self.means) * np.sqrt(np.maximum(self.counts, 1))
        found[still | still.T | (self.counts < 2)] = np.nan
        return np.asarray(np.clip(found, -1, 1))

    def pack(self) -> bytes:
        """Numbers as they are kept; the names are kept beside them."""
        return zlib.compress(np.stack([self.counts, self.means, self.squares, self.products]).tobytes(), 1)

    @classmethod
    def unpack(cls, names: list[str], data: bytes) -> Products:
        """The products of `pack`ed bytes."""
        found = cls()
        found.names = list(names)
        size = len(names)
        matrices = np.frombuffer(zlib.decompress(data), np.float64).reshape(4, size, size)
        found.counts, found.means, found.squares, found.products = (one.copy() for one in matrices)
        return found

    def _merge(self, counts: Floats, means: Floats, squares: Floats, products: Floats) -> None:
        whole = self.counts + counts
        safe = np.maximum(whole, 1)
        apart = np.where((self.counts > 0) & (counts > 0), means - self.means, 0)
        weight = self.counts * counts / safe
        self.squares += squares + apart * apart * weight
        self.products += products + apart * apart.T * weight
        self.means = np.where(whole > 0, (self.means * self.counts + means * counts) / safe, 0)
        self.counts = whole


def _of_block(rows: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    there = np.isfinite(rows)
    if there.all():
        size, count = len(rows), rows.shape[1]
        means = rows.mean(axis=1, keepdims=True)
        apart = rows - means
        products = product(apart, apart)
        across = np.ones((1, size))
        return np.full((size, size), float(count)), means @ across, np.diag(products)[:, None] @ across, products
    mask = there.astype(np.float64)
    shift = np.where(there, rows, 0).sum(axis=1, keepdims=True) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    apart = np.where(there, rows - shift, 0)
    counts = product(mask, mask)
    sums = product(apart, mask)
    safe = np.maximum(counts, 1)
    squares = np.maximum(product(np.square(apart), mask) - sums * sums / safe, 0)
    means = np.where(counts > 0, shift + sums / safe, 0)
    return counts, means, squares, product(apart, apart) - sums * sums.T / safe


def product(a: Floats, b: Floats) -> Floats:
    """a @ b.T of (columns, rows), in pieces so small that BLAS starts no threads of its own, which fight with those of the profile: 3 s of
    processor time where 0.4 do."""
    size, rows = a.shape
    piece = max(16, _ALONE // (size * size))
    found = np.zeros((size, size))
    for start in range(0, rows, piece):
        found += a[:, start : start + piece] @ b[:, start : start + piece].T
    return found
