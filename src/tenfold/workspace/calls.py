"""Functions each call of which is a run."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, TypeVar, cast

from tenfold.base.errors import Invalid
from tenfold.workspace.runs import ActiveRun, start_run
from tenfold.workspace.workspace import current

F = TypeVar("F", bound=Callable[..., Any])
LONGEST_TEXT = 250


def each_call_a_run(function: F, *, project: str | None, arguments: bool, **options: Any) -> F:
    """A function like the given one whose every call is a run in the workspace that is in use then.

    Args:
        arguments: The call's arguments, defaults too, become params; those given in `options` stay over them.
        options: Of `start_run`.

    Raises:
        Invalid: It is a generator, whose call ends before it ran.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Invalid(
            f"{function.__qualname__} is a generator: its call ends before it ran. Use with tenfold.run(…) in it"
        )
    signature = inspect.signature(function)
    name = options.pop("name", "") or function.__name__

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> ActiveRun:
        given = params_of(signature, args, kwargs) if arguments else {}
        params = given | dict(options.get("params") or {})
        return start_run(current(), project, name=name, **{**options, "params": params})

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:
            run = begin(args, kwargs)
            with run:
                result = await function(*args, **kwargs)
                log_result(run, result)
            return result

        return cast(F, later)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        run = begin(args, kwargs)
        with run:
            result = function(*args, **kwargs)
            log_result(run, result)
        return result

    return cast(F, call)


def params_of(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, as params; `self` is none. A call that does not fit has none: it raises by itself."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return {}
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            found |= {key: _param(inner) for key, inner in value.items()}
        elif name not in ("self", "cls"):
            found[name] = _param(value)
    return found


def log_result(run: ActiveRun, result: Any) -> None:
    """Log the numbers of a mapping, but for keys the run logged already."""
    if isinstance(result, Mapping):
        run.log({key: value for key, value in result.items() if _is_number(value) and key not in run.logged()})


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, numbers.Real) or (getattr(value, "ndim", None) == 0 and hasattr(value, "item"))


def _param(value: Any) -> Any:
    """JSON values and what is made of them as they are; of all else what it is, never its content."""
    if value is None or isinstance(value, (str, bool, int, float, PurePath)) or _is_number(value):
        return value
    if isinstance(value, Mapping):
        return {str(key): _param(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_param(inner) for inner in value]
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__qualname__
    if hasattr(value, "__dataclass_fields__"):
        return {name: _param(getattr(value, name)) for name in value.__dataclass_fields__}
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{type(value).__name__} {tuple(shape)}"
    return repr(value)[:LONGEST_TEXT]
