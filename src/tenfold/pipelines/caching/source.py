"""Source text by what it defines: the syntax tree of a function, a lambda, a class, or of what binds a module's name.

Trees are parsed once for each state of a file. A notebook's cells are read from `linecache`, where IPython puts them.
"""

from __future__ import annotations

import ast
import functools
import linecache
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Delete)


def stamp_of(file: str) -> tuple[int, int]:
    """Modification time in ns and size; for a notebook's cell its hash and length. Raises OSError without either."""
    try:
        found = Path(file).stat()
        return found.st_mtime_ns, found.st_size
    except OSError:
        cell = "".join(linecache.getlines(file))
        if not cell:
            raise
        return hash(cell), len(cell)


def tree_of(file: str) -> ast.Module | None:
    """The syntax tree of a file, or None when it cannot be read as Python."""
    try:
        return _parsed(file, *stamp_of(file))
    except (OSError, SyntaxError, ValueError):
        return None


def definition_of(code: types.CodeType) -> Any:
    """The node that defines a function or lambda in its file, or None where there is no text of it."""
    if tree_of(code.co_filename) is None:
        return None
    stamp = stamp_of(code.co_filename)
    if code.co_name == "<lambda>":
        places = {(line, column) for line, _, column, _ in code.co_positions()}
        found = [n for n in _lambdas(code.co_filename, *stamp) if (n.body.lineno, n.body.col_offset) in places]
        return found[0] if len(found) == 1 else None
    return _by_place(code.co_filename, *stamp).get((code.co_name, code.co_firstlineno))


def class_definition(cls: type) -> ast.ClassDef | None:
    """The node that defines a class, also one inside a function or another class."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
    wanted = cls.__qualname__.rpartition("<locals>.")[2].split(".")
    found: ast.AST | None = tree_of(file)
    if found is None:
        return _cell_class(cls)
    if "<locals>" in cls.__qualname__:
        found = next((n for n in ast.walk(found) if isinstance(n, ast.ClassDef) and n.name == wanted[0]), None)
        wanted = wanted[1:]
    for name in wanted:
        inside = [n for n in getattr(found, "body", []) if isinstance(n, ast.ClassDef) and n.name == name]
        if not inside and isinstance(found, ast.Module):  # under an if or try
            inside = [n for n in _statements(found.body) if isinstance(n, ast.ClassDef) and n.name == name]
        found = inside[-1] if inside else None
    return found if isinstance(found, ast.ClassDef) else None


def _cell_class(cls: type) -> ast.ClassDef | None:
    """Of a class of a notebook: found in the cell that one of its methods comes from."""
    for member in vars(cls).values():
        code = getattr(member, "__code__", None)
        tree = tree_of(code.co_filename) if isinstance(code, types.CodeType) else None
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                return node
    return None


def bindings_of(file: str, name: str) -> list[ast.stmt]:
    """The statements of a module's top that bind a name or change what it holds: assignments, imports, calls of its
    methods; also those under an if, try, with or loop."""
    tree = tree_of(file)
    if tree is None:
        return []
    return [node for node in _statements(tree.body) if name in _bound(node)]


def _statements(body: list[Any]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            for part in ("body", "orelse", "handlers", "finalbody"):
                yield from _statements(getattr(node, part, []))


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Expr):
        return {_root(node.value.func)} if isinstance(node.value, ast.Call) else set()
    targets: list[Any] = getattr(node, "targets", [])
    targets = targets or [one for one in (getattr(node, "target", None),) if one is not None]
    if isinstance(node, ast.With):
        targets = [item.optional_vars for item in node.items if item.optional_vars is not None]
    return {_root(inner) for target in targets for inner in _parts(target)}


def _parts(target: Any) -> Iterator[Any]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for inner in target.elts:
            yield from _parts(inner)
    else:
        yield target


def _root(node: Any) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def normal(node: ast.AST, *, drop_decorators: list[ast.expr] | None = None) -> str:
    """A tree as text, without places, docstrings and the decorators to drop."""
    dropped: dict[int, list[Any]] = {}
    decorators = getattr(node, "decorator_list", None)
    for inner in ast.walk(node):
        if isinstance(inner, (*FUNCTIONS, ast.ClassDef)) and ast.get_docstring(inner, clean=False) is not None:
            dropped[id(inner)] = inner.body
            inner.body = inner.body[1:]
    if drop_decorators and decorators:
        node.decorator_list = [d for d in decorators if d not in drop_decorators]  # type: ignore[attr-defined]
    try:
        return ast.dump(node)
    finally:  # the tree is shared with later questions
        for inner in ast.walk(node):
            if id(inner) in dropped:
                inner.body = dropped[id(inner)]  # type: ignore[attr-defined]
        if drop_decorators and decorators:
            node.decorator_list = decorators  # type: ignore[attr-defined]


def text_of(file: str, node: Any) -> str:
    """The lines of a node as they stand in its file, decorators too; '' when it cannot be read."""
    try:
        lines = _lines(file, *stamp_of(file))
    except (OSError, UnicodeDecodeError):
        return ""
    return "\n".join(lines[first_line(node) - 1 : node.end_lineno])


def first_line(node: Any) -> int:
    """The line where a node begins, or the first of its decorators."""
    lines: list[int] = [node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]
    return min(lines)


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return "".join(linecache.getlines(file)).encode()


@functools.lru_cache(256)
def _parsed(file: str, mtime_ns: int, size_bytes: int) -> ast.Module:
    return ast.parse(_read(file))


@functools.lru_cache(256)
def _by_place(file: str, mtime_ns: int, size_bytes: int) -> dict[tuple[str, int], ast.AST]:
    tree = _parsed(file, mtime_ns, size_bytes)
    return {(node.name, first_line(node)): node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}


@functools.lru_cache(256)
def _lambdas(file: str, mtime_ns: int, size_bytes: int) -> list[ast.Lambda]:
    return [node for node in ast.walk(_parsed(file, mtime_ns, size_bytes)) if isinstance(node, ast.Lambda)]


@functools.lru_cache(64)
def _lines(file: str, mtime_ns: int, size_bytes: int) -> list[str]:
    return _read(file).decode("utf-8").splitlines()
