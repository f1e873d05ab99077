"""Columns made of texts by rules: lengths, shares of characters, matches. No model is asked and nothing is downloaded.

A missing text has length 0 and matches nothing. A descriptor may bear conditions on each row, `tests=[lte(250)]`; the
share of rows that pass is `RowTestSummary`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tenfold.base.errors import Invalid
from tenfold.reports.conditions import Condition

if TYPE_CHECKING:
    import polars as pl

    from tenfold.reports.dataset import Dataset

Mode = Literal["any", "all"]
_SENTENCE_ENDS = re.compile(r"(?<!\w\.\w.)(?<![A-Z][a-z]\.)(?<=\.|\?)\s")


@dataclass(frozen=True)
class Descriptor:
    """A new column. `alias` is its name; `tests` are held to every row."""

    column_name: str
    alias: str = field(default="", kw_only=True)
    tests: Sequence[Condition] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        """The name of the new column."""
        return self.alias or f"{type(self).__name__} of {self.column_name}"

    @property
    def sources(self) -> list[str]:
        """The columns it is made of."""
        return [self.column_name]

    def columns_of(self, data: Dataset) -> dict[str, pl.Series]:
        """The new columns (rows,) by name; most descriptors make one."""
        return {self.name: self.compute(data)}

    def compute(self, data: Dataset) -> pl.Series:
        """The column of values (rows,)."""
        return self.of(text_column(data, self.column_name))

    def of(self, texts: pl.Series) -> pl.Series:
        """The values of these texts; missing ones are ''."""
        raise NotImplementedError


def text_column(data: Dataset, name: str) -> pl.Series:
    """A column as strings, missing ones ''."""
    import polars as pl

    return data.column(name).cast(pl.String).fill_null("")


class TextLength(Descriptor):
    """Characters."""

    def of(self, texts: pl.Series) -> pl.Series:
        return texts.str.len_chars()


class WordCount(Descriptor):
    """Words of Latin letters; other characters than letters and spaces are taken out first."""

    def of(self, texts: pl.Series) -> pl.Series:
        return texts.str.replace_all("[^a-zA-Z ]+", "").str.count_matches("[a-zA-Z]+")


class SentenceCount(Descriptor):
    """Sentences that end in a full stop or a question mark; at least 1, of a missing text 0."""

    def of(self, texts: pl.Series) -> pl.Series:
        import polars as pl

        return pl.Series([max(1, len(_SENTENCE_ENDS.split(text))) if text else 0 for text in texts], dtype=pl.Int64)


class NonLetterCharacterPercentage(Descriptor):
    """Characters that are neither letters nor spaces, in percent."""

    def of(self, texts: pl.Series) -> pl.Series:
        length = texts.str.len_chars()
        letters = texts.str.count_matches(r"[\p{L} ]")
        return (100 * (length - letters) / length).fill_nan(0.0)


@dataclass(frozen=True)
class OOVWordsPercentage(Descriptor):
    """Words that are not in `words`, in percent; case does not count, and forms of a word are words of their own."""

    words: Collection[str] = ()
    ignore_words: Collection[str] = ()

    def of(self, texts: pl.Series) -> pl.Series:
        import polars as pl

        if not self.words:
            raise Invalid("OOVWordsPercentage needs a vocabulary: OOVWordsPercentage('text', words={…})", field="words")
        known = {word.lower() for word in (*self.words, *self.ignore_words)}

        def share(text: str) -> float:
            found = re.sub("[^A-Za-z0-9 ]+", "", text).split()
            return 100 * sum(word.lower() not in known for word in found) / len(found) if found else 0.0

        return pl.Series([share(text) for text in texts], dtype=pl.Float64)


@dataclass(frozen=True)
class Contains(Descriptor):
    """Whether any, or all, of the items occur in the text."""

    items: Sequence[str] = ()
    case_sensitive: bool = True
    mode: Mode = "any"

    def of(self, texts: pl.Series) -> pl.Series:
        if not self.items or isinstance(self.items, str):
            raise Invalid(f"{type(self).__name__} needs a list of items: items=['refund']", field="items")
        texts = texts if self.case_sensitive else texts.str.to_lowercase()
        items = self.items if self.case_sensitive else [item.lower() for item in self.items]
        found = [texts.str.contains(item, literal=True) for item in items]
        return _joined(found, self.mode)


class DoesNotContain(Contains):
    """Whether none of the items occur in the text; with `mode="all"` whether not all of them do."""

    def of(self, texts: pl.Series) -> pl.Series:
        return ~super().of(texts)


@dataclass(frozen=True)
class IncludesWords(Descriptor):
    """Whether any, or all, of the words occur in the text as whole words; case does not count."""

    words_list: Sequence[str] = ()
    mode: Mode = "any"

    def of(self, texts: pl.Series) -> pl.Series:
        if not self.words_list or isinstance(self.words_list, str):
            raise Invalid(f"{type(self).__name__} needs a list of words: words_list=['refund']", field="words_list")
        return _joined([texts.str.contains(rf"(?i)\b{re.escape(word)}\b") for word in self.words_list], self.mode)


class ExcludesWords(IncludesWords):
    """Whether none of the words occur; with `mode="all"` whether not all of them do."""

    def of(self, texts: pl.Series) -> pl.Series:
        return ~super().of(texts)


class TriggerWordsPresent(IncludesWords):
    """Whether any of the words occurs."""


@dataclass(frozen=True)
class BeginsWith(Descriptor):
    """Whether the text begins with the prefix."""

    prefix: str = ""
    case_sensitive: bool = True

    def of(self, texts: pl.Series) -> pl.Series:
        texts = texts if self.case_sensitive else texts.str.to_lowercase()
        return texts.str.starts_with(self.prefix if self.case_sensitive else self.prefix.lower())


@dataclass(frozen=True)
class EndsWith(Descriptor):
    """Whether the text ends with the suffix."""

    suffix: str = ""
    case_sensitive: bool = True

    def of(self, texts: pl.Series) -> pl.Series:
        texts = texts if self.case_sensitive else texts.str.to_lowercase()
        return texts.str.ends_with(self.suffix if self.case_sensitive else self.suffix.lower())


@dataclass(frozen=True)
class RegExp(Descriptor):
    """Whether the regular expression is found anywhere in the text."""

    reg_exp: str = ""

    def of(self, texts: pl.Series) -> pl.Series:
        import polars as pl

        try:
            wanted = re.compile(self.reg_exp)
        except re.error as error:
            raise Invalid(f"{self.reg_exp!r} is no regular expression: {error}", field="reg_exp") from error
        return pl.Series([wanted.search(text) is not None for text in texts], dtype=pl.Boolean)


class ContainsLink(Descriptor):
    """Whether there is an http or https link in the text."""

    def of(self, texts: pl.Series) -> pl.Series:
        return texts.str.contains(r"https?://\S+")


class IsValidJSON(Descriptor):
    """Whether the text is JSON."""

    def of(self, texts: pl.Series) -> pl.Series:
        import polars as pl

        return pl.Series([_is_json(text) for text in texts], dtype=pl.Boolean)


@dataclass(frozen=True)
class ExactMatch(Descriptor):
    """Whether the texts of two columns are equal: `ExactMatch(columns=["answer", "expected"])`."""

    column_name: str = ""
    columns: Sequence[str] = ()

    @property
    def name(self) -> str:
        return self.alias or f"ExactMatch of {' and '.join(self.columns)}"

    @property
    def sources(self) -> list[str]:
        if len(self.columns) != 2:
            raise Invalid("ExactMatch needs two columns: ExactMatch(columns=['answer', 'expected'])", field="columns")
        return list(self.columns)

    def compute(self, data: Dataset) -> pl.Series:
        first, second = (text_column(data, name) for name in self.sources)
        return first == second


@dataclass(frozen=True)
class CustomColumnDescriptor(Descriptor):
    """A function of your own of one column: a Polars series in, values of as many rows out."""

    func: Callable[[pl.Series], Any] | None = None

    def compute(self, data: Dataset) -> pl.Series:
        return _made(self, self.func, data.column(self.column_name), data.rows)


@dataclass(frozen=True)
class CustomDescriptor(Descriptor):
    """A function of your own of the whole dataset: `CustomDescriptor(lambda data: …, alias="both")`."""

    column_name: str = field(default="", kw_only=True)
    func: Callable[[Dataset], Any] | None = None

    @property
    def name(self) -> str:
        return self.alias or f"CustomDescriptor of {getattr(self.func, '__name__', 'a function')}"

    @property
    def sources(self) -> list[str]:
        return []

    def compute(self, data: Dataset) -> pl.Series:
        return _made(self, self.func, data, data.rows)


def _made(descriptor: Descriptor, func: Callable[[Any], Any] | None, given: Any, rows: int) -> pl.Series:
    import polars as pl

    if func is None:
        name = type(descriptor).__name__
        raise Invalid(f"{name} needs a function: {name}(…, func=…)", field="func")
    made = pl.Series(func(given))
    if len(made) != rows:
        raise Invalid(f"{descriptor.name} gave {len(made)} values for {rows} rows", field="func")
    return made


def _joined(found: list[pl.Series], mode: Mode) -> pl.Series:
    whole = found[0]
    for other in found[1:]:
        whole = whole | other if mode == "any" else whole & other
    return whole


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
