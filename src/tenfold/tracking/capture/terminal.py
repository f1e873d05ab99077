"""What a terminal would show of printed text: progress bars drawn over themselves, lines gone up to and drawn again.

Understood are carriage return, backspace, and the escape sequences that move the cursor and erase; colours are dropped.
The terminal is as wide and high as it need be, so nothing wraps and nothing scrolls away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PARTS = re.compile(
    r"""
    \x1b\[(?P<numbers>[0-9;?<=>]*)[ -/]*(?P<final>[@-~])     # CSI: cursor, erase, colour
  | \x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?                       # OSC: titles, links
  | \x1b[ -/]*[0-~]                                          # other escapes
  | (?P<control>[\n\r\b])
  | (?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)
  | .
    """,
    re.VERBOSE | re.DOTALL,
)
_SIMPLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass
class Screen:
    """Rows as they stand, and where the text could be cut so that what follows never reaches above the cut."""

    rows: list[str] = field(default_factory=lambda: [""])
    cuts: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    """(row, index in the text where it begins), of the rows that nothing so far went above after they began."""
    reached_above: bool = False
    """True when the text went up beyond its own first row: to rows that were shown before."""
    _row: int = 0
    _column: int = 0
    _hidden_at: int | None = None

    def text(self, rows: int | None = None) -> str:
        """The first `rows` rows, or all, as text; each but the last of all rows ends with a newline."""
        if rows is None:
            return "\n".join(self.rows)
        return "".join(f"{row}\n" for row in self.rows[:rows])

    def settled(self) -> tuple[int, int]:
        """(rows, index in the text) up to which all is as it will stay, as far as can be known.

        Who hides the cursor is drawing something it will draw again: nothing from there on is settled until it shows.
        """
        if self._hidden_at is None:
            return self.cuts[-1]
        return next(cut for cut in reversed(self.cuts) if cut[0] <= self._hidden_at)

    def _write(self, text: str) -> None:
        row, column = self.rows[self._row], self._column
        if column == len(row):
            self.rows[self._row] = row + text
        else:
            self.rows[self._row] = (row[:column].ljust(column) + text + row[column + len(text) :]).rstrip(" ")
        self._column = column + len(text)

    def _line_feed(self, index: int) -> None:
        fresh = self._row + 1 == len(self.rows)
        self._down(1)
        self._column = 0
        if fresh:
            self.cuts.append((self._row, index))

    def _down(self, rows: int) -> None:
        self._row += min(rows, 1000)
        self.rows += [""] * (self._row + 1 - len(self.rows))

    def _up(self, rows: int) -> None:
        if rows > self._row:
            self.reached_above = True
        self._row = max(0, self._row - rows)
        while self.cuts[-1][0] > self._row:
            self.cuts.pop()

    def _erase_line(self, how: int) -> None:
        row, column = self.rows[self._row], self._column
        kept = {0: row[:column], 1: " " * min(column + 1, len(row)) + row[column + 1 :]}.get(how, "")
        self.rows[self._row] = kept.rstrip(" ")

    def _escape(self, numbers: str, final: str) -> None:
        first = int(numbers.partition(";")[0]) if numbers[:1].isdigit() else None
        count = first or 1
        if final in "AF":
            self._up(count)
        elif final in "BE":
            self._down(count)
        elif final == "C":
            self._column += min(count, 1000)
        elif final == "D":
            self._column = max(0, self._column - count)
        elif final == "G":
            self._column = min(count, 1000) - 1
        elif final == "K":
            self._erase_line(first or 0)
        elif final == "J" and not first:
            self._erase_line(0)
            for below in range(self._row + 1, len(self.rows)):
                self.rows[below] = ""
        elif numbers == "?25":
            self._hidden_at = (self._row if self._hidden_at is None else self._hidden_at) if final == "l" else None
        if final in "EF":
            self._column = 0


def show(text: str) -> Screen:
    """The screen after a text was printed to it.

    >>> show("10%\\r50%\\rdone\\nA\\nB\\x1b[1A\\rchanged\\n").rows
    ['done', 'changed', 'B']
    """
    screen = Screen()
    if _SIMPLE.search(text) is None:
        _show_simple(screen, text)
        return screen
    for part in _PARTS.finditer(text):
        if (plain := part["text"]) is not None:
            screen._write(plain)
        elif (control := part["control"]) == "\n":
            screen._line_feed(part.end())
        elif control == "\r":
            screen._column = 0
        elif control == "\b":
            screen._column = max(0, screen._column - 1)
        elif part["final"] is not None:
            screen._escape(part["numbers"], part["final"])
    return screen


def _show_simple(screen: Screen, text: str) -> None:
    """Text without escapes, quickly: a bar of an hour is 36,000 drawings of one line."""
    start = 0
    for line in text.split("\n"):
        if start:
            screen._line_feed(start)
        for drawn in line.split("\r"):
            screen._column = 0
            if drawn:
                screen._write(drawn)
        start += len(line) + 1
