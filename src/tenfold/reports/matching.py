"""Columns of matches: items or words of a list, or of another column's rows, in a text; and texts as JSON or Python.

Words are compared as they are written, without case: forms of a word are words of their own (Evidently reduces them to a
stem, with a word list it downloads), and a word is found only as a whole (Evidently also finds it inside a longer one).
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tenfold.base.errors import Invalid
from tenfold.reports.descriptors import Descriptor, Mode, text_column

if TYPE_CHECKING:
    import polars as pl

    from tenfold.reports.dataset import Dataset

Match = Literal["contains", "not_contains", "exact", "regex"]


@dataclass(frozen=True)
class TextMatch(Descriptor):
    """Whether a text contains the items, does not, is one of them, or matches an expression.

    `match_items` is a list, or the name of a column whose row holds a text or a list of texts. With 'not_contains' the mode
    'any' is that any is missing, 'all' that all are (as in Evidently).
    """

    match_items: str | Sequence[str] = ()
    match_type: Match = "contains"
    match_mode: Mode = "any"
    case_sensitive: bool = True
    word_boundaries: bool = False

    @property
    def sources(self) -> list[str]:
        return [self.column_name, *([self.match_items] if isinstance(self.match_items, str) else [])]

    def compute(self, data: Dataset) -> pl.Series:
        import polars as pl

        if self.match_type not in ("contains", "not_contains", "exact", "regex"):
            raise Invalid(
                f"There is no match {self.match_type!r}: contains, not_contains, exact, regex", field="match_type"
            )
        if not self.match_items:
            raise Invalid("TextMatch needs items: match_items=['refund'], or a column's name", field="match_items")
        texts = text_column(data, self.column_name)
        lists: list[Sequence[str]] = [_items(self.match_items)] * len(texts)
        if isinstance(self.match_items, str):
            lists = [_items(value) for value in data.column(self.match_items)]
        return pl.Series([self._holds(text, items) for text, items in zip(texts, lists, strict=True)], dtype=pl.Boolean)

    def _holds(self, text: str, items: Sequence[str]) -> bool:
        if self.match_type == "exact":
            return self._cased(text) in [self._cased(item) for item in items]
        found = [self._occurs(text, item) for item in items]
        if self.match_type != "not_contains":
            return any(found) if self.match_mode == "any" else all(found)
        return not all(found) if self.match_mode == "any" else not any(found)

    def _occurs(self, text: str, item: str) -> bool:
        if self.match_type == "regex":
            try:
                return re.search(item, text, 0 if self.case_sensitive else re.IGNORECASE) is not None
            except re.error as error:
                raise Invalid(f"{item!r} is no regular expression: {error}", field="match_items") from error
        text, item = self._cased(text), self._cased(item)
        if self.word_boundaries:
            return re.search(rf"(?<!\w){re.escape(item)}(?!\w)", text) is not None
        return item in text

    def _cased(self, text: str) -> str:
        return text if self.case_sensitive else text.lower()


@dataclass(frozen=True)
class _OfTwoColumns(Descriptor):
    column_name: str = ""
    columns: Sequence[str] = ()

    @property
    def name(self) -> str:
        return self.alias or f"{type(self).__name__} of {' and '.join(self.columns)}"

    @property
    def sources(self) -> list[str]:
        if len(self.columns) != 2 or isinstance(self.columns, str):
            name = type(self).__name__
            raise Invalid(f"{name} needs two columns: {name}(columns=['answer', 'expected'])", field="columns")
        return list(self.columns)

    def matched(self, data: Dataset, *, match: Match, mode: Mode, cased: bool, words: bool) -> pl.Series:
        """The rows of the first column whose text has the items in the row of the second."""
        text, items = self.sources
        return TextMatch(text, items, match, mode, cased, words).compute(data)


@dataclass(frozen=True)
class ItemMatch(_OfTwoColumns):
    """Whether any, or all, of the items in the row of the second column occur in the text of the first."""

    case_sensitive: bool = True
    mode: Mode = "any"

    def compute(self, data: Dataset) -> pl.Series:
        return self.matched(data, match="contains", mode=self.mode, cased=self.case_sensitive, words=False)


class ItemNoMatch(ItemMatch):
    """Whether none of the items in the row of the second column occur; with `mode="all"` whether not all of them do."""

    def compute(self, data: Dataset) -> pl.Series:
        return ~super().compute(data)


@dataclass(frozen=True)
class WordMatch(_OfTwoColumns):
    """Whether any, or all, of the words in the row of the second column occur in the text of the first."""

    mode: Mode = "any"

    def compute(self, data: Dataset) -> pl.Series:
        return self.matched(data, match="contains", mode=self.mode, cased=False, words=True)


class WordNoMatch(WordMatch):
    """Whether any word in the row of the second column is missing; with `mode="all"` whether all are (as in Evidently)."""

    def compute(self, data: Dataset) -> pl.Series:
        return self.matched(data, match="not_contains", mode=self.mode, cased=False, words=True)


@dataclass(frozen=True)
class WordsPresence(Descriptor):
    """Whether the text includes any or all of the words, or excludes (lacks) any or all of them."""

    words_list: Sequence[str] = ()
    mode: Literal["includes_any", "includes_all", "excludes_any", "excludes_all"] = "includes_any"

    def compute(self, data: Dataset) -> pl.Series:
        verb, _, mode = self.mode.partition("_")
        if verb not in ("includes", "excludes") or mode not in ("any", "all"):
            known = "includes_any, includes_all, excludes_any, excludes_all"
            raise Invalid(f"There is no mode {self.mode!r}: {known}", field="mode")
        match: Match = "contains" if verb == "includes" else "not_contains"
        how: Mode = "any" if mode == "any" else "all"
        return TextMatch(self.column_name, _items(self.words_list), match, how, False, True).compute(data)


@dataclass(frozen=True)
class JSONMatch(Descriptor):
    """Whether two columns hold the same JSON, whatever the order of the keys; what is no JSON is equal to nothing."""

    column_name: str = ""
    first_column: str = ""
    second_column: str = ""

    @property
    def name(self) -> str:
        return self.alias or f"JSON match for {self.first_column} and {self.second_column}"

    @property
    def sources(self) -> list[str]:
        return [self.first_column, self.second_column]

    def compute(self, data: Dataset) -> pl.Series:
        import polars as pl

        two = zip(*(text_column(data, name) for name in self.sources), strict=True)
        return pl.Series(
            [(a := _json(left)) is not _NO_JSON and a == _json(right) for left, right in two], dtype=pl.Boolean
        )


@dataclass(frozen=True)
class JSONSchemaMatch(Descriptor):
    """Whether the text is a JSON object with these keys, not null; `exact_match` allows no others and looks at types."""

    expected_schema: Mapping[str, Any] = None  # type: ignore[assignment]
    validate_types: bool = False
    exact_match: bool = False

    def of(self, texts: pl.Series) -> pl.Series:
        import polars as pl

        if not self.expected_schema:
            raise Invalid(
                "JSONSchemaMatch needs keys and types: expected_schema={'name': str}", field="expected_schema"
            )
        return pl.Series([self._fits(_json(text)) for text in texts], dtype=pl.Boolean)

    def _fits(self, found: Any) -> bool:
        if not isinstance(found, dict) or (self.exact_match and set(found) != set(self.expected_schema)):
            return False
        typed = self.validate_types or self.exact_match
        return all(
            found.get(key) is not None and (not typed or kind is None or isinstance(found[key], kind))
            for key, kind in self.expected_schema.items()
        )


class IsValidPython(Descriptor):
    """Whether the text is Python that parses; it is not run. A missing text is not."""

    def compute(self, data: Dataset) -> pl.Series:
        import polars as pl

        return pl.Series(
            [text is not None and _parses(str(text)) for text in data.column(self.column_name)], dtype=pl.Boolean
        )


def _items(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(item) for item in value]


_NO_JSON: Any = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
