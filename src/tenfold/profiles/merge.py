"""`merge(a, b)`: the profile of two tables put under each other, from their profiles."""

from __future__ import annotations

from tenfold.profiles.correlating import Correlating
from tenfold.profiles.gathering import Gathering
from tenfold.profiles.record import Profile


def merge(first: Profile, *others: Profile) -> Profile:
    """The profile of all the rows. A column that one table lacks is null there.

    Counts, extremes, distinct registers, moments, Pearson's correlations and Cramér's V (to rounding) are those of the whole;
    quantiles and top values carry the error bounds of their parts and of the merge, and say so; Spearman's correlations
    are of an even sample of rows. What one part was made too early to know, the whole does not know either.
    """
    parts = [part for part in (first, *others) if part.rows or part.columns]
    if len(parts) == 1:
        return parts[0]
    related = Correlating()
    gathered: dict[str, Gathering] = {}
    rows = 0
    for part in parts:
        for name, column in part.columns.items():
            if name not in gathered:
                gathered[name] = Gathering(name, nulls=rows)
            gathered[name].add_profile(column)
        rows += part.rows
        related.add_profile(part)
        for column_so_far in gathered.values():
            column_so_far.pad(rows)
    done = {name: column.finish() for name, column in gathered.items()}
    return Profile(rows, done, correlations=related.finish(done))
