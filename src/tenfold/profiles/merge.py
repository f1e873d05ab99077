"""`merge(a, b)`: the profile of two tables put under each other, from their profiles."""

from __future__ import annotations

from tenfold.profiles.profile import Gathering
from tenfold.profiles.record import Profile


def merge(first: Profile, *others: Profile) -> Profile:
    """The profile of all the rows. A column that one table lacks is null there.

    Counts, extremes, distinct registers and moments (to rounding) are those of the whole; quantiles and top values
    carry the error bounds of their parts and of the merge, and say so.
    """
    gathered: dict[str, Gathering] = {}
    rows = 0
    for part in (first, *others):
        for name, column in part.columns.items():
            if name not in gathered:
                gathered[name] = Gathering(name, nulls=rows)
            gathered[name].add_profile(column)
        rows += part.rows
        for column_so_far in gathered.values():
            column_so_far.pad(rows)
    return Profile(rows, {name: column.finish() for name, column in gathered.items()})
