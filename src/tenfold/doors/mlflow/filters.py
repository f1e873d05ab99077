"""MLflow's filters over what a store does not search itself: experiments, registered models, versions, logged models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from tenfold.doors.mlflow.errors import invalid

T = TypeVar("T")
Getter = Callable[[T, str, str], Any]
"""(thing, family, key) to its value, None when it has none. Families: attributes, tags, params, metrics."""

_TERM = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)(?:\.(?P<key>"[^"]+"|`[^`]+`|[\w./:@\-]+))?\s*
    (?P<op><=|>=|!=|=|<|>|NOT\s+LIKE\b|LIKE\b|ILIKE\b|NOT\s+IN\b|IN\b|IS\s+NOT\s+NULL\b|IS\s+NULL\b)\s*
    (?P<value>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|[-+]?[\d.]+(?:[eE][-+]?\d+)?|\([^()]*\))?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_AND = re.compile(r"AND\b", re.IGNORECASE)
_ITEM = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[-+]?[\d.]+)\s*(,|$)""")
_FAMILIES = {
    "tag": "tags", "tags": "tags", "param": "params", "params": "params", "parameter": "params", "parameters": "params",
    "metric": "metrics", "metrics": "metrics", "attribute": "attributes", "attributes": "attributes", "attr": "attributes",
}  # fmt: skip


class Clause(NamedTuple):
    family: str
    key: str
    op: str
    value: Any


def parse(text: str | None, *, attributes: Iterable[str]) -> list[Clause]:
    """The terms of a filter, all of which must hold.

    Raises:
        MlflowError: It cannot be read, or names an attribute that is none of these.
    """
    clauses: list[Clause] = []
    at, whole = 0, (text or "").strip()
    known = tuple(attributes)
    while at < len(whole):
        if clauses:
            joined = _AND.match(whole, at)
            if joined is None:
                raise invalid(f"Invalid clause(s) in filter string: {whole[at:]!r}. Terms are joined by AND")
            at = joined.end()
        term = _TERM.match(whole, at)
        if term is None:
            raise invalid(
                f"Invalid clause(s) in filter string: {whole[at:]!r}. Write it like: name = 'a' AND tags.b = 'c'"
            )
        clauses.append(_clause(term, known))
        at = term.end()
    return clauses


def wanted(clauses: list[Clause], key: str) -> str | None:
    """The one value that an attribute must have, so that only that need be looked at; None when any may do."""
    return next((str(each.value) for each in clauses if each[:3] == ("attributes", key, "=")), None)


def _clause(term: re.Match[str], known: tuple[str, ...]) -> Clause:
    name, key, op, value = term["name"], term["key"], " ".join(term["op"].upper().split()), term["value"]
    if key is None:
        family, key = "attributes", name
    else:
        family = _FAMILIES.get(name.lower(), "")
        key = key.strip('"`')
    if not family or (family == "attributes" and key not in known):
        raise invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{', '.join(known)}'")
    if op.startswith("IS "):
        return Clause(family, key, op, None)
    if value is None:
        raise invalid(f"A value is missing after '{name} {op}'")
    return Clause(family, key, op, _values(value) if value.startswith("(") else _value(value))


def _values(text: str) -> list[Any]:
    found, at, inner = [], 0, text[1:-1]
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if item is None:
            raise invalid(f"Invalid list in filter string: {text}. Write it like ('a', 'b')")
        found.append(_value(item[1]))
        at = item.end()
    return found


def _value(text: str) -> Any:
    if text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1])
    try:
        return float(text) if any(char in text for char in ".eE") else int(text)
    except ValueError:
        raise invalid(f"Invalid number in filter string: {text}") from None


def matching(items: Iterable[T], clauses: list[Clause], get: Getter[T]) -> list[T]:
    """Those of which all clauses hold."""
    return [item for item in items if all(_holds(clause, get(item, clause.family, clause.key)) for clause in clauses)]


def _holds(clause: Clause, mine: Any) -> bool:
    op, wanted = clause.op, clause.value
    if op in ("IS NULL", "IS NOT NULL"):
        return (mine is None) == (op == "IS NULL")
    if mine is None:
        return False
    if op in ("IN", "NOT IN"):
        if not isinstance(wanted, list):
            raise invalid(f"{op} takes a list of values, as in {clause.key} {op} ('a', 'b')")
        return (mine in [_like(mine, each) for each in wanted]) == (op == "IN")
    if op.endswith("LIKE"):
        pattern = ".*".join(".".join(re.escape(part) for part in piece.split("_")) for piece in str(wanted).split("%"))
        found = re.fullmatch(pattern, str(mine), re.DOTALL | (re.IGNORECASE if op == "ILIKE" else 0)) is not None
        return found != op.startswith("NOT")
    other = _like(mine, wanted)
    if op == "=":
        return bool(mine == other)
    if op == "!=":
        return bool(mine != other)
    if type(other) is str and not isinstance(mine, str):
        raise invalid(f"{clause.key} is a number; it cannot be compared with {wanted!r}")
    return bool({"<": mine < other, "<=": mine <= other, ">": mine > other, ">=": mine >= other}[op])


def _like(mine: Any, other: Any) -> Any:
    """The other as what it is compared with: a number where mine is one."""
    if isinstance(mine, str):
        return str(other)
    try:
        return float(other)
    except (TypeError, ValueError):
        return other


def ordered(
    items: list[T], orders: list[str], get: Getter[T], *, allowed: Iterable[str], default: list[str]
) -> list[T]:
    """Sorted by `key [ASC|DESC]` texts, the first one first, then by the default; what lacks a key comes last."""
    names = tuple(allowed)
    for text in reversed([*orders, *default]):
        words = text.strip().split()
        descending = len(words) > 1 and words[-1].upper() == "DESC"
        if len(words) > 1 and words[-1].upper() in ("ASC", "DESC"):
            words.pop()
        family, dot, key = " ".join(words).partition(".")
        if not dot:
            family, key = "attributes", family
        family, key = _FAMILIES.get(family.lower(), ""), key.strip('"`')
        if not family or (family == "attributes" and key not in names):
            raise invalid(f"Invalid order by key '{key}' specified. Valid keys are '{', '.join(names)}'")
        there = [(get(item, family, key), item) for item in items]
        with_key = [pair for pair in there if pair[0] is not None]
        with_key.sort(key=lambda pair: pair[0], reverse=descending)
        items = [item for _, item in with_key] + [item for value, item in there if value is None]
    return items
