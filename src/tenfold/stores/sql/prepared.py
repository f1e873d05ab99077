"""Statements written out, for the hot paths: building one from parts costs SQLAlchemy more than SQLite takes to do it.

A guarded transition took 270 us of CPU with statements built from parts; bench/sql.py says what it takes now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult

_NAME = re.compile(r":([a-z_]+)(\*?)")


class Prepared:
    """A statement in text, the same for both dialects, with parameters like `:run_id`, or `:states*` for IN a list.

    It has no other colon and no percent sign.
    """

    __slots__ = ("_lists", "_names", "_text", "_texts")

    def __init__(self, text: str) -> None:
        self._text = text
        self._names = tuple(name for name, _ in _NAME.findall(text))
        self._lists = frozenset(name for name, star in _NAME.findall(text) if star)
        self._texts: dict[tuple[object, ...], str] = {}

    def __call__(self, tx: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Do it in a transaction under way."""
        given: list[Any] = []
        shape: list[object] = [tx.dialect.name]
        for name in self._names:
            if name in self._lists:
                given += values[name]
                shape.append(len(values[name]))
            else:
                given.append(values[name])
        return tx.exec_driver_sql(self._of_shape(tuple(shape)), tuple(given))

    def many(self, tx: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Do it for rows of values in the order of the parameters, none of them a list."""
        text = self._of_shape((tx.dialect.name,))
        tx.exec_driver_sql(text, tuple(rows[0]) if len(rows) == 1 else [tuple(row) for row in rows])

    def _of_shape(self, shape: tuple[object, ...]) -> str:
        if shape not in self._texts:
            mark = "?" if shape[0] == "sqlite" else "%s"
            lengths = iter(shape[1:])
            self._texts[shape] = _NAME.sub(lambda found: _marks(mark, next(lengths)) if found[2] else mark, self._text)
        return self._texts[shape]


def _marks(mark: str, length: object) -> str:
    assert isinstance(length, int)
    return ", ".join([mark] * length) or "NULL"
