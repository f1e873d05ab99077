"""The basics of text: lengths, words, empty strings, letters. All are sums and extremes, so parts merge exactly.

Counted on the bytes of the batch's different strings; only strings beyond ASCII go through Unicode tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.profiles.record import TextBasics

if TYPE_CHECKING:
    import polars as pl

_SPACE = np.zeros(256, np.bool_)
_SPACE[[9, 10, 11, 12, 13, 32]] = True
_LETTER = np.zeros(256, np.bool_)
_LETTER[ord("A") : ord("Z") + 1] = _LETTER[ord("a") : ord("z") + 1] = True

Counts = np.ndarray[Any, np.dtype[np.int64]]


def basics(
    values: pl.Series, places: Counts, data: np.ndarray[Any, np.dtype[np.uint8]], counts: Counts, lengths: Counts
) -> TextBasics:
    """Of different strings and how often each occurs.

    Args:
        values: At least one string, no nulls.
        places: String i is data[places[i]:places[i + 1]] in UTF-8.
        data: Their bytes.
        counts: How often each occurs.
        lengths: In characters.
    """
    data = data[places[0] : places[-1]]
    places = places - places[0]
    space = _SPACE[data]
    begins = ~space
    begins[1:] &= space[:-1]
    starts = places[:-1][places[1:] > places[:-1]]
    begins[starts] = ~space[starts]
    words, spaces, letters = (_within(places, of) for of in (begins, space, _LETTER[data]))
    wide = np.flatnonzero(np.diff(places) != lengths)
    if wide.size:
        text = values.gather(wide)
        for found, pattern in ((words, r"\S+"), (spaces, r"\s"), (letters, r"\p{L}")):
            found[wide] = text.str.count_matches(pattern).to_numpy()
    return TextBasics(
        empty=int(counts[lengths == 0].sum()),
        blank=int(counts[spaces == lengths].sum()),
        characters=int((lengths * counts).sum()),
        letters=int((letters * counts).sum()),
        spaces=int((spaces * counts).sum()),
        words=int((words * counts).sum()),
        fewest_words=int(words.min()),
        most_words=int(words.max()),
    )


def together(a: TextBasics, b: TextBasics) -> TextBasics:
    """The basics of the strings of both."""
    return TextBasics(
        empty=a.empty + b.empty,
        blank=a.blank + b.blank,
        characters=a.characters + b.characters,
        letters=a.letters + b.letters,
        spaces=a.spaces + b.spaces,
        words=a.words + b.words,
        fewest_words=min(a.fewest_words, b.fewest_words),
        most_words=max(a.most_words, b.most_words),
    )


def _within(places: Counts, of: np.ndarray[Any, np.dtype[np.bool_]]) -> Counts:
    """How many are true within each string."""
    total = np.zeros(of.size + 1, np.int64)
    np.cumsum(of, out=total[1:])
    return np.asarray(total[places[1:]] - total[places[:-1]])
