"""Conditions of tasks, in the part of CEL that KFP's compiler writes. Imports nothing but Python's own."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|&&|\|\||!(?!=)|\b(?:true|false|null)\b")
_RAW = re.compile(
    r"'(?P<raw>.*?)'(?=\]|\)|\s*(?:&&|\|\||[<>=!]=|[<>])|\s*$)|&&|\|\||!(?!=)|\b(?:true|false|null)\b", re.DOTALL
)
"""The same where a text has quotes or line ends inside, which the compiler writes as they are."""
_WORDS = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False", "null": "None"}
_SIGNS: dict[type, str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_CASTS: dict[str, Callable[[Any], Any]] = {"int": int, "double": float, "string": str}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "and": lambda left, right: bool(left and right), "or": lambda left, right: bool(left or right),
    "not": lambda left, _: not left,
}  # fmt: skip

Make = Callable[[str, Any, Any], Any]
"""Joins two sides by <, <=, >, >=, ==, !=, and, or; or turns the left one round by not."""


def read(text: str, inputs: Mapping[str, Any], make: Make) -> Any:
    """What an expression makes of the task's inputs, joined by `make`.

    Raises:
        ValueError: Something that KFP's compiler does not write; names it.
    """
    return _read(_parsed(text), inputs, text, make)


def holds(text: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a condition is so, of inputs whose values are known.

    >>> holds("inputs.parameter_values['n'] > 2 && !('a' == 'b')", {"n": 3})
    True
    """
    return bool(read(text, inputs, lambda op, left, right: _COMPARE[op](left, right)))


def _parsed(text: str) -> ast.expr:
    for token in (_TOKEN, _RAW):
        try:
            return ast.parse(token.sub(_spelled, text).strip(), mode="eval").body
        except SyntaxError:
            continue
    raise ValueError(f"The condition {text!r} cannot be read. {_TAKEN}")


def _spelled(found: re.Match[str]) -> str:
    if found.re is _RAW and found["raw"] is not None:
        return repr(found["raw"])
    return _WORDS.get(found[0], found[0])


_TAKEN = "Taken are comparisons of inputs, &&, || and !"


def _read(node: ast.expr, inputs: Mapping[str, Any], text: str, make: Make) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return make("not", _read(node.operand, inputs, text, make), None)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_read(node.operand, inputs, text, make)
    if isinstance(node, ast.BoolOp):
        made, *rest = [_read(one, inputs, text, make) for one in node.values]
        for one in rest:
            made = make("and" if isinstance(node.op, ast.And) else "or", made, one)
        return made
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _SIGNS:
        left, right = (_read(one, inputs, text, make) for one in (node.left, node.comparators[0]))
        return make(_SIGNS[type(node.ops[0])], left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CASTS and node.args:
        return _cast(node.func.id, _read(node.args[0], inputs, text, make))
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "inputs.parameter_values":
        return inputs[ast.literal_eval(node.slice)]
    raise ValueError(f"The condition {text!r} has {ast.unparse(node)!r}, which is not supported. {_TAKEN}")


def _cast(kind: str, value: Any) -> Any:
    """What is known now is cast; what a step gives has its declared type."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return _CASTS[kind](value)
    return value
