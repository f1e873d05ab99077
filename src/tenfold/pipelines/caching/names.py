"""The names that a function's code reads and the modules it imports, and what stands for code whose text is not to be had."""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterator
from typing import Any

from tenfold.base.hashing import json_digest
from tenfold.pipelines.authoring.steps import step

_BY_NAME = {"getattr", "globals", "vars", "attrgetter", "methodcaller"}
"""Who calls these may name what it reaches in a text."""
_IMPORTERS = {"import_module", "__import__"}
_RUNNERS = {"exec", "eval"}


def names_of(code: types.CodeType) -> frozenset[str]:
    """Global names and attributes that a code object reads, its inner functions' too."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_of(constant)
    if found & _BY_NAME:
        found |= {one for one in code.co_consts if isinstance(one, str) and one.isidentifier()}
    return frozenset(found)


def read_names(node: ast.AST) -> frozenset[str]:
    """Names and attributes anywhere in a tree."""
    inner = list(ast.walk(node))
    names = {one.id for one in inner if isinstance(one, ast.Name)}
    return frozenset(names | {one.attr for one in inner if isinstance(one, ast.Attribute)})


def annotated_names(node: Any) -> frozenset[str]:
    """Names in the annotations of a function's parameters: what is passed has these classes."""
    if isinstance(node, ast.Lambda):
        return frozenset()
    found: set[str] = set()
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    for argument in arguments:
        note = argument.annotation if argument is not None else None
        if isinstance(note, ast.Constant) and isinstance(note.value, str):
            with contextlib.suppress(SyntaxError):
                note = ast.parse(note.value, mode="eval")
        if note is not None:
            found |= read_names(note)
    return frozenset(found)


def step_decorators(node: Any, scope: dict[str, Any]) -> list[ast.expr]:
    """Decorators that are `@step`, by whatever name: their options are no code."""
    found = []
    for decorator in getattr(node, "decorator_list", []):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = getattr(target, "attr", getattr(target, "id", ""))
        if last == "step" or (isinstance(target, ast.Name) and scope.get(target.id) is step):
            found.append(decorator)
    return found


def imports_in(node: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """Modules that a body imports, as it names them, each with the names it takes from it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from ((alias.name, frozenset()) for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            base = "." * inner.level + (inner.module or "")
            taken = frozenset(alias.name for alias in inner.names)
            yield base, taken
            yield from ((f"{base}{'' if base.endswith('.') else '.'}{name}", frozenset()) for name in taken)
        elif isinstance(inner, ast.Call) and _called(inner) in _IMPORTERS and _first_text(inner):
            yield _first_text(inner), frozenset()


def blind_spots(node: ast.AST, module: str) -> list[str]:
    """What a body does whose code cannot be known before it runs, in words."""
    found = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and _called(inner) in _IMPORTERS and not _first_text(inner):
            found.append(f"{module}, line {inner.lineno} imports a module whose name is known only when it runs")
        elif isinstance(inner, ast.Call) and _called(inner) in _RUNNERS and isinstance(inner.func, ast.Name):
            found.append(f"{module}, line {inner.lineno} runs a text as code ({_called(inner)})")
    return found


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _first_text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def bytecode(code: types.CodeType) -> str:
    """What stands for code without a text."""
    inner = [bytecode(c) if isinstance(c, types.CodeType) else _literal(c) for c in code.co_consts]
    return json_digest([code.co_code.hex(), code.co_exceptiontable.hex(), list(code.co_names), inner])


def _literal(value: Any) -> str:
    """A constant of compiled code. The order in which a set is written is another in each process."""
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(_literal(item) for item in value))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(_literal(item) for item in value)})"
    return repr(value)
