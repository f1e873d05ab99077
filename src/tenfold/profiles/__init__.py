"""One-pass, mergeable statistics of a table: counts, moments, quantiles, top values, distinct estimate, histogram.

Profiles of parts merge into the profile of the whole. Validation, drift, dataset pages and reports all read the same
profile. Nothing here knows a schema, a store or a monitor.

    profile(table) -> Profile          merge(a, b) -> Profile          quantile(column.quantiles, 0.5)   std(column)
"""

from tenfold.profiles.images import evenly, image_table
from tenfold.profiles.merge import merge
from tenfold.profiles.profile import profile
from tenfold.profiles.queries import Query
from tenfold.profiles.record import (
    ColumnProfile,
    Correlations,
    Histogram,
    ListContents,
    Profile,
    Quantiles,
    TextBasics,
    TextLengths,
    TopValues,
    decode,
    encode,
    only,
)
from tenfold.profiles.shape import kurtosis, skewness, std
from tenfold.profiles.showing import HEADERS, cells, to_html, to_page
from tenfold.profiles.sketch import quantile
from tenfold.profiles.tables import Table, open_table

__all__ = [
    "HEADERS", "ColumnProfile", "Correlations", "Histogram", "ListContents", "Profile", "Quantiles", "Query", "Table",
    "TextBasics", "TextLengths", "TopValues", "cells", "decode", "encode", "evenly", "image_table", "kurtosis", "merge", "only", "open_table", "profile", "quantile",
    "skewness", "std", "to_html", "to_page",
]  # fmt: skip
