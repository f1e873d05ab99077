"""The search language: text to the tree of records/search.py. What MLflow's filters say means the same here.

    metrics.acc > 0.9 AND params.optimizer = 'adam'
    (state = 'failed' OR duration > '2h') AND NOT tags.team IN ('vision', 'speech')
    max(metrics.acc) >= 0.8 AND started > '2026-03-01' AND name LIKE 'resnet%'
    starred = true AND archived = false             marks set by hand
    resnet                                          a word by itself: part of the run's name

Keys with other characters than letters, digits and . _ - / : @ are quoted: metrics."val loss", params.`a b`. AND binds
closer than OR; NOT closer than both; words of the language are read in any case.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, NoReturn

from tenfold.base.errors import InvalidSearch
from tenfold.contracts.searching import field_of
from tenfold.records import ARCHIVED, MARKS, STARRED, And, Compare, Not, Or, Order
from tenfold.records.search import Expression, Operator

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<field>[A-Za-z_][\w]*(?:\.(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[\w./:@%-]+))+)
  | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.-]))
  | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`[^`]*`)
  | (?P<symbol><=|>=|!=|<>|==|=|<|>|\(|\)|,)
  | (?P<word>[^\s()<>=!,'"`]+)
    """,
    re.VERBOSE,
)
_FAMILIES = {
    "metrics": "metrics", "metric": "metrics",
    "params": "params", "param": "params", "parameters": "params", "parameter": "params",
    "tags": "tags", "tag": "tags", "summary": "summary",
    "attributes": "", "attribute": "", "attr": "", "run": "",
}  # fmt: skip
_ATTRIBUTES = {
    "run_id": "id", "run_name": "name", "run name": "name", "status": "state", "user_id": "user", "experiment": "project",
    "start_time": "started_at_ms", "started": "started_at_ms", "end_time": "ended_at_ms", "ended": "ended_at_ms",
    "created": "created_at_ms", "duration": "duration_ms", "parent": "parent_id", "root": "root_id",
    "starred": f"tags.{STARRED}", "archived": f"tags.{ARCHIVED}",
}  # fmt: skip
_MLFLOW_STATES = {
    "scheduled": "created",
    "running": "running",
    "finished": "finished",
    "failed": "failed",
    "killed": "killed",
}
_PARTS = ("min", "max", "mean", "last", "count")
_SYMBOLS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_EXAMPLE = "Write it like: metrics.acc > 0.9 AND params.optimizer = 'adam'"
_DEEPEST = 100


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse_search(text: str) -> Expression | None:
    """Read a search; None for an empty one.

    >>> parse_search("metrics.acc > 0.9")
    Compare(field='metrics.acc', op='>', value=0.9)

    Raises:
        InvalidSearch: `position` is that of the character at fault.
    """
    tokens = _tokens(text)
    if len(tokens) == 1:
        return None
    parser = _Parser(tokens)
    found = parser.either()
    if parser.now.kind != "end":
        parser.fail("what follows is not joined to it by AND or OR")
    return found


def parse_order(text: str) -> list[Order]:
    """Read an order, as in `metrics.acc DESC, started`.

    >>> parse_order("metrics.acc DESC, name")
    [Order(field='metrics.acc', descending=True), Order(field='name', descending=False)]

    Raises:
        InvalidSearch: `position` is that of the character at fault.
    """
    tokens = _tokens(text)
    parser = _Parser(tokens)
    orders: list[Order] = []
    while parser.now.kind != "end":
        if orders:
            parser.expect(",")
        field = parser.field()
        descending = parser.word("desc")
        if not descending:
            parser.word("asc")
        orders.append(Order(field, descending))
    return orders


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "this quote is not closed" if text[at] in "'\"`" else f"{text[at]!r} is not understood"
            raise InvalidSearch(f"At character {at + 1} of the search {what}. {_EXAMPLE}", position=at, field="where")
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    found.append(_Token("end", "", len(text)))
    return found


class _Parser:
    """Reads tokens from left to right, one function a rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def now(self) -> _Token:
        return self._tokens[self._at]

    def either(self) -> Expression:
        terms = [self.both()]
        while self.word("or"):
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else Or(terms)

    def both(self) -> Expression:
        terms = [self.one()]
        while self.word("and"):
            terms.append(self.one())
        return terms[0] if len(terms) == 1 else And(terms)

    def one(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            self.fail(f"it is nested more than {_DEEPEST} deep")
        if self.word("not"):
            found: Expression = Not(self.one())
        elif self.symbol("("):
            found = self.either()
            self.expect(")")
        else:
            found = self.comparison()
        self._depth -= 1
        return found

    def comparison(self) -> Expression:
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else self.now
        alone = following.kind == "end" or following.text == ")" or following.text.lower() in ("and", "or")
        if alone and self.now.kind in ("word", "text", "number", "field"):
            return Compare("name", "ilike", f"%{_escaped(_unquoted(self._next()))}%")
        start = self.now.position
        field = self.field()
        negated = self.word("not")
        if self.word("in"):
            return self._checked(Compare(field, "not in" if negated else "in", self.values(field)), start)
        for pattern in ("like", "ilike"):
            if self.word(pattern):
                operator: Literal["like", "ilike"] = "like" if pattern == "like" else "ilike"
                compare = self._checked(Compare(field, operator, str(self.value(field))), start)
                return Not(compare) if negated else compare
        if negated:
            self.fail("after NOT there is IN, LIKE or ILIKE")
        if self.word("is"):
            absent = not self.word("not")
            if not self.word("null"):
                self.fail("after IS there is NULL or NOT NULL")
            return self._checked(Compare(field, "is null" if absent else "is not null"), start)
        op = _SYMBOLS.get(self.now.text)
        if op is None:
            self.fail("here an operator is missing: = != < <= > >= IN LIKE ILIKE IS")
        self._next()
        if field.removeprefix("tags.") in MARKS:
            return self._marked(field, op)
        return self._checked(Compare(field, op, self.value(field)), start)

    def _marked(self, field: str, op: Operator) -> Compare:
        """A mark is a tag that is there or not: `starred != true` also finds runs that never were."""
        token, value = self.now, self.value(field)
        if op not in ("=", "!=") or str(value).lower() not in ("true", "false"):
            self.fail("a mark is compared with = true or = false", token)
        is_set = (str(value).lower() == "true") == (op == "=")
        return Compare(field, "is not null" if is_set else "is null")

    def field(self) -> str:
        """A field as records/search.py names it; `max(metrics.acc)` is summary.acc.max."""
        token = self._next()
        if token.kind not in ("field", "word", "text"):
            self.fail("here the name of a field is missing", token)
        if token.kind == "word" and token.text.lower() in _PARTS and self.symbol("("):
            inner = self.field()
            self.expect(")")
            if not inner.startswith("metrics."):
                self.fail(f"{token.text}() is of a metric, as in {token.text}(metrics.acc)", token)
            return f"summary.{inner.removeprefix('metrics.')}.{token.text.lower()}"
        name = _field_name(token)
        try:
            field_of(name)
        except InvalidSearch as error:
            raise InvalidSearch(error.message, position=token.position, field="where") from None
        return name

    def values(self, field: str) -> list[str | float | int]:
        self.expect("(")
        found = []
        while True:
            value = self.value(field)
            found.append(("true" if value else "false") if isinstance(value, bool) else value)
            if self.symbol(")"):
                return found
            self.expect(",")

    def value(self, field: str) -> str | float | int | bool:
        token = self._next()
        if token.kind == "number":
            number = float(token.text)
            return int(token.text) if re.fullmatch(r"[-+]?\d{1,18}", token.text) else number
        if token.kind not in ("text", "word", "field"):
            self.fail("here a value is missing", token)
        text = _unquoted(token)
        if token.kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if field.endswith("_ms"):
            return self._time(field, text, token)
        return _MLFLOW_STATES.get(text.lower(), text) if field == "state" else text

    def word(self, word: str) -> bool:
        """Take a word of the language if it is next."""
        found = self.now.kind == "word" and self.now.text.lower() == word
        self._at += found
        return found

    def symbol(self, symbol: str) -> bool:
        found = self.now.kind == "symbol" and self.now.text == symbol
        self._at += found
        return found

    def expect(self, symbol: str) -> None:
        if not self.symbol(symbol):
            self.fail(f"here {symbol!r} is missing")

    def fail(self, what: str, token: _Token | None = None) -> NoReturn:
        token = token or self.now
        where = f"at character {token.position + 1} ({token.text!r})" if token.text else "at its end"
        raise InvalidSearch(
            f"The search is not understood {where}: {what}. {_EXAMPLE}", position=token.position, field="where"
        )

    def _next(self) -> _Token:
        token = self.now
        self._at += token.kind != "end"
        return token

    def _checked(self, compare: Compare, start: int) -> Compare:
        """The comparison, when its field can be compared so; else the store's error at the right place."""
        from tenfold.contracts.searching import operand_of

        if compare.op not in ("is null", "is not null"):
            try:
                operand_of(compare, field_of(compare.field))
            except InvalidSearch as error:
                raise InvalidSearch(error.message, position=start, field="where") from None
        return compare

    def _time(self, field: str, text: str, token: _Token) -> int:
        duration = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text)
        if field == "duration_ms":
            if duration and duration[2] in _UNITS_MS:
                return round(float(duration[1]) * _UNITS_MS[duration[2]])
            self.fail("a duration is written like '90s', '5m', '2h' or in milliseconds", token)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail("a time is written like '2026-03-01' or '2026-03-01T12:00', in UTC", token)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _field_name(token: _Token) -> str:
    if token.kind != "field":
        name = _unquoted(token)
        return _ATTRIBUTES.get(name.lower(), name)
    family, _, key = token.text.partition(".")
    parts = re.findall(r'"(?:[^"\\]|\\.)*"|`[^`]*`|[\w./:@%-]+', key)
    plain = ".".join(_unquoted(_Token("text", part, 0)) if part[0] in '"`' else part.strip(".") for part in parts)
    kind = _FAMILIES.get(family.lower())
    if kind is None:
        return f"{family}.{plain}"
    if kind == "":
        return _ATTRIBUTES.get(plain.lower(), plain)
    return f"{kind}.{plain}"


def _unquoted(token: _Token) -> str:
    text: Any = token.text
    if token.kind != "text":
        return str(text)
    quote, inner = text[0], text[1:-1]
    if quote == "`":
        return str(inner)
    if quote == "'":
        inner = inner.replace("''", "'")
    return re.sub(r"\\([\\'\"])", r"\1", inner)


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
