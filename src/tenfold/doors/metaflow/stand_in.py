"""What a flow's file gets as `metaflow`, and how the file is loaded."""

from __future__ import annotations

import importlib.util
import json
import linecache
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid, NotFound
from tenfold.doors.metaflow import exceptions, parameters
from tenfold.doors.metaflow.current import Parallel, current
from tenfold.doors.metaflow.decorators import OF_FLOWS, OF_STEPS, PASSED_OVER, marker, step
from tenfold.doors.metaflow.flow import FlowSpec


def _missing(module: str) -> Any:
    def missing(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Invalid(
            f"{module}.{name} is not taken over by Tenfold{_where()}. Write the flow without it, or run it with Metaflow"
        )

    return missing


def _where() -> str:
    """The line of the flow's file that asks."""
    asking = [frame for frame in traceback.extract_stack() if frame.filename in _loading]
    return f" (line {asking[-1].lineno} of {Path(asking[-1].filename).name})" if asking else ""


_loading: list[str] = []


def _modules() -> dict[str, types.ModuleType]:
    made = {
        name: types.ModuleType(name, "Tenfold's stand-in")
        for name in ("metaflow", "metaflow.exception", "metaflow.parameters", "metaflow.current")
    }
    top = made["metaflow"]
    top.__path__ = []
    for name in (*OF_STEPS, *OF_FLOWS, *PASSED_OVER):
        setattr(top, name, marker(name))
    for value in (FlowSpec, step, *_PARAMETERS, *exceptions.ALL):
        setattr(top, value.__name__, value)
    top.current = current  # type: ignore[attr-defined]
    top.JSONType = parameters.JSONType  # type: ignore[attr-defined]
    for value in exceptions.ALL:
        setattr(made["metaflow.exception"], value.__name__, value)
    for kind in (parameters.Parameter, parameters.JSONTypeClass):
        setattr(made["metaflow.parameters"], kind.__name__, kind)
    made["metaflow.parameters"].JSONType = parameters.JSONType  # type: ignore[attr-defined]
    made["metaflow.current"].Parallel = Parallel  # type: ignore[attr-defined]
    top.exception = made["metaflow.exception"]  # type: ignore[attr-defined]
    for name, module in made.items():
        module.__getattr__ = _missing(name)  # type: ignore[method-assign]
    return made


_PARAMETERS = (
    parameters.Parameter, parameters.IncludeFile, parameters.Config, parameters.ConfigValue, parameters.config_expr,
)  # fmt: skip
_STAND_INS = _modules()
_loaded: dict[str, tuple[Any, type[FlowSpec]]] = {}


@contextmanager
def standing_in() -> Iterator[None]:
    """`import metaflow` gives the stand-in meanwhile; an installed Metaflow is back afterwards."""
    before = {name: sys.modules.get(name) for name in _STAND_INS}
    sys.modules.update(_STAND_INS)
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("metaflow."):
            raise Invalid(f"{error.name} is not taken over by Tenfold. Write the flow without it") from error
        raise
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def load_flow(file: str, configs: Mapping[str, str] | None = None) -> type[FlowSpec]:
    """The flow of a file, which is imported anew when it was edited, or is given other configs.

    Args:
        configs: Contents of its `Config`s, by name.

    Raises:
        NotFound: There is no such file.
        Invalid: It does not hold exactly one flow, or uses what is not taken over.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise NotFound(f"There is no file {file}. Name a flow's file: tenfold run --metaflow flow.py")
    found = path.stat()
    stamp = found.st_mtime_ns, found.st_size, json.dumps(configs or {}, sort_keys=True)
    if _loaded.get(str(path), (None,))[0] != stamp:
        linecache.checkcache(str(path))
        with parameters.with_configs(configs or {}):
            _loaded[str(path)] = stamp, _import(path)
    return _loaded[str(path)][1]


def _import(path: Path) -> type[FlowSpec]:
    name = path.stem
    known = sys.modules.get(name)
    if name in sys.stdlib_module_names or (known is not None and getattr(known, "__file__", None) != str(path)):
        raise Invalid(f"{path} has the name of another module, {name!r}. Rename the file")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Invalid(f"{path} cannot be imported. Name a Python file")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    _loading.append(str(path))
    try:
        with standing_in():
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        _loading.pop()
    flows = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, FlowSpec) and one.__module__ == name
    ]
    flows = [one for one in flows if not any(other is not one and issubclass(other, one) for other in flows)]
    if len(flows) != 1:
        raise Invalid(f"{path} has {len(flows)} flows. Keep one FlowSpec with a step `start` in a file")
    return flows[0]
