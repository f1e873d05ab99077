"""Conditions of tasks, in the part of CEL that KFP's compiler writes, as conditions of a pipeline."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Condition

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|&&|\|\||!(?!=)|\b(?:true|false|null)\b")
_WORDS = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False", "null": "None"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def condition_of(text: str, inputs: Mapping[str, Any]) -> Condition:
    """The condition that an expression says, of the task's inputs: handles or values.

    Raises:
        Invalid: Something that KFP's compiler does not write; names it.
    """
    python = _TOKEN.sub(lambda found: _WORDS.get(found[0], found[0]), text).strip()
    try:
        made = _read(ast.parse(python, mode="eval").body, inputs, text)
    except SyntaxError:
        raise Invalid(f"The condition {text!r} cannot be read. {_TAKEN}", field="condition") from None
    return made if isinstance(made, Condition) else Condition("==", made, True)


_TAKEN = "Taken are comparisons of inputs, &&, || and !"


def _read(node: ast.expr, inputs: Mapping[str, Any], text: str) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Condition("not", _read(node.operand, inputs, text))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_read(node.operand, inputs, text)
    if isinstance(node, ast.BoolOp):
        made, *rest = [_read(one, inputs, text) for one in node.values]
        for one in rest:
            made = Condition("and" if isinstance(node.op, ast.And) else "or", made, one)
        return made
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        left, right = _read(node.left, inputs, text), _read(node.comparators[0], inputs, text)
        return Condition(_COMPARE[type(node.ops[0])], left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("int", "double", "string"):
        return _cast(node.func.id, _read(node.args[0], inputs, text))
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "inputs.parameter_values":
        return inputs[ast.literal_eval(node.slice)]
    raise Invalid(
        f"The condition {text!r} has {ast.unparse(node)!r}, which is not supported. {_TAKEN}", field="condition"
    )


def _cast(kind: str, value: Any) -> Any:
    """What is known now is cast; what a step gives has its declared type."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return {"int": int, "double": float, "string": str}[kind](value)
    return value
