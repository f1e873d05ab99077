"""A profile for the eye: a row of cells a column, and a piece of HTML that needs nothing else. No value of a row but the most
frequent ones is in it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from tenfold.profiles.shape import skewness, std

if TYPE_CHECKING:
    from tenfold.profiles.record import ColumnProfile, Correlations, Histogram, Profile

HEADERS = ("column", "type", "missing", "distinct", "min", "median", "max", "mean", "std", "most frequent", "notes")
LONGEST = 24
STRONGEST = 10
"""Pairs of columns that are listed, of each kind of correlation."""
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
"""What Python's dates can say: the years 1 to 9999."""


def cells(column: ColumnProfile) -> tuple[str, ...]:
    """What `HEADERS` name, as text; '' where a column has no such thing. Of strings, min to mean are of their lengths."""
    return (
        column.name, "list" if column.lists is not None else column.type, _percent(column.missing, column.rows), _distinct(column), *_numbers(column),
        _most_frequent(column), ", ".join(notes(column)),
    )  # fmt: skip


def notes(column: ColumnProfile) -> list[str]:
    """What a reader should not overlook: infinite numbers, zeros, no values, one value, only different ones, several types."""
    said = []
    if column.infinities:
        below = f" ({column.negative_infinities:,} below zero)" if column.negative_infinities else ""
        said.append(f"{column.infinities:,} infinite{below}")
    if column.nans:
        said.append(f"{column.nans:,} NaN")
    if column.zeros and column.type in ("int", "float", "mixed"):
        said.append(f"{column.zeros:,} zeros")
    if column.rows and column.missing == column.rows:
        said.append("no values")
    elif column.type == "mixed":
        said.append("of several types")
    elif column.lists is not None:
        few, most = column.lists.min, column.lists.max
        kind = column.lists.items.type
        said.append(f"lists of {few:,} to {most:,}" if few < most else f"lists of {most:,}")
        said += [] if kind in ("other", "empty") else [f"of type {kind}"]
    elif column.type == "other":
        said.append("only counted")
    elif column.distinct_is_exact and column.distinct == 1 and column.count > 1 and not column.infinities:
        said.append("constant")
    elif column.distinct_is_exact and column.distinct == column.count > 1 and column.type != "float":
        said.append("all different")
    if column.text is not None and column.text.blank:
        said.append(f"{column.text.blank:,} blank")
    if column.text is not None and column.text.most_words > 5:
        said.append(
            f"{column.text.words / max(1, column.count):.3g} words on average, {column.text.non_letters:.0%} neither letters nor spaces"
        )
    if (lean := skewness(column)) is not None and abs(lean) >= 3:
        said.append(f"skewness {lean:.2g}")
    return said


def to_html(profile: Profile, title: str = "") -> str:
    """A heading and a table with a small histogram for each column: as a notebook shows it, or as the body of a page."""
    heads = [f"<th class='n'>{name}</th>" if name in HEADERS[_NUMBERS] else f"<th>{name}</th>" for name in HEADERS]
    head = "".join([*heads[:2], "<th></th>", *heads[2:]])
    rows = "".join(_html_row(column) for column in profile.columns.values())
    return (
        f"<section class='tenfold-profile'><style>{_STYLE}</style>"
        f"<p><b>{escape(title or 'Profile')}</b> {profile.rows:,} rows, {len(profile.columns):,} columns</p>"
        f"<div><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{_together(profile.correlations)}</section>"
    )


def to_page(tables: dict[str, Profile], title: str) -> str:
    """A whole HTML page of one or more profiles, by name; it loads nothing."""
    body = "".join(to_html(profile, name) for name, profile in tables.items())
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title></head><body>{body}</body></html>\n"
    )


_STYLE = (
    ".tenfold-profile{font:13px system-ui,sans-serif}.tenfold-profile div{overflow-x:auto}"
    ".tenfold-profile table{border-collapse:collapse}.tenfold-profile th,.tenfold-profile td{padding:3px 10px 3px 0;"
    "text-align:left;white-space:nowrap;border-bottom:1px solid #8884}.tenfold-profile th{opacity:.7;font-weight:500}"
    ".tenfold-profile .n{text-align:right;font-variant-numeric:tabular-nums}.tenfold-profile svg{fill:#4a7bd0;display:block}"
)
_NUMBERS = slice(2, 9)


def _html_row(column: ColumnProfile) -> str:
    found = [escape(cell) for cell in cells(column)]
    numbers = "".join(f"<td class='n'>{cell}</td>" for cell in found[_NUMBERS])
    rest = "".join(f"<td>{cell}</td>" for cell in found[_NUMBERS.stop :])
    return f"<tr><td><b>{found[0]}</b></td><td>{found[1]}</td><td>{_bars(column)}</td>{numbers}{rest}</tr>"


def _together(known: Correlations | None) -> str:
    """The strongest correlations of each kind, a table each."""
    if known is None:
        return ""
    kinds = (
        ("Pearson", known.numbers, known.pearson),
        ("Spearman", known.numbers, known.spearman),
        ("Cramér's V", known.categories, known.cramers_v),
    )
    shown = []
    for title, names, matrix in kinds:
        pairs = [
            (value, names[j], names[i])
            for i, row in enumerate(matrix)
            for j, value in enumerate(row)
            if value is not None
        ]
        if pairs:
            pairs.sort(key=lambda pair: -abs(pair[0]))
            rows = "".join(
                f"<tr><td>{escape(one)}</td><td>{escape(two)}</td><td class='n'>{value:.3f}</td></tr>"
                for value, one, two in pairs[:STRONGEST]
            )
            count = f", the strongest {STRONGEST} of {len(pairs):,}" if len(pairs) > STRONGEST else ""
            shown.append(f"<p><b>{escape(title)}</b>{count}</p><div><table><tbody>{rows}</tbody></table></div>")
    return "".join(shown)


def _bars(column: ColumnProfile) -> str:
    """The histogram, or how often the most frequent values occur, as an SVG of 80 x 20."""
    shown: Histogram | None = column.histogram
    counts = (
        shown.counts if shown is not None else [float(count) for count in column.top.counts[:20]] if column.top else []
    )
    highest = max(counts, default=0)
    if highest <= 0:
        return ""
    width = 80 / max(len(counts), 4)
    bars = "".join(
        f"M{i * width:.1f} 20v-{20 * count / highest:.1f}h{width - 0.5:.1f}V20z"
        for i, count in enumerate(counts)
        if count
    )
    return f"<svg width='80' height='20' role='img' aria-label='distribution'><path d='{bars}'/></svg>"


def _numbers(column: ColumnProfile) -> tuple[str, str, str, str, str]:
    """Min, median, max, mean, std."""
    if column.lengths is not None and column.min is None:
        lengths = column.lengths
        return f"{lengths.min} chars", "", f"{lengths.max} chars", f"{lengths.mean:.3g} chars", ""
    if column.min is None or column.max is None:
        return "", "", "", "", ""
    points = column.quantiles.points if column.quantiles else []
    median = points[math.ceil(len(points) / 2) - 1] if points else None
    deviation = std(column)
    if column.type == "time":
        low, middle, high, mean = (_time(column, at) for at in (column.min, median, column.max, column.mean))
        return low, middle, high, mean, _length(deviation) if column.clock else ""
    return _number(column.min), _number(median), _number(column.max), _number(column.mean), _number(deviation)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def _time(column: ColumnProfile, ms: float | None) -> str:
    return _length(ms) if column.clock else _moment(ms)


def _length(ms: float | None) -> str:
    """A length of time, or a time of day: 1 day, 2:00:00."""
    if ms is None:
        return ""
    return str(timedelta(milliseconds=round(ms))) if abs(ms) < 8e16 else f"{ms:.4g} ms"


def _moment(at_ms: float | None) -> str:
    if at_ms is None:
        return ""
    if not _FIRST_MS <= at_ms <= _LAST_MS:
        return f"{at_ms:.4g} ms"
    said = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(" ", "seconds").removesuffix("+00:00")
    return said.removesuffix(" 00:00:00")


def _percent(part: int, whole: int) -> str:
    if not part or not whole:
        return "0 %" if whole else ""
    share = 100 * part / whole
    return "<0.1 %" if share < 0.1 else f"{share:.1f} %" if part < whole else "100 %"


def _distinct(column: ColumnProfile) -> str:
    if column.type in ("other", "empty"):
        return ""
    return f"{column.distinct:,}" if column.distinct_is_exact else f"~{column.distinct:,}"


def _most_frequent(column: ColumnProfile) -> str:
    if column.top is None or not column.top.values or not column.count:
        return ""
    value, count = column.top.values[0], column.top.counts[0]
    if count <= 1:
        return ""
    if isinstance(value, str):
        flat = " ".join(value.split())
        said = flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"
    elif isinstance(value, bool):
        said = str(value).lower()
    else:
        said = _time(column, value) if column.type == "time" else _number(value)
    return f"{said or repr(value)} ({_percent(count, column.rows)})"
