"""Mean and central moments up to the fourth, merged pairwise.

Chan, Golub & LeVeque (1979) for the second, Pébay, "Formulas for robust, one-pass parallel computation of covariances and
arbitrary-order statistical moments" (Sandia SAND2008-6212, 2008) for the third and fourth: stable however the rows were cut.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Moments:
    """Numbers go in, batch by batch or as the moments of other rows."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.m2 = self.m3 = self.m4 = 0.0

    def add(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        """Add finite values, at least one."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            mean = float(values.mean())
            apart = values - mean
            squared = np.square(apart)
            m2 = float(squared.sum())
            apart *= squared
            m3 = float(apart.sum())
            np.square(squared, out=squared)
            self.merge(values.size, mean, m2, m3, float(squared.sum()))

    def merge(self, count: int, mean: float, m2: float, m3: float | None, m4: float | None) -> None:
        """Add the moments of other rows. One without its third and fourth makes those of the whole unknown."""
        if count == 0:
            return
        a, b = np.float64(self.count), np.float64(count)
        third, fourth = np.float64(math.nan if m3 is None else m3), np.float64(math.nan if m4 is None else m4)
        with np.errstate(all="ignore"):
            n = a + b
            d = np.float64(mean) - self.mean
            part = d / n
            self.m4 = float(
                self.m4 + fourth + part**3 * d * a * b * (a * a - a * b + b * b)
                + 6 * part * part * (a * a * m2 + b * b * self.m2) + 4 * part * (a * third - b * self.m3)
            )  # fmt: skip
            self.m3 = float(self.m3 + third + part * part * d * a * b * (a - b) + 3 * part * (a * m2 - b * self.m2))
            self.m2 = float(self.m2 + m2 + part * d * a * b)
            self.mean = float(self.mean + part * b)
            self.count += count
